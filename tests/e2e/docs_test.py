# SPDX-License-Identifier: Apache-2.0
"""The documents: their commands are run, the output they show is compared, their
links lead somewhere, and the tests that they name exist.

Fenced blocks, by the word behind the fence:

  sh        commands; run as they stand, a page's blocks one after the other in one
            folder, which has the samples, the programs and the tree's own folders
  (none)    behind such a block: what it prints. Else commands that are not run here:
            NOT_RUN says why
  console   "$ command", and what it prints
  others    (json, xml, yaml, text) no commands

Printed and shown are compared with figures after a decimal point left aside, which
change with the models; a line "…" stands for any lines.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
from xml.etree import ElementTree

import certificates
import harness

# What no test here runs, with the reason: page, what the block begins with, why.
NOT_RUN = (
    ("CONTRIBUTING.md", "cmake --preset", "builds, as tests/run does"),
    ("CONTRIBUTING.md", "ctest --preset", "the long runs of tests that CTest runs shorter"),
    ("README.md", "deploy/quickstart", "installs and builds; a build that runs this has done so"),
    ("SECURITY.md", "tests/run --all", "runs this test"),
    ("docs/conformance.md", "tests/e2e/install-node-packages", "run by tests/run, by itself"),
    ("docs/corpora.md", "array=$(sbatch", "needs SLURM: deploy_slurm runs the scripts there"),
    ("docs/corpora.md", "kubectl apply", "needs a cluster: deploy_manifests renders and checks it"),
    ("docs/corpora.md", "/usr/bin/python3 tests/e2e/corpus_kill", "long: e2e_corpus_kill, shorter"),
    ("docs/deployment.md", "docker ", "needs Docker: deploy_container runs what the file says"),
    ("docs/deployment.md", "kubectl ", "needs a cluster: deploy_manifests renders and checks it"),
    ("docs/install.md", "deploy/build-packages", "long: e2e_packages runs what it calls"),
    ("docs/install.md", "systemctl ", "needs systemd as the first process"),
    ("docs/install.md", "install -m", "needs root: e2e_installed"),
    ("docs/language-id.md", "build/release/tests/quality", "long, needs labelled texts: tests/run --all"),
    ("docs/language-id.md", "build/release/tests/benchmark", "measures"),
    ("docs/language-spans.md", "build/release/tests/quality", "long, needs labelled texts: tests/run --all"),
    ("docs/load.md", "deploy/install-packages", "measures: e2e_load runs it shorter"),
    ("docs/maintaining.md", "cd proto && buf build", "makes a release"),
    ("docs/many-versions.md", "tests/quality/run", "long, needs gold alignments: tests/run --all"),
    ("docs/matching.md", "tests/quality/match_quality.py", "long, needs gold alignments"),
    ("docs/performance.md", "build/release/tests/benchmark", "measures"),
    ("docs/performance.md", "tests/benchmark/growth", "measures"),
    ("docs/quality.md", "build/release/tests/benchmark", "measures"),
    ("docs/quality.md", "tests/quality/", "long, needs gold alignments: tests/run --all"),
    ("docs/quality.md", "training/make-models", "trains: tests/quality/small_training does so in small"),
    ("docs/scoring.md", "training/make-models", "trains"),
    ("training/README.md", "training/make-", "trains: tests/training does so in small"),
)
# Pages whose blocks another test runs.
RUN_ELSEWHERE = {"docs/install.md": "tests/packages/installed_test.py"}

# Blocks that need what tests/e2e/install-node-packages fetches.
NEED_NODE = ("buf ", "npm ")

# The vectors of docs/models.md are 200,000 words long there, and 300 here; the server
# listens elsewhere.
REPLACED = {"200000": "300", "200001": "301", "127.0.0.1:50051": "{server}"}

SECONDS_OF_A_BLOCK = 120

server = None


def setUpModule():
    global server
    server = harness.Server()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


def pages():
    """All Markdown of the tree, by its path."""
    skipped = {"build", "node_modules", "third_party", ".git"}
    found = {}
    for folder, folders, files in os.walk(harness.ROOT):
        folders[:] = sorted(set(folders) - skipped)
        for name in sorted(files):
            if name.endswith(".md"):
                path = pathlib.Path(folder) / name
                found[str(path.relative_to(harness.ROOT))] = path.read_text()
    return found


def blocks(text):
    """(kind, content) of each fenced block, and whether another is right before it."""
    return [(match[1], match[2]) for match in
            re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def outputs(text):
    """What a page shows as the output of the sh block before it: {command: output}."""
    return {match[1]: match[2] for match in
            re.finditer(r"^```sh\n((?:(?!```).*\n)+?)```\n\n```\n((?:(?!```).*\n)+?)```$", text,
                        re.MULTILINE)}


def reason_not_run(page, block):
    for name, begin, reason in NOT_RUN:
        if name == page and block.startswith(begin):
            return reason
    return None


def without_figures(text):
    return [re.sub(r"\d+\.\d+", "0.0", line).rstrip() for line in text.splitlines()]


# A server that a page starts stays until it is told to go: here it goes when it serves.
# Its ports and addresses are taken, so it gets others.
HEXAPLAD = r"""#!/bin/bash
set -euo pipefail
arguments=()
for argument in "$@"; do
  arguments+=("$(sed -E 's/^(--(listen|metrics)=).*/\1127.0.0.1:0/' <<<"${argument}")")
done
[[ " $* " == *--listen* ]] || arguments+=(--listen=127.0.0.1:0)
coproc SERVER { exec "${HEXAPLAD}" "${arguments[@]}" 2>server.log; }
pid=${SERVER_PID}
read -r -t 60 line <&"${SERVER[0]}" || { cat server.log >&2; exit 1; }
[[ ${line} == 'listening on '* ]]
kill -TERM "${pid}"
wait "${pid}"
"""


class Folder:
    """Where a page's commands run."""

    def __init__(self, path):
        self.path = path / "work"
        shutil.copytree(harness.SAMPLES, self.path)
        programs = path / "bin"
        programs.mkdir()
        (programs / "hexapla").symlink_to(pathlib.Path(harness.CLIENT).resolve())
        (programs / "hexaplad").write_text(HEXAPLAD)
        (programs / "hexaplad").chmod(0o755)
        shutil.copytree(harness.ROOT / "examples", self.path / "examples",
                        ignore=shutil.ignore_patterns("node_modules"))
        for name in ("deploy", "docs", "models", "proto", "tests", "training"):
            (self.path / name).symlink_to(harness.ROOT / name)
        client = self.path / "client"
        client.mkdir()
        (client / "samples").symlink_to(harness.SAMPLES)
        (client / "completion").symlink_to(harness.ROOT / "client" / "completion")
        release = self.path / "build" / "release"
        for folder, program in (("client", "hexapla"), ("server", "hexaplad")):
            (release / folder).mkdir(parents=True)
            (release / folder / program).symlink_to(programs / program)
        heap = self.path / "heap"
        shutil.copytree(harness.SAMPLES, heap)
        for code in ("en", "fr"):
            rows = "".join(f"{code}{number} {' '.join(['0.5'] * 299)} {number}\n"
                           for number in range(300))
            (self.path / f"wiki.{code}.align.vec").write_text("300 300\n" + rows)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("HEXAPLA_")},
            "PATH": f"{programs}:{os.environ['PATH']}:{harness.NODE_FOLDER}/node_modules/.bin",
            "HEXAPLA_SERVER": server.address,
            "HEXAPLAD": str(pathlib.Path(harness.SERVER).resolve()), "LC_ALL": "C.UTF-8",
            "npm_config_prefer_offline": "true", "npm_config_audit": "false"}

    def make_secrets(self):
        authority = certificates.Authority(self.path)
        for path, name in zip(authority.issue("server"), ("tls.crt", "tls.key")):
            path.rename(self.path / name)
        (self.path / "tokens").write_text("a-token-for-the-test\n")
        (self.path / "tokens").chmod(0o600)

    def run(self, block):
        return subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=self.path,
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=SECONDS_OF_A_BLOCK, check=False)


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder_path = pathlib.Path(folder.name)

    def assert_shown(self, shown, printed):
        """Every shown line is printed, in this order; nothing more, unless "…" says so."""
        shown, printed = without_figures(shown), without_figures(printed)
        if "…" not in shown:
            self.assertEqual(shown, printed)
        rest = iter(printed)
        for line in shown:
            self.assertTrue(line == "…" or line in rest, f"not printed, or not here: {line}")

    def test_every_command_runs_and_prints_what_is_shown(self):
        count = 0
        for page, text in pages().items():
            if page in RUN_ELSEWHERE or not re.search(r"^```(sh|console)$", text, re.MULTILINE):
                continue
            folder = Folder(pathlib.Path(tempfile.mkdtemp(dir=self.folder_path)))
            if "tls.crt" in text:
                folder.make_secrets()
            shown = outputs(text)
            for kind, block in blocks(text):
                if kind not in ("sh", "console"):
                    continue
                count += 1
                expected = shown.get(block)
                if kind == "console":
                    commands = re.match(r"\$ ((?:.*\\?\n)(?:    .*\n)*)", block)
                    expected, block = block[commands.end():], commands[1]
                if page != "docs/operations.md":
                    for there, here in REPLACED.items():
                        block = block.replace(there, here.format(server=server.address))
                with self.subTest(page=page, block=block):
                    if block.startswith(NEED_NODE) and not harness.NODE_FOLDER.is_dir():
                        self.skipTest("no build/node: tests/e2e/install-node-packages")
                    done = folder.run(block)
                    self.assertEqual(done.returncode, 0, done.stderr.decode())
                    if expected is not None:
                        self.assert_shown(expected, done.stdout.decode())
        self.assertGreater(count, 20)

    def test_what_is_not_run_says_why(self):
        used = set()
        for page, text in pages().items():
            shown = set(outputs(text).values())
            for kind, block in blocks(text):
                if kind or block in shown:
                    continue
                with self.subTest(page=page):
                    self.assertIsNotNone(reason_not_run(page, block), block)
                used.update(entry for entry in NOT_RUN
                            if entry[0] == page and block.startswith(entry[1]))
        self.assertEqual(set(NOT_RUN) - used, set(), "no page has these any more")
        for page, test in RUN_ELSEWHERE.items():
            self.assertIn(pathlib.Path(page).name, (harness.ROOT / test).read_text())

    def test_samples_of_xml_are_real(self):
        """What align.md shows of XML is what the client writes, figures aside."""
        folder = Folder(self.folder_path)
        text = pages()["docs/align.md"]
        for kind, block in blocks(text):
            if kind == "sh" and "article.tmx" in block or "article.xlf" in block:
                folder.run(block)
        written = "".join((folder.path / f"article.{name}").read_text() for name in ("tmx", "xlf"))
        shown = [line.strip() for kind, block in blocks(text) if kind == "xml"
                 for line in block.splitlines()]
        self.assertGreater(len(shown), 10)
        for line in shown:
            if line != "…" and "probability" not in line:
                self.assertIn(line, written)


def anchors_of(text):
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")
        number = 0
        while (slug if number == 0 else f"{slug}-{number}") in found:
            number += 1
        found.add(slug if number == 0 else f"{slug}-{number}")
    return found


class Links(unittest.TestCase):
    def test_every_relative_link_leads_somewhere(self):
        texts = pages()
        anchors = {page: anchors_of(text) for page, text in texts.items()}
        count = 0
        for page, text in texts.items():
            prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
            for target in re.findall(r"\]\(([^)\s]+)\)", prose):
                if re.match(r"[a-z]+:", target):
                    continue
                count += 1
                with self.subTest(page=page, target=target):
                    path, _, anchor = target.partition("#")
                    there = (harness.ROOT / page).parent / path if path else harness.ROOT / page
                    self.assertTrue(there.exists())
                    if anchor and there.suffix == ".md":
                        name = os.path.relpath(there.resolve(), harness.ROOT.resolve())
                        self.assertIn(anchor, anchors[name])
        self.assertGreater(count, 100)

    def test_every_page_of_docs_can_be_found(self):
        linked = "".join(pages()[page] for page in ("README.md", "docs/README.md"))
        for path in (harness.ROOT / "docs").glob("*.md"):
            if path.name != "README.md":
                self.assertRegex(linked, rf"\]\((docs/)?{path.name}\)")

    def test_pictures_are_there_and_small(self):
        for page, text in pages().items():
            for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text):
                with self.subTest(page=page, name=name):
                    data = ((harness.ROOT / page).parent / name).read_bytes()
                    if name.endswith(".svg"):
                        ElementTree.fromstring(data)
                    else:
                        self.assertTrue(data.startswith(b"\x89PNG"))
                    self.assertLess(len(data), 200 << 10)


def tests_of_the_tree():
    """What CTest calls the tests, and their files by these names."""
    files = {}
    for path in (harness.ROOT / "tests").rglob("CMakeLists.txt"):
        text, folder = path.read_text(), path.parent
        for name in re.findall(r"hexapla_test\(\s*(\w+)", text):
            files[name] = [folder / source for source in
                           re.findall(r"[\w/]+_test\.cc", text)]
        for kind, name in re.findall(r"hexapla_(e2e|deploy)_test\((\w+) \d+\)", text):
            files[f"{kind}_{name}"] = [folder / f"{name}_test.py"]
        for names in re.findall(r"foreach\(name ([\w ]+)\)", text):
            for name in names.split():
                files[f"e2e_{name}"] = [folder / f"{name}_test.py"]
        for name in re.findall(r"add_test\(\s*NAME (\w+)", text):
            files.setdefault(name, [])
    for path in (harness.ROOT / "tests").rglob("*_test.cc"):
        files.setdefault(path.stem, [path])
    return files


def has_test(source, name):
    """Whether a class, a suite (a "Test" at its end left aside) or a case is called so."""
    return re.search(rf"\bclass {name}\b|\bTEST(_[FP])?\(\s*(\w+,\s*)?{name}(Test)?\b", source)


class Promises(unittest.TestCase):
    """Tables whose last column names the test: `NAME` of CTest or of a file, and behind it
    words with a capital, classes or cases of that file; or the path of a script."""

    TABLES = {"docs/promises.md": 40, "SECURITY.md": 10, "docs/operations.md": 15}

    def test_every_test_named_exists(self):
        known = tests_of_the_tree()
        for page, least in self.TABLES.items():
            text = pages()[page]
            rows = [row for row in re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
                    if re.search(r"`(\w+_test|(e2e|deploy)_\w+)`[^|]*$", row)]
            self.assertGreaterEqual(len(rows), least, page)
            for row in rows:
                cell = row.split(" | ")[-1]
                for name, words in re.findall(r"`([\w./-]+)`([^`]*)", cell):
                    with self.subTest(page=page, test=name):
                        if "/" in name:
                            self.assertTrue((harness.ROOT / name).exists())
                        elif re.fullmatch(r"\w+_test|(e2e|deploy)_\w+", name):
                            self.assertTrue(name in known, f"no test {name}")
                            source = "".join(file.read_text() for file in known[name])
                            for word in re.findall(r"\b[A-Z]\w+\b", words):
                                self.assertTrue(has_test(source, word), f"{name} has no {word}")

    def test_a_name_that_only_occurs_is_none(self):
        source = "class Life(Case):\nTEST_F(AlignStreamTest, EndsWell) {}\n# the Lifetime\n"
        for name in ("Life", "AlignStream", "AlignStreamTest", "EndsWell"):
            self.assertTrue(has_test(source, name), name)
        for name in ("Lifetime", "Align", "Ends", "Case"):
            self.assertFalse(has_test(source, name), name)

    def test_no_promise_is_without_a_test(self):
        for row in re.findall(r"^\| (.+) \|$", pages()["docs/promises.md"], re.MULTILINE):
            if row.startswith(("Promise |", "---")):
                continue
            self.assertRegex(row.split(" | ")[-1], r"`[\w./-]+`", row)


if __name__ == "__main__":
    harness.main()
