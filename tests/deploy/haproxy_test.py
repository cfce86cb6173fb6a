# SPDX-License-Identifier: Apache-2.0
"""deploy/compose/haproxy.cfg as it stands, in Debian's HAProxy, before real replicas
that it finds by DNS: a name server of ours stands in for Docker's."""

import contextlib
import csv
import io
import json
import os
import pathlib
import shutil
import socket
import struct
import tempfile
import threading
import time
import unittest
import urllib.request

import grpc

import corpus_sets
import daemons
import harness

HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
if not HAPROXY:
    harness.skip_all("haproxy is not installed")
CONFIGURATION = harness.ROOT / "deploy" / "compose" / "haproxy.cfg"

# As the client of this project is set up (client/connection.cc): a proxy may cut off
# a call that meets a connection on its way out.
RETRIES = json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": {
    "maxAttempts": 5, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]}}]})

api = None


def setUpModule():
    global api
    api = harness.Api()


class NameServer:
    """Answers every question for A records with `addresses`, like the name of a
    service whose replicas are these."""

    def __init__(self):
        self.addresses = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            query, peer = self._socket.recvfrom(4096)
            if query == b"end":
                return
            with contextlib.suppress(OSError):
                self._socket.sendto(self._answer(query), peer)

    def _answer(self, query):
        end = query.index(b"\0", 12) + 1
        kind = struct.unpack(">H", query[end:end + 2])[0]
        records = self.addresses if kind == 1 else []
        header = query[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, len(records), 0, 0)
        # The name is that of the question, at byte 12.
        return header + query[12:end + 4] + b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + socket.inet_aton(address)
            for address in records)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            host, port = self.address.split(":")
            sender.sendto(b"end", (host, int(port)))
        self._thread.join()
        self._socket.close()


class Proxy(daemons.Daemon):
    def __init__(self, names, port_of_replicas):
        self.port, self.metrics_port = daemons.free_port(), daemons.free_port()
        self.address = f"127.0.0.1:{self.port}"
        super().__init__(HAPROXY, "-db", "-f", CONFIGURATION, env={
            **os.environ, "HEXAPLA_DNS": names.address,
            "HEXAPLA_BIND": self.address, "HEXAPLA_METRICS_BIND": f"127.0.0.1:{self.metrics_port}",
            "HEXAPLA_REPLICAS": f"hexapla.test:{port_of_replicas}"})
        self.wait_until(lambda: daemons.accepts(self.port), "HAProxy listens")

    def get(self, path):
        url = f"http://127.0.0.1:{self.metrics_port}{path}"
        with urllib.request.urlopen(url, timeout=30) as page:
            return page.read().decode()

    def replicas(self):
        """Of each replica that DNS has named its state: {address: UP or DOWN ...}."""
        rows = csv.DictReader(io.StringIO(self.get("/;csv").lstrip("# ")))
        return {row["addr"]: row["status"] for row in rows
                if row["pxname"] == "replicas" and row["svname"].startswith("replica") and
                row["addr"] and not row["status"].startswith("MAINT")}

    def wait_for(self, states):
        self.wait_until(lambda: self.replicas() == states,
                        f"{states}, but now {self.replicas()}")


def detect(channel):
    request = api.type("DetectLanguagesRequest")(texts=["The ship came into the harbour."])
    return api.call(channel, "LanguageService", "DetectLanguages", request)


class Load:
    """Calls without a pause, each of which must succeed."""

    def __init__(self, address):
        self.calls, self.failures = 0, []
        self._over = threading.Event()
        self._channel = grpc.insecure_channel(address, options=[("grpc.service_config", RETRIES)])
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._over.is_set():
            try:
                detect(self._channel)
                self.calls += 1
            except grpc.RpcError as error:
                self.failures.append(f"{error.code()}: {error.details()}")

    def wait_for(self, more):
        goal = self.calls + more
        daemons.wait_until(lambda: self.calls >= goal, f"{more} more calls")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._over.set()
        self._thread.join()
        self._channel.close()


class HAProxy(unittest.TestCase):
    def setUp(self):
        self.names = self.enterContext(NameServer())
        self.port = daemons.free_port()

    def replica(self, host):
        return self.enterContext(harness.Server(
            "--allow_insecure", "--metrics=127.0.0.1:0", listen=f"{host}:{self.port}"))

    def test_replicas_come_and_go_and_no_call_fails(self):
        first, second = self.replica("127.0.0.2"), self.replica("127.0.0.3")
        at = {server: server.address for server in (first, second)}
        self.names.addresses = ["127.0.0.2", "127.0.0.3"]
        proxy = self.enterContext(Proxy(self.names, self.port))
        proxy.wait_for({at[first]: "UP", at[second]: "UP"})
        with Load(proxy.address) as load:
            load.wait_for(50)
            # A third one is found.
            third = self.replica("127.0.0.4")
            self.names.addresses.append("127.0.0.4")
            proxy.wait_for({at[first]: "UP", at[second]: "UP", third.address: "UP"})
            # One goes in good order, and its name later.
            self.assertEqual(first.stop()[0], 0)
            proxy.wait_for({at[first]: "DOWN", at[second]: "UP", third.address: "UP"})
            load.wait_for(50)
            self.names.addresses.remove("127.0.0.2")
            proxy.wait_for({at[second]: "UP", third.address: "UP"})
            load.wait_for(50)
        self.assertEqual(load.failures, [])
        self.check_calls_are_shared(proxy, second, third)
        self.check_a_corpus_goes_through(proxy)

    def check_calls_are_shared(self, proxy, *servers):
        for _ in range(4):
            with grpc.insecure_channel(proxy.address) as channel:
                for _ in range(10):
                    detect(channel)
        page = proxy.get("/metrics")
        self.assertIn('haproxy_server_check_status{proxy="replicas"', page)
        for server in servers:
            address = server.log().split('"metrics":"')[1].split('"')[0]
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as metrics:
                line = next(l for l in metrics.read().decode().splitlines() if l.startswith(
                    'grpc_server_call_started_total{grpc_method="hexapla.v1.LanguageService/Det'
                    'ectLanguages"}'))
            self.assertGreater(float(line.split()[-1]), 5)

    def check_a_corpus_goes_through(self, proxy):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        corpus_sets.write_sets(folder / "in.jsonl", 50)
        done = harness.run_client("corpus", folder / "in.jsonl", folder / "out.jsonl",
                                  server=proxy.address)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(corpus_sets.sorted_lines(folder / "out.jsonl")), 50)

    def test_who_drains_or_is_no_server_of_ours_is_down(self):
        server = self.replica("127.0.0.2")
        self.names.addresses = ["127.0.0.2", "127.0.0.3"]
        with socket.socket() as stranger:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stranger.bind(("127.0.0.3", self.port))
            stranger.listen(100)
            proxy = self.enterContext(Proxy(self.names, self.port))
            proxy.wait_for({f"127.0.0.2:{self.port}": "UP", f"127.0.0.3:{self.port}": "DOWN"})
        server.process.terminate()
        proxy.wait_for({f"127.0.0.2:{self.port}": "DOWN", f"127.0.0.3:{self.port}": "DOWN"})
        with grpc.insecure_channel(proxy.address) as channel:
            with self.assertRaises(grpc.RpcError) as failed:
                detect(channel)
        self.assertEqual(failed.exception.code(), grpc.StatusCode.UNAVAILABLE)


if __name__ == "__main__":
    harness.main()
