# SPDX-License-Identifier: Apache-2.0
"""What the server allows a connection: how many there may be, how long one may be
silent, idle or old, and how often it may ask for signs of life.

The peers here speak HTTP/2 by hand, since no client library can be made to
misbehave like this. Limits are small so that the test is quick; every wait is far
longer than the limit it waits for.
"""

import contextlib
import itertools
import os
import pathlib
import re
import socket
import struct
import tempfile
import threading
import time
import unittest

import grpc

import harness

PATIENCE = 60

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACK = END_STREAM = 1
END_HEADERS = 4
ENHANCE_YOUR_CALM = 11

api = None


def setUpModule():
    global api
    api = harness.Api()


def field(name, value):
    """A header as HPACK has it, neither indexed nor compressed."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


class Peer:
    """A connection that says what it is told to, and answers pings if it likes."""

    def __init__(self, server, polite=True):
        host, port = server.address.rsplit(":", 1)
        self.begin = time.monotonic()
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self.polite = polite
        self.pings = 0
        self.goaway = None  # its error code
        self.resets = 0
        self.windows = {0: 65535}  # what may be sent, by stream; 0: in all
        self._in = b""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(SETTINGS, 0, 0)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()

    def send(self, kind, flags, stream, payload=b""):
        """Sends a frame; who has been hung up on will notice when it reads."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) +
                                struct.pack(">I", stream) + payload)

    def watch_health(self):
        """Opens a call that lasts."""
        self.open_call(1, b"/grpc.health.v1.Health/Watch")
        self.send(DATA, END_STREAM, 1, bytes(5))
        self.read_until(lambda kind: kind == DATA)

    def open_call(self, stream, path):
        self.windows[stream] = 65535
        headers = (field(b":method", b"POST") + field(b":scheme", b"http") +
                   field(b":path", path) +
                   field(b":authority", b"test") + field(b"te", b"trailers") +
                   field(b"content-type", b"application/grpc"))
        self.send(HEADERS, END_HEADERS, stream, headers)

    def send_some(self, stream, left):
        """Sends zeros as far as the windows allow; returns how many."""
        size = min(16384, left, self.windows[0], self.windows[stream])
        if size <= 0:
            return 0
        self.send(DATA, 0, stream, bytes(size))
        self.windows[0] -= size
        self.windows[stream] -= size
        return size

    def read_frame(self):
        """The kind of the next frame; None when the server has hung up."""
        try:
            while len(self._in) < 9 or len(self._in) < 9 + self._size():
                chunk = self.socket.recv(65536)
                if not chunk:
                    return None
                self._in += chunk
        except ConnectionError:
            return None
        size, kind, flags = self._size(), self._in[3], self._in[4]
        stream = struct.unpack(">I", self._in[5:9])[0]
        payload, self._in = self._in[9:9 + size], self._in[9 + size:]
        self._take(kind, flags, stream, payload)
        return kind

    def _size(self):
        return int.from_bytes(self._in[:3], "big")

    def _take(self, kind, flags, stream, payload):
        if kind == WINDOW_UPDATE:
            self.windows[stream] = self.windows.get(stream, 0) + struct.unpack(">I", payload)[0]
        if kind == RST_STREAM:
            self.resets += 1
            self.windows[stream] = 0
        if kind == GOAWAY:
            self.goaway = int.from_bytes(payload[4:8], "big")
        if kind == SETTINGS and not flags & ACK:
            self.send(SETTINGS, ACK, 0)
        if kind == PING and not flags & ACK:
            self.pings += 1
            if self.polite:
                self.send(PING, ACK, 0, payload)

    def read_until(self, is_enough):
        """Reads frames until one is enough; False if the server hangs up before."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            kind = self.read_frame()
            if kind is None:
                return False
            if is_enough(kind):
                return True
        raise AssertionError("the server sends on and on")

    def seconds_to_the_end(self):
        """From before it was made until the server hangs up."""
        self.read_until(lambda kind: False)
        return time.monotonic() - self.begin


class Connections(unittest.TestCase):
    def serve(self, *flags):
        return self.enterContext(harness.Server("--workers=1", *flags))

    def check_health(self, server):
        request = api.type("grpc.health.v1.HealthCheckRequest")()
        with harness.channel_to(server, **{"grpc.use_local_subchannel_pool": 1}) as channel:
            return api.call(channel, "grpc.health.v1.Health", "Check", request).status

    def eventually(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    # --- Signs of life.

    def test_who_gives_no_sign_of_life_is_cut_off_in_a_call_and_without(self):
        server = self.serve("--keepalive_time=500ms", "--keepalive_timeout=500ms")
        for in_call in (True, False):
            with Peer(server, polite=False) as dead:
                if in_call:
                    dead.watch_health()
                self.assertGreater(dead.seconds_to_the_end(), 0.4)
                self.assertGreaterEqual(dead.pings, 1)
        server = self.serve("--keepalive_time=200ms", f"--keepalive_timeout={PATIENCE}s")
        for in_call in (True, False):
            with Peer(server) as alive:
                if in_call:
                    alive.watch_health()
                self.assertTrue(alive.read_until(lambda kind: alive.pings >= 3))

    def test_who_asks_for_signs_of_life_too_often_is_sent_away(self):
        server = self.serve("--min_ping_interval=1h")
        with Peer(server) as pest:
            for number in range(10):
                pest.send(PING, 0, 0, struct.pack(">Q", number))
            pest.seconds_to_the_end()
            self.assertEqual(pest.goaway, ENHANCE_YOUR_CALM)
        server = self.serve("--min_ping_interval=1ms")
        with Peer(server) as peer:
            for number in range(10):
                time.sleep(0.02)
                peer.send(PING, 0, 0, struct.pack(">Q", number))
                # The next one may not catch up with it.
                self.assertTrue(peer.read_until(lambda kind: kind == PING))
            peer.watch_health()
            self.assertIsNone(peer.goaway)

    # --- Idle and old.

    def test_a_connection_without_a_call_is_closed_and_told_so(self):
        server = self.serve("--max_connection_idle=500ms")
        with Peer(server) as idle, Peer(server) as busy:
            busy.watch_health()
            self.assertGreater(idle.seconds_to_the_end(), 0.2)
            self.assertIsNotNone(idle.goaway)
            busy.send(PING, 0, 0, bytes(8))
            self.assertTrue(busy.read_until(lambda kind: kind == PING))
            self.assertIsNone(busy.goaway)

    def test_an_old_connection_is_asked_to_go_and_its_call_has_a_grace(self):
        server = self.serve("--max_connection_age=500ms", "--max_connection_grace=500ms")
        with Peer(server) as old:
            old.watch_health()
            self.assertTrue(old.read_until(lambda kind: kind == GOAWAY))
            self.assertEqual(old.goaway, 0)
            self.assertGreater(old.seconds_to_the_end(), 0.4)
        # Others come and go meanwhile, and clients notice nothing.
        with harness.channel_to(server) as channel:
            request = api.type("grpc.health.v1.HealthCheckRequest")()
            end = time.monotonic() + 2
            while time.monotonic() < end:
                check = api.method(channel, "grpc.health.v1.Health", "Check", request)
                self.assertEqual(check(request, timeout=PATIENCE, wait_for_ready=True).status, 1)

    # --- How many.

    def test_connections_beyond_the_limit_are_closed_at_once(self):
        server = self.serve("--max_connections=5", "--metrics=127.0.0.1:0")
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(Peer(server)) for _ in range(5)]
            for peer in peers:
                peer.watch_health()
            with Peer(server) as refused:
                refused.seconds_to_the_end()
            metrics = server.metrics()
            self.assertEqual(metrics["hexapla_connections"], 5)
            self.assertEqual(metrics["hexapla_connections_limit"], 5)
            self.assertGreaterEqual(metrics["hexapla_connections_refused_total"], 1)
            self.assertIn('"event":"connections"', server.log())
            # The others notice nothing.
            peers[0].send(PING, 0, 0, bytes(8))
            self.assertTrue(peers[0].read_until(lambda kind: kind == PING))
        self.eventually(lambda: self.answers(server))
        self.assertEqual(server.stop()[0], 0)

    def test_messages_that_never_end_do_not_fill_the_memory(self):
        server = self.serve("--max_transport_bytes=67108864")
        before = self.memory_mib(server)
        with Peer(server) as hoarder:
            # Each begins a message of 15 MiB and stops before its end.
            left = {stream: (15 << 20) - 1 for stream in range(1, 81, 2)}
            for stream in left:
                hoarder.open_call(stream, b"/hexapla.v1.LanguageService/DetectLanguages")
                hoarder.send(DATA, 0, stream, b"\0" + struct.pack(">I", 15 << 20))
                hoarder.windows[0] -= 5
                hoarder.windows[stream] -= 5
            end = time.monotonic() + PATIENCE
            while hoarder.resets < 10 and time.monotonic() < end:
                sent = 0
                for stream in left:
                    size = hoarder.send_some(stream, left[stream])
                    left[stream] -= size
                    sent += size
                if sent == 0 and hoarder.read_frame() is None:
                    break
            self.assertLess(self.memory_mib(server) - before, 450)
            self.assertTrue(hoarder.resets > 0 or hoarder.goaway is not None)
        self.eventually(lambda: self.answers(server))
        self.assertEqual(server.stop()[0], 0)

    # --- What streams hold.

    def test_what_all_streams_hold_is_bounded_and_nothing_else_is_disturbed(self):
        limit = 32 << 20
        server = self.serve(f"--max_streams_bytes={limit}", "--metrics=127.0.0.1:0")
        over = threading.Event()
        errors = []
        request = api.type("StreamAlignDocumentsRequest")

        def parts():
            """A set of 12 MiB whose end never comes."""
            yield request(request_id="held", open={"versions": [{}] * 3})
            for version in range(3):
                for _ in range(8):
                    yield request(request_id="held",
                                  chunk={"version_index": version, "text": b"x" * (512 << 10)})
            over.wait(PATIENCE)

        def hoard():
            with harness.channel_to(server, **{"grpc.use_local_subchannel_pool": 1}) as channel:
                stream = api.method(channel, "AlignmentService", "StreamAlignDocuments", request())
                replies = stream(parts(), timeout=4 * PATIENCE)
                errors.extend(reply.error for reply in itertools.islice(replies, 1))
                over.wait(PATIENCE)
                replies.cancel()

        def gauge(name):
            return server.metrics()[name]

        before = self.memory_mib(server)
        threads = [threading.Thread(target=hoard, daemon=True) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            # Two of the eight fit.
            self.eventually(lambda: len(errors) >= 6)
            held = gauge("hexapla_streams_bytes")
            self.assertGreater(held, limit // 2)
            self.assertLessEqual(held, limit + (1 << 20))
            self.assertGreaterEqual(gauge("hexapla_streams_rejected_total"), 6)
            # What is freed, a sanitizer keeps for a while.
            self.assertLess(self.memory_mib(server) - before, 500 if harness.SANITIZED else 250)
            for error in errors:
                self.assertEqual(error.code, grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])
                self.assertIn(str(limit), error.message)
                kinds = {detail.type_url.rsplit(".", 1)[-1] for detail in error.details}
                self.assertLessEqual({"ErrorInfo", "RetryInfo"}, kinds)
            with harness.channel_to(server) as channel:
                texts = api.type("DetectLanguagesRequest")(texts=["The ship came."])
                reply = api.call(channel, "LanguageService", "DetectLanguages", texts)
                self.assertEqual(len(reply.results), 1)
                versions = api.type("AlignDocumentsRequest")(
                    versions=[{"text": "The ship came."}, {"text": "Le navire vint."}])
                api.call(channel, "AlignmentService", "AlignDocuments", versions)
        finally:
            over.set()
            for thread in threads:
                thread.join(PATIENCE)
        self.eventually(lambda: gauge("hexapla_streams_bytes") == 0)
        self.assertEqual(server.stop()[0], 0)

    def test_streams_beyond_the_limit_are_refused_and_each_end_frees_a_place(self):
        server = self.serve("--max_streams=3", "--metrics=127.0.0.1:0")
        methods = (("AlignmentService", "StreamAlignDocuments"),
                   ("AlignmentService", "MatchDocuments"),
                   ("LanguageService", "StreamDetectLanguages"))

        def opened():
            return server.metrics()["hexapla_streams_open"]

        with harness.channel_to(server) as channel, Peer(server) as idle:

            def detect():
                """A stream of one batch, to its end."""
                batch = api.type("DetectLanguagesRequest")(texts=["The ship came."])
                request = api.type("StreamDetectLanguagesRequest")(request_id="1", batch=batch)
                call = api.method(channel, "LanguageService", "StreamDetectLanguages", request)
                return list(call(iter([request]), timeout=PATIENCE))

            for number, (service, method) in enumerate(methods):
                idle.open_call(2 * number + 1, f"/hexapla.v1.{service}/{method}".encode())
            self.eventually(lambda: opened() == 3)
            self.assertEqual(server.metrics()["hexapla_streams_open_limit"], 3)
            for service, method in methods:
                request = api.type(f"{method}Request")()
                call = api.method(channel, service, method, request)
                with self.subTest(method), self.assertRaises(grpc.RpcError) as raised:
                    list(call(iter([]), timeout=PATIENCE))
                self.assertEqual(raised.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
                self.assertIn("its limit is 3", raised.exception.details())
            self.assertEqual(server.metrics()["hexapla_streams_refused_total"], 3)
            # Others go on.
            texts = api.type("DetectLanguagesRequest")(texts=["The ship came."])
            self.assertEqual(
                len(api.call(channel, "LanguageService", "DetectLanguages", texts).results), 1)
            # One is cancelled, then the connection of the others is dropped.
            idle.send(RST_STREAM, 0, 3, struct.pack(">I", 8))
            self.eventually(lambda: opened() == 2)
            self.assertEqual(len(detect()), 1)
            idle.socket.close()
            self.eventually(lambda: opened() == 0)
            self.assertEqual(len(detect()), 1)
        self.assertEqual(server.stop()[0], 0)

    def memory_mib(self, server):
        status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def answers(self, server):
        try:
            return self.check_health(server) == 1
        except grpc.RpcError:
            return False

    def test_a_server_that_runs_out_of_descriptors_serves_again_afterwards(self):
        # It can raise the limit no further.
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        script = folder / "few"
        script.write_text(f"#!/bin/sh\nulimit -n 64\nexec {harness.SERVER} \"$@\"\n")
        script.chmod(0o755)
        server = self.enterContext(harness.Server("--workers=1", binary=str(script)))
        host, port = server.address.rsplit(":", 1)
        crowd = [socket.create_connection((host, int(port)), timeout=PATIENCE) for _ in range(200)]
        for peer in crowd:
            peer.close()
        self.eventually(lambda: self.answers(server))
        self.assertEqual(server.stop()[0], 0)

    def test_a_name_of_several_addresses_and_a_socket_are_served_alike(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        server = self.serve(f"--listen=unix:{folder}/socket")
        with grpc.insecure_channel(f"unix:{folder}/socket") as channel:
            request = api.type("grpc.health.v1.HealthCheckRequest")()
            self.assertEqual(api.call(channel, "grpc.health.v1.Health", "Check", request).status, 1)
        self.assertEqual(self.check_health(server), 1)
        self.assertEqual(server.stop()[0], 0)
        self.assertFalse(os.path.exists(f"{folder}/socket"))


if __name__ == "__main__":
    harness.main()
