# SPDX-License-Identifier: Apache-2.0
"""The protocol as buf sees it: clean, and compatible with what was released."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import harness

PROTO = harness.ROOT / "proto"
RELEASED = PROTO / "released" / "hexapla-v1.binpb"
BUF = harness.NODE_FOLDER / "node_modules" / ".bin" / "buf"
if not BUF.exists():
    harness.skip_all("no build/node: tests/e2e/install-node-packages")


def buf(*arguments, cwd=PROTO):
    return subprocess.run([str(BUF), *map(str, arguments)], capture_output=True, text=True,
                          cwd=cwd, timeout=120, check=False)


class Protocol(unittest.TestCase):
    def copy(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(shutil.copytree(PROTO, pathlib.Path(folder.name) / "proto"))

    def test_it_is_clean(self):
        done = buf("lint")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_what_was_released_still_holds(self):
        done = buf("breaking", "--against", RELEASED, "--path", "hexapla")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_a_change_that_breaks_is_found(self):
        proto = self.copy()
        file = proto / "hexapla" / "v1" / "alignment_service.proto"
        text, count = re.subn(r"float probability = \d+;", "float likelihood = 77;",
                              file.read_text(), count=1)
        self.assertEqual(count, 1)
        file.write_text(text)
        done = buf("breaking", "--against", RELEASED, "--path", "hexapla", cwd=proto)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("probability", done.stdout)


if __name__ == "__main__":
    harness.main()
