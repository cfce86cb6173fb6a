# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: the real server, the real client, and a
channel that knows the schema but none of our code.

The programs come from the environment, as CTest sets it; by default they are
those of the release build:
  HEXAPLA_SERVER_BINARY, HEXAPLA_CLIENT_BINARY   the programs under test
  HEXAPLA_PROTO_PATH                             folders of protos, colon-separated
Every wait is bounded, and every process started here is stopped here.
"""

import contextlib
import json
import os
import pathlib
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SAMPLES = ROOT / "client" / "samples"
SERVER = os.environ.get("HEXAPLA_SERVER_BINARY", str(ROOT / "build/release/server/hexaplad"))
PROTO_PATH = f"{ROOT}/proto:{ROOT}/proto/third_party/googleapis:/usr/share/grpc-proto"
CLIENT = os.environ.get("HEXAPLA_CLIENT_BINARY", str(ROOT / "build/release/client/hexapla"))
# Whether the programs are built with a sanitizer.
SANITIZED = bool(os.environ.get("HEXAPLA_SANITIZE"))
NODE_FOLDER = ROOT / "build" / "node"

SECONDS_TO_SERVE = 30
SECONDS_TO_DRAIN = 20
SECONDS_OF_A_CALL = 30

# Tells CTest (SKIP_RETURN_CODE) that nothing was tested.
EXIT_SKIPPED = 77


class Server:
    """hexaplad on a free port; also a context manager that stops it.

    `address` is what it printed: the form that --server of the client accepts.
    """

    def __init__(self, *flags, listen="127.0.0.1:0", binary=SERVER, cwd=None, env=None):
        self._log = tempfile.TemporaryFile()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HEXAPLA_")}
        environment.update(env or {})
        arguments = [binary, *([f"--listen={listen}"] if listen else []), *flags]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log,
            cwd=cwd, env=environment)
        self._out = b""
        self.address = self._wait_for_address()

    def _wait_for_address(self):
        deadline = time.monotonic() + SECONDS_TO_SERVE
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._out:
                if not selector.select(max(0, deadline - time.monotonic())):
                    self.kill()
                    raise AssertionError(f"no address within {SECONDS_TO_SERVE} s\n{self.log()}")
                chunk = os.read(self.process.stdout.fileno(), 4096)
                if not chunk:
                    self.process.wait(SECONDS_TO_DRAIN)
                    raise AssertionError(
                        f"the server ended with {self.process.returncode}\n{self.log()}")
                self._out += chunk
        line = self._out.split(b"\n")[0].decode()
        assert line.startswith("listening on "), line
        return line[len("listening on "):]

    def log(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def stop(self):
        """Stops it by SIGTERM. Returns the exit code and all of its standard output."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        try:
            rest, _ = self.process.communicate(timeout=SECONDS_TO_DRAIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there {SECONDS_TO_DRAIN} s after SIGTERM\n{self.log()}")
        return self.process.returncode, (self._out + rest).decode()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.stop()
        else:
            self.process.stdout.close()
        self._log.close()

    def metrics(self):
        """What Prometheus would read, by name with labels. Takes --metrics=127.0.0.1:0."""
        deadline = time.monotonic() + SECONDS_TO_SERVE
        while not (address := re.search(r'"metrics":"([^"]+)"', self.log())):
            assert time.monotonic() < deadline, "no metrics"
            time.sleep(0.05)
        url = f"http://{address[1]}/metrics"
        with urllib.request.urlopen(url, timeout=SECONDS_OF_A_CALL) as page:
            lines = page.read().decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                for line in lines if not line.startswith("#")}

    def target(self):
        """The address as Python's grpc wants it."""
        return self.address


def run_server(*flags, env=None, timeout=SECONDS_TO_SERVE):
    """Runs a server that is expected to end by itself."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HEXAPLA_")}
    environment.update(env or {})
    return subprocess.run([SERVER, *flags], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=timeout, env=environment)


def run_client(*arguments, server=None, stdin=b"", timeout=60, env=None, cwd=None):
    """Runs hexapla. Output is bytes: the formats promise bytes."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HEXAPLA_")}
    if server is not None:
        environment["HEXAPLA_SERVER"] = server
    environment.update(env or {})
    return subprocess.run([CLIENT, *map(str, arguments)], input=stdin, capture_output=True,
                          timeout=timeout, env=environment, cwd=cwd)


class Api:
    """The contract as protoc reads it: messages by name, and calls by path."""

    PACKAGE = "hexapla.v1"

    def __init__(self):
        paths = os.environ.get("HEXAPLA_PROTO_PATH", PROTO_PATH).split(":")
        sources = sorted((ROOT / "proto" / "hexapla" / "v1").glob("*.proto"))
        with tempfile.NamedTemporaryFile(suffix=".binpb") as out:
            subprocess.run(
                ["protoc", *(f"-I{path}" for path in paths), "--include_imports",
                 f"--descriptor_set_out={out.name}", *map(str, sources),
                 "google/rpc/error_details.proto", "google/rpc/status.proto",
                 "grpc/health/v1/health.proto"],
                check=True, timeout=60)
            descriptors = descriptor_pb2.FileDescriptorSet.FromString(out.read())
        self._pool = descriptor_pool.DescriptorPool()
        for file in descriptors.file:
            self._pool.Add(file)
        self._factory = message_factory.MessageFactory(self._pool)

    def full_name(self, name):
        """Names without a dot are ours."""
        return name if "." in name else f"{self.PACKAGE}.{name}"

    def type(self, name):
        """The class of a message."""
        return self._factory.GetPrototype(self._pool.FindMessageTypeByName(self.full_name(name)))

    def method_types(self, service, name):
        """The classes of the method's request and reply."""
        method = self._pool.FindServiceByName(self.full_name(service)).methods_by_name[name]
        return (self._factory.GetPrototype(method.input_type),
                self._factory.GetPrototype(method.output_type))

    def methods(self, service):
        """The names of all methods of the service."""
        return list(self._pool.FindServiceByName(self.full_name(service)).methods_by_name)

    def method(self, channel, service, name, request):
        """A callable for the method: gRPC's own, with our serialization."""
        service = self._pool.FindServiceByName(self.full_name(service))
        method = service.methods_by_name[name]
        reply = self._factory.GetPrototype(method.output_type)
        # protobuf 3.21's descriptors of methods do not say what streams.
        if name.startswith("Stream") or name == "MatchDocuments":
            shape = channel.stream_stream
        else:
            shape = channel.unary_stream if name == "Watch" else channel.unary_unary
        serialize = bytes if isinstance(request, bytes) else type(request).SerializeToString
        return shape(f"/{service.full_name}/{name}", request_serializer=serialize,
                     response_deserializer=reply.FromString)

    def call(self, channel, service, name, request, timeout=SECONDS_OF_A_CALL):
        """Makes a call; raises grpc.RpcError. A request of bytes is sent as it is."""
        return self.method(channel, service, name, request)(request, timeout=timeout)

    def details(self, error):
        """The details of an RpcError: {short type name: message}."""
        found = {}
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                for detail in self.type("google.rpc.Status").FromString(value).details:
                    name = detail.type_url.rsplit("/", 1)[-1]
                    found[name.rsplit(".", 1)[-1]] = self.type(name).FromString(detail.value)
        return found


@contextlib.contextmanager
def channel_to(server, **options):
    channel = grpc.insecure_channel(server.target(), options=list(options.items()))
    try:
        yield channel
    finally:
        channel.close()


def sentences_of(data):
    """The lines of a file as --lines reads them: only LF and CRLF end a line."""
    lines = data.decode().split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line[:-1] if line.endswith("\r") else line for line in lines]


def covers_once(testcase, beads, sizes):
    """Asserts that beads (one index list per version) hold every index exactly once."""
    for version, size in enumerate(sizes):
        indices = [index for bead in beads for index in bead[version]]
        testcase.assertEqual(sorted(indices), list(range(size)), f"version {version}")


def sentence_counts(files, server):
    """How many sentences the server finds in each of `files`, versions of one text."""
    done = run_client("align", "--format=jsonl", *files, server=server)
    summary = json.loads(done.stdout.decode().splitlines()[-1])["summary"]
    return [version["sentence_count"] for version in summary["versions"]]


def skip_all(why):
    """Ends the program: nothing of it can be tested here."""
    print(f"skipped: {why}")
    sys.exit(EXIT_SKIPPED)


def main():
    unittest.main(verbosity=2)
