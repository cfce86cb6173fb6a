# SPDX-License-Identifier: Apache-2.0
"""kill -9 of client and server in the middle of a corpus, and the same command
again until it is done: nothing may be lost, nothing be there twice.

  python3 tests/e2e/corpus_kill_test.py --sets=10000

runs it on a larger corpus; the programs come from the environment, or from
build/release. It prints what happened. Half as many sets then go into one memory of
TMX with a page each.
"""

import argparse
import json
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from xml.etree import ElementTree

import corpus_sets
import harness

SECONDS_OF_THE_WHOLE = 1200


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_client(address, source, output, flags):
    return subprocess.Popen(
        [harness.CLIENT, "--server", address, "--connect_timeout=20s", "corpus",
         "--progress=none", "--retry_for=30s", *flags, str(source), str(output)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def size_of(path):
    return path.stat().st_size if path.exists() else 0


def wait_for_growth(path, client, bytes_more, deadline):
    """Waits until the output has grown, or the client has ended."""
    goal = size_of(path) + bytes_more
    while client.poll() is None and size_of(path) < goal:
        assert time.monotonic() < deadline, "no progress"
        time.sleep(0.002)


def cut_last_line(path, chance):
    """Cuts the file inside its last line, as a kill inside a write could."""
    with open(path, "rb+") as file:
        data = file.read()
        begin = data.rfind(b"\n", 0, -1) + 1
        file.truncate(chance.randrange(begin + 1, len(data)))


def check_document(path, pages, source):
    """A memory is XML with a unit a bead, and each set that did not fail has its page."""
    root = ElementTree.parse(path).getroot()
    assert root.tag == "tmx" and len(root.findall("body/tu")) > 0
    names = {f"{json.loads(line)['id']}.html" for line in source.read_text().splitlines()
             if line.startswith("{") and json.loads(line)["versions"][1:]}
    assert {page.name for page in pages.iterdir()} >= names, "pages are absent"
    for name in names:
        assert (pages / name).read_bytes().endswith(b"</html>\n"), name


def disturb(arguments, sets, kills, formats):
    """Runs a corpus undisturbed, then with kills, and compares. Returns what happened."""
    chance = random.Random(arguments.seed)
    deadline = time.monotonic() + SECONDS_OF_THE_WHOLE
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source, undisturbed, output = (folder / n for n in ("in.jsonl", "calm", "out"))
        pages = folder / "pages"
        flags = [f"--format={formats}"] + ([f"--pages={pages}"] if formats == "tmx" else [])
        corpus_sets.write_sets(source, sets, bad_every=97)
        begin = time.monotonic()
        with harness.Server() as server:
            client = start_client(server.address, source, undisturbed, flags)
            client.communicate(timeout=SECONDS_OF_THE_WHOLE)
            code = client.returncode
        calm_seconds = time.monotonic() - begin
        expected = corpus_sets.sorted_lines(undisturbed)
        assert len(expected) == sets + (2 if formats == "tmx" else 0), len(expected)
        shutil.rmtree(pages, ignore_errors=True)

        begin = time.monotonic()
        listen = f"127.0.0.1:{free_port()}"
        server = harness.Server(listen=listen)
        step = max(1, size_of(undisturbed) // (2 * kills + 1))
        client = start_client(listen, source, output, flags)
        for kill in range(2 * kills):
            wait_for_growth(output, client, chance.randrange(step // 2, step), deadline)
            assert client.poll() is None, "it ended before it could be killed"
            if kill % 2 == 0:
                server.kill()
                server = harness.Server(listen=listen)
            else:
                client.kill()
                client.communicate()
                cut_last_line(output, chance)
                client = start_client(listen, source, output, flags)
        _, errors = client.communicate(timeout=SECONDS_OF_THE_WHOLE)
        assert client.returncode == code, (client.returncode, code, errors)
        server.stop()
        disturbed_seconds = time.monotonic() - begin
        found = corpus_sets.sorted_lines(output)
        assert found == expected, "the lines differ from those of an undisturbed run"
        if formats == "tmx":
            check_document(output, pages, source)
    return (f"{sets} sets as {formats}: undisturbed {calm_seconds:.1f} s; with {kills} kills of the "
            f"client and of the server, and {kills} cut lines, {disturbed_seconds:.1f} s; the sorted "
            "lines are the same")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", type=int, default=400)
    parser.add_argument("--kills", type=int, default=4, help="of the client, and of the server")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    print(disturb(arguments, arguments.sets, arguments.kills, "jsonl"))
    print(disturb(arguments, arguments.sets // 2, max(1, arguments.kills // 2), "tmx"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
