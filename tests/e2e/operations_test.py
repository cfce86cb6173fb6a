# SPDX-License-Identifier: Apache-2.0
"""What whoever runs the server relies on: TLS and tokens that change while it
serves, metrics, logs, reloads. See docs/operations.md."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

import grpc

import harness
from certificates import Authority

# Far above the second that anything here takes.
PATIENCE = 60

API = harness.Api()
TRACE = "0af7651916cd43dd8448eb211c80319c"
SECRET_TEXT = "Nobody may read this sentence about kettles in a log."


class OperationsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def eventually(self, holds):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), deadline, "it never came")
            time.sleep(0.05)

    @contextlib.contextmanager
    def tls_channel(self, server, ca, identity=None):
        """A connection of its own."""
        chain, key = (identity[0].read_bytes(), identity[1].read_bytes()) if identity else (None,) * 2
        credentials = grpc.ssl_channel_credentials(ca.read_bytes(), key, chain)
        channel = grpc.secure_channel(server.target(), credentials,
                                      options=[("grpc.use_local_subchannel_pool", 1)])
        try:
            yield channel
        finally:
            channel.close()

    def code(self, channel, token=None, service="ModelService", method="ListModels",
             request="ListModelsRequest"):
        message = API.type(request)()
        metadata = [("authorization", f"Bearer {token}")] if token else None
        try:
            API.method(channel, service, method, message)(message, timeout=PATIENCE,
                                                          metadata=metadata)
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    def align(self, channel, metadata=None):
        request = API.type("AlignDocumentsRequest")(
            versions=[{"text": SECRET_TEXT}, {"text": "Personne ne doit lire cette phrase."}])
        return API.method(channel, "AlignmentService", "AlignDocuments", request)(
            request, timeout=PATIENCE, metadata=metadata)

    def events(self, server, name):
        whole_lines = server.log().rpartition("\n")[0]
        return [event for line in whole_lines.splitlines()
                if (event := json.loads(line))["event"] == name]

    # --- TLS and tokens.

    def test_the_identity_is_renewed_without_a_signal_and_a_bad_pair_is_not_taken(self):
        ours, other = Authority(self.folder), Authority(self.folder, "other")
        certificate, key = ours.issue("server")
        new_certificate, new_key = other.issue("new")
        with harness.Server(f"--tls_cert={certificate}", f"--tls_key={key}") as server:
            with self.tls_channel(server, ours.ca) as channel:
                self.assertEqual(self.code(channel), grpc.StatusCode.OK)
            shutil.copy(new_certificate, certificate)
            self.eventually(lambda: self.events(server, "reload"))
            refused = self.events(server, "reload")[0]
            self.assertEqual(refused["level"], "error")
            self.assertIn("is not the key of", refused["error"])
            with self.tls_channel(server, ours.ca) as channel:
                self.assertEqual(self.code(channel), grpc.StatusCode.OK)
            shutil.copy(new_key, key)
            self.eventually(lambda: self.events(server, "reload")[-1]["level"] == "info")
            with self.tls_channel(server, other.ca) as channel:
                self.assertEqual(self.code(channel), grpc.StatusCode.OK)
            with self.tls_channel(server, ours.ca) as channel:
                self.assertEqual(self.code(channel), grpc.StatusCode.UNAVAILABLE)
            self.assertEqual(server.stop()[0], 0)

    def test_an_expired_certificate_keeps_it_from_starting(self):
        certificate, key = Authority(self.folder).issue("server", days=0)
        done = harness.run_server("--listen=127.0.0.1:0", f"--tls_cert={certificate}",
                                  f"--tls_key={key}")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"expired", done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

    def test_clients_need_a_certificate_and_a_token_and_probes_the_first_only(self):
        authority = Authority(self.folder)
        certificate, key = authority.issue("server")
        client = authority.issue("client")
        tokens = self.folder / "tokens"
        tokens.write_text("# two\nfirst-token\nsecond-token\n")
        with harness.Server(f"--tls_cert={certificate}", f"--tls_key={key}", "--log_level=debug",
                            f"--tls_client_ca={authority.ca}", f"--auth_tokens={tokens}",
                            "--channelz") as server:
            with self.tls_channel(server, authority.ca) as channel:
                self.assertEqual(self.code(channel, "first-token"), grpc.StatusCode.UNAVAILABLE)
            with self.tls_channel(server, authority.ca, client) as channel:
                for token, code in {"first-token": grpc.StatusCode.OK,
                                    "second-token": grpc.StatusCode.OK,
                                    "third-token": grpc.StatusCode.UNAUTHENTICATED,
                                    None: grpc.StatusCode.UNAUTHENTICATED}.items():
                    self.assertEqual(self.code(channel, token), code, token)
                with self.assertRaises(grpc.RpcError) as refused:
                    self.align(channel)
                info = API.details(refused.exception)["ErrorInfo"]
                self.assertEqual(info.reason, "TOKEN_INVALID")
                self.assertEqual(self.code(channel, None, "grpc.health.v1.Health", "Check",
                                           "grpc.health.v1.HealthCheckRequest"),
                                 grpc.StatusCode.OK)
                channelz = channel.unary_unary("/grpc.channelz.v1.Channelz/GetServers")
                with self.assertRaises(grpc.RpcError) as refused:
                    channelz(b"", timeout=PATIENCE)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
                channelz(b"", timeout=PATIENCE, metadata=[("authorization", "Bearer first-token")])

                tokens.write_text("third-token\n")
                server.process.send_signal(signal.SIGHUP)
                self.eventually(lambda: self.code(channel, "third-token") == grpc.StatusCode.OK)
                self.assertEqual(self.code(channel, "first-token"),
                                 grpc.StatusCode.UNAUTHENTICATED)
                tokens.write_text("")
                self.eventually(lambda: any("no token" in event.get("error", "")
                                            for event in self.events(server, "reload")))
                self.assertEqual(self.code(channel, "third-token"), grpc.StatusCode.OK)
            self.assertNotIn("-token", server.log())
            self.assertEqual(server.stop()[0], 0)

    def test_tokens_without_tls_are_a_usage_error(self):
        tokens = self.folder / "tokens"
        tokens.write_text("token\n")
        for more in ([], ["--allow_insecure"]):
            done = harness.run_server("--listen=127.0.0.1:0", f"--auth_tokens={tokens}", *more)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"--auth_tokens", done.stderr)

    def test_a_plain_listener_beyond_loopback_takes_consent_and_is_warned_of(self):
        self.assertEqual(harness.run_server("--listen=0.0.0.0:0").returncode, 2)
        with harness.Server("--allow_insecure", listen="0.0.0.0:0") as server:
            self.eventually(lambda: self.events(server, "insecure"))
            self.assertEqual(self.events(server, "insecure")[0]["level"], "warning")

    # --- Telemetry.

    def test_metrics_count_what_was_called(self):
        with harness.Server("--metrics=127.0.0.1:0") as server, \
                harness.channel_to(server) as channel:
            self.eventually(lambda: self.events(server, "ready"))
            address = self.events(server, "ready")[0]["metrics"]
            self.align(channel)
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=PATIENCE) as page:
                metrics = page.read().decode()
            method = 'grpc_method="hexapla.v1.AlignmentService/AlignDocuments"'
            for line in (f'grpc_server_call_started_total{{{method}}} 1',
                         f'grpc_server_call_duration_seconds_count{{{method},grpc_status="OK"}} 1',
                         'hexapla_work_rejected_total{lane="heavy"} 0',
                         'hexapla_model_info{kind="embedding"'):
                self.assertIn("\n" + line, metrics)
            self.assertNotIn("kettles", metrics)
            self.assertEqual(server.stop()[0], 0)

    def test_strangers_cannot_fill_the_log(self):
        authority = Authority(self.folder)
        with authority.server("token", "--metrics=127.0.0.1:0") as server:
            begin = time.monotonic()
            with self.tls_channel(server, authority.ca) as channel:
                for _ in range(200):
                    self.assertEqual(self.code(channel, "wrong"), grpc.StatusCode.UNAUTHENTICATED)
            host, port = server.address.rsplit(":", 1)
            for _ in range(200):
                with socket.create_connection((host, int(port)), timeout=PATIENCE) as peer, \
                        contextlib.suppress(ConnectionError):
                    peer.sendall(b"This is no handshake.\r\n" * 10)
                    while peer.recv(4096):
                        pass
            address = self.events(server, "ready")[0]["metrics"]
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=PATIENCE) as page:
                metrics = {line.split(" ")[0]: float(line.split(" ")[1])
                           for line in page.read().decode().splitlines() if line[0] != "#"}
            counts = {name: len(self.events(server, name)) for name in ("call", "grpc")}
            seconds = time.monotonic() - begin
            for name, count in counts.items():
                # Ten at once, and one a second.
                self.assertLess(count, 12 + seconds, name)
                self.assertGreater(count, 0, name)
            self.assertGreaterEqual(metrics["hexapla_grpc_errors_total"], 200)
            told = metrics["hexapla_log_lines_left_out_total"] + sum(counts.values())
            self.assertGreaterEqual(told, 400)
            method = 'grpc_method="hexapla.v1.ModelService/ListModels",grpc_status="UNAUTHENTICATED"'
            self.assertEqual(metrics[f"grpc_server_call_duration_seconds_count{{{method}}}"], 200)
            with self.tls_channel(server, authority.ca) as channel:
                self.assertEqual(self.code(channel, "token"), grpc.StatusCode.OK)
            self.assertEqual(server.stop()[0], 0)

    def test_a_taken_metrics_port_is_one_line_and_exit_1(self):
        with harness.Server() as server:
            done = harness.run_server("--listen=127.0.0.1:0", f"--metrics={server.address}")
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

    def test_each_call_is_a_line_with_its_trace_and_without_its_text(self):
        with harness.Server("--log_level=debug") as server, harness.channel_to(server) as channel:
            self.align(channel, [("traceparent", f"00-{TRACE}-b7ad6b7169203331-01")])
            with self.assertRaises(grpc.RpcError):
                API.call(channel, "LanguageService", "DetectLanguages", b"\xff\xff")
            self.eventually(lambda: self.events(server, "call"))
            call = self.events(server, "call")[0]
            self.assertEqual(call["method"], "hexapla.v1.AlignmentService/AlignDocuments")
            self.assertEqual(call["code"], "OK")
            self.assertEqual(call["trace_id"], TRACE)
            self.assertEqual(call["peer"], "ipv4")
            for field in ("ms", "compute_ms", "received_bytes", "sent_bytes"):
                self.assertGreater(call[field], 0, field)
            self.assertNotIn("kettles", server.log())
            self.assertEqual(server.stop()[0], 0)

    def test_a_log_that_nobody_takes_holds_nobody_up(self):
        stuck_reader, stuck = os.pipe()
        try:
            for target in (open("/dev/full", "wb"), os.fdopen(stuck, "wb")):
                with target:
                    self.serve_with_log_to(target)
        finally:
            os.close(stuck_reader)

    def serve_with_log_to(self, target):
        process = subprocess.Popen([harness.SERVER, "--listen=127.0.0.1:0", "--log_level=debug"],
                                   stdout=subprocess.PIPE, stderr=target)
        try:
            address = process.stdout.readline().decode().split()[-1]
            with grpc.insecure_channel(address) as channel:
                # Each is a line of some 250 bytes; a pipe holds 64 KiB.
                request = API.type("ListModelsRequest")()
                method = API.method(channel, "ModelService", "ListModels", request)
                for _ in range(600):
                    method(request, timeout=PATIENCE)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE), 0)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    # --- Reload.

    def test_the_file_of_flags_is_read_again(self):
        config = self.folder / "config"
        config.write_text("log_level=info\nworkers=1\n")
        with harness.Server(f"--config={config}") as server, \
                harness.channel_to(server) as channel:
            config.write_text("log_level=debug\nworkers=2\n")
            server.process.send_signal(signal.SIGHUP)
            self.eventually(lambda: len(self.events(server, "reload")) == 2)
            self.assertEqual(self.events(server, "restart_needed")[0]["flags"], ["workers"])
            self.align(channel)
            self.eventually(lambda: self.events(server, "call"))
            config.write_text("no_such_flag=1\n")
            server.process.send_signal(signal.SIGHUP)
            self.eventually(lambda: any("no_such_flag" in event.get("error", "")
                                        for event in self.events(server, "reload")))
            self.align(channel)
            self.assertEqual(server.stop()[0], 0)

    def test_damaged_models_leave_the_old_ones_serving(self):
        models = self.folder / "models"
        shutil.copytree(harness.ROOT / "models", models)
        with harness.Server(f"--models={models}") as server, \
                harness.channel_to(server) as channel:
            self.align(channel)
            manifest = json.loads((models / "manifest.json").read_text())
            largest = models / max(manifest["models"], key=lambda model: model["size"])["file"]
            whole = largest.read_bytes()
            largest.write_bytes(whole[:len(whole) // 2] + b"x" + whole[len(whole) // 2 + 1:])
            server.process.send_signal(signal.SIGHUP)
            self.eventually(lambda: self.events(server, "reload"))
            self.assertIn("is damaged", self.events(server, "reload")[0]["error"])
            self.align(channel)
            largest.write_bytes(whole)
            server.process.send_signal(signal.SIGHUP)
            self.eventually(lambda: self.events(server, "reload")[-1]["level"] == "info")
            self.align(channel)
            self.assertEqual(server.stop()[0], 0)


if __name__ == "__main__":
    harness.main()
