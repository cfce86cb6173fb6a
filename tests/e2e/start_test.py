# SPDX-License-Identifier: Apache-2.0
"""How hexaplad starts, fails to start, and ends."""

import os
import pathlib
import shutil
import socket
import tempfile
import time
import unittest

import harness

MODELS = harness.ROOT / "models"


class Start(unittest.TestCase):
    def assert_serves(self, server):
        done = harness.run_client("health", server=server.address)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_prints_only_its_addresses_and_ends_with_0_on_sigterm(self):
        with harness.Server() as server:
            self.assert_serves(server)
            host, port = server.address.rsplit(":", 1)
            self.assertEqual(host, "127.0.0.1")
            self.assertGreater(int(port), 0)
            code, out = server.stop()
        self.assertEqual(code, 0)
        self.assertEqual(out, f"listening on {server.address}\n")

    def test_serves_from_any_working_directory(self):
        with tempfile.TemporaryDirectory() as folder, harness.Server(cwd=folder) as server:
            self.assert_serves(server)

    def test_serves_on_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "hexapla.sock")
            with harness.Server(listen=f"unix:{path}") as server:
                self.assertEqual(server.address, f"unix:{path}")
                self.assert_serves(server)

    def test_serves_on_several_addresses(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "hexapla.sock")
            with harness.Server(f"--listen=unix:{path}") as server:
                self.assert_serves(server)
                done = harness.run_client("health", server=f"unix:{path}")
                self.assertEqual(done.returncode, 0, done.stderr)
                code, out = server.stop()
        self.assertEqual(code, 0)
        self.assertEqual(
            out, f"listening on {server.address}\nlistening on unix:{path}\n")

    def test_takes_flags_from_the_environment(self):
        environment = {"HEXAPLA_LISTEN": "127.0.0.1:0"}
        with harness.Server(listen=None, env=environment) as server:
            self.assert_serves(server)

    def test_is_ready_within_seconds(self):
        begin = time.monotonic()
        with harness.Server():
            # The goal is one second on an idle machine; tests run beside others.
            self.assertLess(time.monotonic() - begin, 10)


class StartFailure(unittest.TestCase):
    def assert_fails(self, flags, code, *words, env=None):
        """Exits with `code`, nothing on standard output, one line that has the words."""
        done = harness.run_server(*flags, env=env)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, b"")
        lines = done.stderr.decode().strip().splitlines()
        self.assertGreaterEqual(len(lines), 1)
        if code == 1:
            self.assertEqual(len(lines), 1, lines)
        for word in words:
            self.assertIn(word, done.stderr.decode())

    def test_missing_models_folder(self):
        self.assert_fails(["--listen=127.0.0.1:0", "--models=/nowhere/models"], 1,
                          "/nowhere/models")

    def test_empty_models_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assert_fails(["--listen=127.0.0.1:0", f"--models={folder}"], 1, folder)

    def copy_of_models(self, folder):
        copy = pathlib.Path(folder) / "models"
        shutil.copytree(MODELS, copy)
        return copy

    def model_files(self):
        files = sorted(p.name for p in MODELS.iterdir() if p.stat().st_size > 100_000)
        self.assertGreaterEqual(len(files), 2, "the space and the language identifier")
        return files

    def test_missing_model_file(self):
        for name in self.model_files():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                copy = self.copy_of_models(folder)
                (copy / name).unlink()
                self.assert_fails(["--listen=127.0.0.1:0", f"--models={copy}"], 1, name)

    def test_cut_model_file(self):
        for name in self.model_files():
            for size in (0, 20, 100, 500):
                with self.subTest(name, size=size), tempfile.TemporaryDirectory() as folder:
                    copy = self.copy_of_models(folder)
                    os.truncate(copy / name, size)
                    self.assert_fails(["--listen=127.0.0.1:0", f"--models={copy}"], 1, name)

    def test_one_changed_byte_in_a_model_file(self):
        for name in self.model_files():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                copy = self.copy_of_models(folder)
                data = bytearray((copy / name).read_bytes())
                data[len(data) // 2] ^= 0x10
                (copy / name).write_bytes(data)
                self.assert_fails(["--listen=127.0.0.1:0", f"--models={copy}"], 1, name)

    def test_busy_port(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.assert_fails([f"--listen=127.0.0.1:{port}"], 1, str(port))

    def test_port_of_another_server(self):
        with harness.Server() as first:
            self.assert_fails([f"--listen={first.address}"], 1, first.address.split(":")[1])
            done = harness.run_client("health", server=first.address)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_bad_usage(self):
        cases = {
            "unknown flag": ["--no_such_flag"],
            "address without a port": ["--listen=127.0.0.1"],
            "port out of range": ["--listen=127.0.0.1:65536"],
            "workers that are no number": ["--workers=many"],
            "negative workers": ["--workers=-1"],
            "plain listener beyond loopback": ["--listen=0.0.0.0:0"],
            "an argument that is no flag": ["somewhere"],
        }
        for name, flags in cases.items():
            with self.subTest(name):
                self.assert_fails(flags, 2)

    def test_bad_value_in_the_environment(self):
        self.assert_fails(["--listen=127.0.0.1:0"], 2, env={"HEXAPLA_WORKERS": "many"})

    def test_help_and_version_end_with_0(self):
        for flag in ("--help", "--version"):
            with self.subTest(flag):
                done = harness.run_server(flag)
                self.assertEqual(done.returncode, 0)
                self.assertNotEqual(done.stdout, b"")


if __name__ == "__main__":
    harness.main()
