# SPDX-License-Identifier: Apache-2.0
"""The examples for other languages, run as their README says, through a server."""

import os
import pathlib
import subprocess
import sys
import unittest

import harness

LANGUAGES = ("en", "fr", "ar")
FILES = [harness.SAMPLES / f"article.{code}.txt" for code in LANGUAGES]
PYTHON = harness.ROOT / "examples" / "python" / "align.py"
NODE = harness.ROOT / "examples" / "node" / "align.js"

server = None


def setUpModule():
    global server
    server = harness.Server()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


def run(*command, **environment):
    return subprocess.run([str(word) for word in command], capture_output=True, timeout=120,
                          cwd=harness.ROOT, env={**os.environ, **environment})


class Examples(unittest.TestCase):
    def assert_aligns(self, *command, **environment):
        done = run(*command, server.address, *FILES, **environment)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
        self.assertEqual({len(row) for row in rows}, {1 + len(FILES)})
        for version, file in enumerate(FILES):
            text = " ".join(row[1 + version] for row in rows)
            for word in pathlib.Path(file).read_text().split():
                self.assertIn(word, text)

    def assert_fails_clearly(self, *command, **environment):
        done = run(*command, server.address, FILES[0], **environment)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"INVALID_ARGUMENT: ", done.stderr)

    def test_python_aligns(self):
        self.assert_aligns(sys.executable, PYTHON)
        self.assert_fails_clearly(sys.executable, PYTHON)

    def test_node_aligns(self):
        packages = harness.NODE_FOLDER / "node_modules"
        if not packages.is_dir():
            self.skipTest("no build/node: tests/e2e/install-node-packages")
        self.assert_aligns("node", NODE, NODE_PATH=str(packages))
        self.assert_fails_clearly("node", NODE, NODE_PATH=str(packages))

    def test_they_are_short(self):
        for file in (PYTHON, NODE):
            self.assertLess(len(file.read_text().splitlines()), 60, file)


if __name__ == "__main__":
    harness.main()
