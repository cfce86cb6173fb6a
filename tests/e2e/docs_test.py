# SPDX-License-Identifier: Apache-2.0
"""The commands in the documents: every block marked sh is run as it stands, in a
copy of the samples, with the real client and server."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import harness

PAGES = ("align.md",)

server = None


def setUpModule():
    global server
    server = harness.Server()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


class Documents(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name) / "work"
        shutil.copytree(harness.SAMPLES, self.work)
        programs = pathlib.Path(folder.name) / "bin"
        programs.mkdir()
        (programs / "hexapla").symlink_to(pathlib.Path(harness.CLIENT).resolve())
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("HEXAPLA_")},
            "PATH": f"{programs}:{os.environ['PATH']}", "HEXAPLA_SERVER": server.address}

    def run_block(self, block):
        return subprocess.run(["bash", "-euc", block], cwd=self.work, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def test_every_command_runs(self):
        for page in PAGES:
            text = (harness.ROOT / "docs" / page).read_text()
            blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
            self.assertGreater(len(blocks), 5, page)
            for block in blocks:
                with self.subTest(page=page, block=block):
                    done = self.run_block(block)
                    self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_the_samples_of_output_are_real(self):
        """What a page shows of XML and beads is what the client writes, figures aside."""
        text = (harness.ROOT / "docs" / "align.md").read_text()
        for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            self.run_block(block)
        written = (self.work / "article.tmx").read_text() + (self.work / "article.xlf").read_text()
        shown = [line.strip() for sample in re.findall(r"^```xml\n(.*?)^```$", text,
                                                       re.MULTILINE | re.DOTALL)
                 for line in sample.splitlines()]
        self.assertGreater(len(shown), 10)
        for line in shown:
            if line != "…" and "probability" not in line:
                self.assertIn(line, written)

    def test_pictures_are_there_and_small(self):
        for page in PAGES:
            for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)",
                                   (harness.ROOT / "docs" / page).read_text()):
                data = (harness.ROOT / "docs" / name).read_bytes()
                self.assertTrue(data.startswith(b"\x89PNG"), name)
                self.assertLess(len(data), 150 << 10, name)


if __name__ == "__main__":
    harness.main()
