# SPDX-License-Identifier: Apache-2.0
"""h2load of Debian's nghttp2-client as a second opinion."""

import json
import re
import subprocess
import urllib.request

from bench import DRIVER, PATIENCE, Failure, processor_seconds


class H2load:
    """Calls by a tool that is none of ours, with request bodies made beforehand.

    It counts HTTP's 200, which failed calls have too; so the bytes of the replies
    are counted, and in `check` the server's own count of calls that ended OK.
    """

    PATHS = {"detect": "hexapla.v1.LanguageService/DetectLanguages",
             "detect_batch": "hexapla.v1.LanguageService/DetectLanguages",
             "align": "hexapla.v1.AlignmentService/AlignDocuments",
             "echo": "hexapla.load.EchoService/Echo"}
    # How much a reply's size may differ from the others', for it holds times.
    REPLY_BYTES_SLACK = 8

    def __init__(self, bench):
        self.bench = bench

    def body(self, call):
        """The request as gRPC frames it; the driver writes what it sends."""
        name = call if call in self.PATHS else "echo"
        path = self.bench.folder / f"{call}.body"
        sizes = []
        if name == "echo":
            request, reply = self.bench.sizes_of(call.removeprefix("echo "))
            sizes = [f"--echo_request_bytes={request}", f"--echo_reply_bytes={reply}"]
        message = subprocess.run([DRIVER, f"--print_request={name}", *sizes], check=True,
                                 capture_output=True, timeout=PATIENCE).stdout
        path.write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)
        return path

    def run(self, server, call, count, rate=None, connections=2, streams=16):
        """So many calls, closed loop, or open at a rate; the figures of it."""
        echo = server.is_echo
        method = self.PATHS["echo" if echo else call]
        body = self.body(f"echo {call}" if echo else call)
        log = self.bench.folder / "h2load.log"
        log.unlink(missing_ok=True)
        # An open loop waits for nobody, as far as the server's limit allows.
        loop = [f"--rps={rate / connections}"] if rate else []
        cpu = processor_seconds(server)
        done = subprocess.run(
            ["h2load", f"--requests={count}", f"--clients={connections}",
             f"--max-concurrent-streams={500 if rate else streams}", "--threads=1", *loop,
             f"--data={body}", f"--log-file={log}",
             "--header=content-type: application/grpc", "--header=te: trailers",
             f"http://{server.address}/{method}"],
            capture_output=True, text=True, timeout=PATIENCE)
        cpu = processor_seconds(server) - cpu
        text = done.stdout
        if done.returncode != 0 or f"{count} succeeded, 0 failed" not in text:
            raise Failure(f"h2load of {call}: {text}{done.stderr}")
        data = int(re.search(r"\((\d+)\) data", text)[1])
        _, reply = self.bench.sizes_of(call)
        if abs(data - count * (5 + reply)) > count * self.REPLY_BYTES_SLACK:
            raise Failure(f"h2load of {call}: {data} bytes of {count} replies of {reply} each")
        times = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
        return {"rate": float(re.search(r"([\d.]+) req/s", text)[1]),
                "server_us": cpu * 1e6 / count,
                **{f"p{p}_us": times[min(len(times) - 1, len(times) * p // 100)]
                   for p in (50, 99)}}

    def check(self, calls, count):
        """So many of each of the calls of ours, counted by the server itself."""
        with self.bench.pair("--metrics=127.0.0.1:0") as (ours, _):
            for call in calls:
                self.bench.sizes_of(call)
                before = ok_calls(ours, self.PATHS[call])
                self.run(ours, call, count)
                after = ok_calls(ours, self.PATHS[call])
                if after - before != count:
                    raise Failure(f"{after - before} of {count} calls of {call} ended OK")


def ok_calls(server, method):
    """How many calls of a method have ended OK, as the server's metrics tell."""
    ready = next(json.loads(line) for line in server.log().splitlines() if '"metrics"' in line)
    with urllib.request.urlopen(f"http://{ready['metrics']}/metrics", timeout=PATIENCE) as reply:
        text = reply.read().decode()
    for line in text.splitlines():
        if (line.startswith("grpc_server_call_duration_seconds_count{") and
                f'"{method}"' in line and '"OK"' in line):
            return int(float(line.split()[-1]))
    return 0
