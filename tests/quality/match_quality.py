#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how well `hexapla match` finds versions, with the real server and client.

tests/quality/match_quality.py [--build DIR] [--floor F1] [--gold DIR] [--seed N]
tests/quality/match_quality.py --growth N,... [--corpus FILE] [--build DIR]

The heap of the first form is made of the news documents in --gold (default:
../shared/gold/ntrex-dev beside the checkout): each in six languages of those
there, a third of the versions left out, shuffled. A pair is right when both
files are versions of one document. With --floor the run fails under that F1.

The second form measures growth on heaps of N pseudo documents each: twenty rows
of a parallel corpus in four languages or fewer. It prints the same figures, the
seconds with the client's reading, and the server's peak memory.

Exit codes: 0 done; 1 under the floor or failed; 2 usage; 77 there is no data.
"""
import argparse
import itertools
import lzma
import pathlib
import random
import select
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
START_SECONDS = 30
MATCH_SECONDS = 3600
LANGUAGES_A_DOCUMENT = 6
PSEUDO_LANGUAGES = 4
PSEUDO_ROWS = 20


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--floor", type=float, default=0.0, help="least F1 of pairs")
    parser.add_argument("--gold", type=pathlib.Path, default=SHARED / "gold" / "ntrex-dev")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--growth", help="sizes of heaps, comma-separated")
    parser.add_argument("--corpus", type=pathlib.Path,
                        default=SHARED / "corpus" / "libreoffice-help.tsv.xz")
    return parser.parse_args()


def find_versions(gold):
    """{document: {language: file}}, the first file found of each."""
    versions = {}
    for folder in sorted(path.parent for path in gold.rglob("gold.txt")):
        found = versions.setdefault(folder.name, {})
        if (folder / "src.txt").exists():
            source, target = folder.parent.name.split("-")
            found.setdefault(source, folder / "src.txt")
            found.setdefault(target, folder / "tgt.txt")
        else:
            for file in sorted(folder.glob("*.txt")):
                if file.name != "gold.txt":
                    found.setdefault(file.stem, file)
    return versions


def make_news_heap(gold, seed, folder):
    """Writes the heap; [(file, document)], shuffled."""
    chance = random.Random(seed)
    heap = []
    for document, files in sorted(find_versions(gold).items()):
        languages = sorted(files)
        for language in chance.sample(languages, min(LANGUAGES_A_DOCUMENT, len(languages))):
            if chance.random() < 1 / 3:
                continue
            file = folder / f"{len(heap):05}.txt"
            file.write_bytes(files[language].read_bytes())
            heap.append((file, document))
    chance.shuffle(heap)
    return heap


def make_pseudo_heap(corpus, size, folder):
    """The same of `size` documents from the rows of a corpus."""
    chance = random.Random(1)
    heap = []
    with lzma.open(corpus, "rt", encoding="utf-8") as rows:
        header = next(rows).rstrip("\n").split("\t")
        while len(heap) < size:
            block = [row.rstrip("\n").split("\t") for row in itertools.islice(rows, PSEUDO_ROWS)]
            if len(block) < PSEUDO_ROWS:
                break
            columns = [c for c in range(len(header)) if all(len(row) > c and row[c] for row in block)]
            for column in chance.sample(columns, min(PSEUDO_LANGUAGES, len(columns))):
                file = folder / f"{len(heap):05}.txt"
                file.write_text("\n".join(row[column] for row in block) + "\n", encoding="utf-8")
                heap.append((file, block[0][0]))
    heap = heap[:size]
    chance.shuffle(heap)
    return heap


def peak_mebibytes(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def match(heap, build, folder):
    """(groups of files, seconds, the server's peak in MiB)"""
    names = folder / "names"
    names.write_text("".join(f"{file}\n" for file, _ in heap), encoding="utf-8")
    address = f"unix:{folder}/hexaplad.sock"
    server = subprocess.Popen(
        [str(build / "server" / "hexaplad"), f"--listen={address}"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        ready, _, _ = select.select([server.stdout], [], [], START_SECONDS)
        if not ready or not server.stdout.readline().startswith("listening on"):
            raise RuntimeError("the server did not start")
        begin = time.monotonic()
        done = subprocess.run(
            [str(build / "client" / "hexapla"), "match", "--server", address,
             f"--timeout={MATCH_SECONDS}", "--files_from", str(names)],
            capture_output=True, text=True, timeout=MATCH_SECONDS, check=False)
        seconds = time.monotonic() - begin
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        peak = peak_mebibytes(server)
    finally:
        server.terminate()
        server.wait(START_SECONDS)
    groups = [line.split("\t") for line in done.stdout.splitlines()]
    if sorted(itertools.chain(*groups)) != sorted(str(file) for file, _ in heap):
        raise RuntimeError("the groups do not hold every file once")
    return groups, seconds, peak


def pairs_of(groups):
    return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}


def score(groups, heap):
    """(precision, recall, F1) of pairs."""
    documents = {}
    for file, document in heap:
        documents.setdefault(document, []).append(str(file))
    gold, found = pairs_of(documents.values()), pairs_of(groups)
    right = len(gold & found)
    precision = right / len(found) if found else 0.0
    recall = right / len(gold) if gold else 0.0
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0


def measure(make_heap, build):
    """Prints a row and returns the F1."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        heap = make_heap(folder)
        groups, seconds, peak = match(heap, build, folder)
        precision, recall, f1 = score(groups, heap)
    print(f"{len(heap):9} {precision:9.4f} {recall:7.4f} {f1:7.4f} {seconds:8.1f} {peak:9.0f}",
          flush=True)
    return f1


def main():
    arguments = parse_arguments()
    data = arguments.corpus if arguments.growth else arguments.gold
    if not data.exists():
        print(f"skipped: {data} is not there")
        return 77
    print("documents precision  recall      F1  seconds  peak MiB")
    try:
        if arguments.growth:
            for size in map(int, arguments.growth.split(",")):
                measure(lambda folder: make_pseudo_heap(data, size, folder), arguments.build)
            return 0
        f1 = measure(lambda folder: make_news_heap(data, arguments.seed, folder), arguments.build)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 1
    if f1 < arguments.floor:
        print(f"F1 {f1:.4f} is under the floor {arguments.floor:.4f}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
