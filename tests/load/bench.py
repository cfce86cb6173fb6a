# SPDX-License-Identifier: Apache-2.0
"""What the load tests share: the programs, one measurement, and comparisons of many."""

import argparse
import contextlib
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time


ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
os.environ.setdefault("HEXAPLA_PROTO_PATH", ":".join(
    [str(ROOT / "proto"), str(ROOT / "proto/third_party/googleapis"), "/usr/share/grpc-proto"]))

import harness  # noqa: E402

BUILD = pathlib.Path(os.environ.get("HEXAPLA_LOAD_BUILD", str(ROOT / "build" / "release")))
SERVER = os.environ.get("HEXAPLA_SERVER_BINARY", str(BUILD / "server/hexaplad"))
DRIVER = str(BUILD / "tests/load/load_driver")
ECHO = str(BUILD / "tests/load/echo_server")
# Of a hanging program, beyond the time that it should take.
PATIENCE = 120


class Failure(Exception):
    """Something that must not be."""


class Bench:
    """The programs, and how long each measurement takes."""

    def __init__(self, short, rounds, seconds):
        self.short = short
        self.rounds = rounds
        self.seconds = seconds
        self.sizes = {}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hexapla-load-"))

    def server(self, *flags, binary=SERVER, listen="127.0.0.1:0"):
        return harness.Server(*flags, binary=binary, listen=listen)

    def echo(self, listen="127.0.0.1:0"):
        return self.server(binary=ECHO, listen=listen)

    def drive(self, servers, loads, *flags, seconds=None, warm_up=0.3, pids=None):
        """One run of the driver; its figures. Every call must be answered rightly."""
        servers = servers if isinstance(servers, list) else [servers]
        seconds = seconds or self.seconds
        pids = pids or [server.process.pid for server in servers]
        out = self.folder / "result.json"
        command = [DRIVER, "--server=" + ",".join(server.address for server in servers),
                   *(f"--load={load}" for load in loads), f"--seconds={seconds}",
                   f"--warm_up={warm_up}", f"--json={out}",
                   "--server_pid=" + ",".join(map(str, pids)), *flags]
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=seconds + warm_up + PATIENCE)
        if done.returncode != 0:
            raise Failure(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return json.loads(out.read_text())

    def drive_call(self, server, call, load, *flags, **options):
        """One call's figures; of an echo of the same sizes where `server` is none of ours."""
        sizes = []
        if server.is_echo:
            request, reply = self.sizes_of(call)
            sizes = [f"--echo_request_bytes={request}", f"--echo_reply_bytes={reply}"]
        name = "echo" if server.is_echo else call
        result = self.drive(server, [f"{name}:{load}"], *sizes, *flags, **options)
        return figures(result)

    def sizes_of(self, call):
        """The bytes of the request and the reply of a call of ours."""
        if call not in self.sizes:
            result = self.drive(self.ours, [f"{call}:closed:1"], "--max_calls=20", seconds=PATIENCE,
                                warm_up=0)
            load = result["loads"][0]
            self.sizes[call] = (load["request_bytes"], round(load["reply_bytes"]))
        return self.sizes[call]

    @contextlib.contextmanager
    def pair(self, *flags, unix=False):
        """A server of ours and an echo."""
        def listen(name):
            return f"unix:{self.folder}/{name}.sock" if unix else "127.0.0.1:0"
        with self.server(*flags, listen=listen("ours")) as ours:
            with self.echo(listen("echo")) as echo:
                ours.is_echo, echo.is_echo = False, True
                self.ours = ours
                yield ours, echo

    def in_turns(self, measure, *subjects):
        """measure(subject) for each, again and again, each round in another order."""
        results = [[] for _ in subjects]
        for turn in range(self.rounds):
            order = list(range(len(subjects)))
            for index in order if turn % 2 == 0 else reversed(order):
                results[index].append(measure(subjects[index]))
        return results


def figures(result):
    """What of a driver's figures of one load is compared."""
    load = result["loads"][0]
    answers = load["answers_per_second"]
    return {
        "rate": answers,
        "server_us": result["server_processor_us"] / max(1, answers * result["seconds"]),
        "client_us": result["client_processor_us"] / max(1, answers * result["seconds"]),
        # Calls a second of processor time, client and server together: what two cores
        # that do nothing else would make half of.
        "per_processor_second": answers * result["seconds"] * 1e6 / max(
            1, result["server_processor_us"] + result["client_processor_us"]),
        "latency_us": load["latency_us"],
        "late_us": load["late_us"],
        "ok": load["ok"],
        "histogram_us": load["histogram_us"],
    }


def spread(values):
    """Median, least and greatest."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def compare(ours, echo, field):
    """Ours, the echo's, and the ratio within each round."""
    return {"ours": spread([row[field] for row in ours]),
            "echo": spread([row[field] for row in echo]),
            "ratio": spread([a[field] / max(b[field], 1e-9) for a, b in zip(ours, echo)])}


def merged(rows):
    """The histograms of several runs as one, and the percentiles of them all."""
    counts = {}
    for row in rows:
        for bound, count in row["histogram_us"]:
            counts[bound] = counts.get(bound, 0) + count
    return sorted(counts.items())


def processor_seconds(server):
    """Processor time of a server so far."""
    return time.clock_gettime(process_clock(server.process.pid))


def process_clock(pid):
    """The clock of clock_getcpuclockid(3)."""
    return (~pid << 3) | 2


def memory_mib(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise Failure(f"no {field} of process {pid}")


@contextlib.contextmanager
def background(server, load):
    """A load that goes on until the end."""
    process = subprocess.Popen([DRIVER, f"--server={server.address}", f"--load={load}",
                                "--seconds=600"], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


HAPROXY = """
global
  maxconn 2000
  nbthread 1
defaults
  mode http
  timeout connect 10s
  timeout client 1h
  timeout server 1h
frontend front
  bind 127.0.0.1:{port} proto h2
  default_backend replicas
backend replicas
  balance roundrobin
  {servers}
"""


@contextlib.contextmanager
def haproxy(bench, servers):
    """HAProxy of one thread before the servers; it has address and process as they do."""
    config = bench.folder / f"haproxy-{len(servers)}.cfg"
    for _ in range(5):
        port = free_port()
        config.write_text(HAPROXY.format(port=port, servers="\n  ".join(
            f"server replica{n} {server.address} proto h2" for n, server in enumerate(servers))))
        process = subprocess.Popen(["haproxy", "-db", "-f", str(config)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if wait_for_port(process, port):
            break
        process.wait()
    else:
        raise Failure("haproxy did not start")
    proxy = argparse.Namespace(address=f"127.0.0.1:{port}", process=process)
    try:
        yield proxy
    finally:
        process.terminate()
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(process, port):
    """Whether it listens; not if it ends first, for the port was taken meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.02)
    return False
