# SPDX-License-Identifier: Apache-2.0
"""Health, reflection, and the drain: what an orchestrator sees of hexaplad."""

import signal
import threading
import time
import unittest

import grpc

import harness

SERVICES = [f"hexapla.v1.{name}Service" for name in ("Alignment", "Language", "Embedding", "Model")]
SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3

api = None


def setUpModule():
    global api
    api = harness.Api()


def check(channel, service):
    request = api.type("grpc.health.v1.HealthCheckRequest")(service=service)
    return api.call(channel, "grpc.health.v1.Health", "Check", request).status


def watch(channel, service):
    request = api.type("grpc.health.v1.HealthCheckRequest")(service=service)
    return api.call(channel, "grpc.health.v1.Health", "Watch", request)


class Health(unittest.TestCase):
    def test_every_service_is_serving(self):
        with harness.Server() as server, harness.channel_to(server) as channel:
            for service in ["", *SERVICES]:
                with self.subTest(service):
                    self.assertEqual(check(channel, service), SERVING)

    def test_unknown_service_is_not_found(self):
        with harness.Server() as server, harness.channel_to(server) as channel:
            with self.assertRaises(grpc.RpcError) as caught:
                check(channel, "hexapla.v1.NoSuchService")
            self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
            self.assertEqual(next(watch(channel, "hexapla.v1.NoSuchService")).status,
                             SERVICE_UNKNOWN)

    def test_watch_hears_of_the_drain_and_does_not_hold_it_up(self):
        # The harness has less patience than this grace.
        with harness.Server("--drain_grace=100s") as server, harness.channel_to(server) as channel:
            replies = watch(channel, SERVICES[0])
            self.assertEqual(next(replies).status, SERVING)
            server.process.send_signal(signal.SIGTERM)
            seen = []
            try:
                for reply in replies:
                    seen.append(reply.status)
            except grpc.RpcError as error:
                self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
            # Idle, this client reads its socket every 5 s only, and so would keep
            # the server waiting for the answer to its good-bye.
            channel.close()
            code, _ = server.wait()
            self.assertEqual(code, 0)
            self.assertEqual(seen, [NOT_SERVING])

    def test_client_says_whether_it_serves(self):
        with harness.Server() as server:
            done = harness.run_client("health", server=server.address)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"SERVING", done.stdout)


class Drain(unittest.TestCase):
    def test_running_calls_are_answered(self):
        request = api.type("AlignDocumentsRequest")()
        sentences = [f"Ship {i} came into harbour {i % 7} at {i % 24} o'clock." for i in range(300)]
        for _ in range(3):
            request.versions.add(language="en", sentences=sentences)
        with harness.Server("--metrics=127.0.0.1:0") as server, \
                harness.channel_to(server) as channel:
            answers = []

            def call():
                try:
                    answers.append(len(api.call(
                        channel, "AlignmentService", "AlignDocuments", request).beads))
                except grpc.RpcError as error:
                    answers.append(error)

            thread = threading.Thread(target=call)
            thread.start()
            started = ('grpc_server_call_started_total{grpc_method='
                       '"hexapla.v1.AlignmentService/AlignDocuments"}')
            deadline = time.monotonic() + harness.SECONDS_OF_A_CALL
            while server.metrics().get(started, 0) == 0:
                self.assertLess(time.monotonic(), deadline)
            code, _ = server.stop()
            thread.join(harness.SECONDS_OF_A_CALL)
        self.assertEqual(code, 0)
        self.assertEqual(len(answers), 1)
        self.assertIsInstance(answers[0], int, answers[0])

    def test_new_calls_after_it_are_unavailable(self):
        with harness.Server() as server:
            code, _ = server.stop()
            self.assertEqual(code, 0)
            done = harness.run_client("--connect_timeout=1s", "health", server=server.address)
            self.assertEqual(done.returncode, 3)

    def test_interrupt_from_a_terminal_ends_with_0_too(self):
        with harness.Server() as server:
            server.process.send_signal(signal.SIGINT)
            code, _ = server.wait()
            self.assertEqual(code, 0)


if __name__ == "__main__":
    harness.main()
