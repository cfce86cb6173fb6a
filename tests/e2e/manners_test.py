# SPDX-License-Identifier: Apache-2.0
"""The client's manners: help, manual pages, completion, colour and exit codes."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import harness

COMMANDS = ("align", "detect", "match", "score", "corpus", "models", "health")
MAN = harness.ROOT / "docs" / "man"
COMPLETION = harness.ROOT / "client" / "completion" / "make-completion"
SECONDS_OF_A_SHELL = 60
FILES = [harness.SAMPLES / f"article.{code}.txt" for code in ("en", "fr", "ar")]

server = None


def setUpModule():
    global server
    server = harness.Server()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], capture_output=True, timeout=60,
                          check=True).stdout.decode()


def flags_of(help_text):
    return set(re.findall(r"^ +(?:-h,)?(--[a-z_]+)", help_text, re.MULTILINE))


class Help(unittest.TestCase):
    def test_every_command_has_examples_that_name_it(self):
        for command in COMMANDS:
            text = help_of(harness.CLIENT, command)
            self.assertRegex(text, rf"(?m)^Examples?:\n(.*\n)*?  .*hexapla .*{command}", command)
        self.assertEqual(set(COMMANDS), set(re.findall(
            r"(?m)^  ([a-z]+)",
            help_of(harness.CLIENT).split("Subcommands:\n")[1].split("\n\n")[0])))

    def test_the_exceptional_twin_is_named(self):
        self.assertIn("--local_workers is $HEXAPLA_WORKERS", help_of(harness.CLIENT))
        self.assertIn("HEXAPLA_WORKERS", (MAN / "hexapla.1.in").read_text())

    def test_lines_fit_a_wide_terminal(self):
        for command in ((), *((name,) for name in COMMANDS)):
            for line in help_of(harness.CLIENT, *command).splitlines():
                self.assertLessEqual(len(line), 110, line)


class ManualPages(unittest.TestCase):
    def page(self, name, program, *commands):
        page = pathlib.Path(self.folder) / name
        with open(page, "wb") as out:
            subprocess.run([sys.executable, MAN / "make-man-page", MAN / f"{name}.in", program,
                            *commands], stdout=out, check=True, timeout=120)
        return page

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def assert_good(self, page, flags):
        if shutil.which("man") is None or shutil.which("groff") is None:
            self.skipTest("man-db or groff is absent")
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", str(page)],
                              capture_output=True, timeout=120,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "200",
                                   "MANPAGER": "cat", "MAN_KEEP_FORMATTING": ""})
        self.assertEqual(done.stderr.decode(), "")
        shown = re.sub(".\b", "", done.stdout.decode())
        for flag in flags:
            self.assertIn(flag, shown)

    def test_the_client_has_one(self):
        page = self.page("hexapla.1", harness.CLIENT, *COMMANDS)
        flags = flags_of(help_of(harness.CLIENT))
        for command in COMMANDS:
            flags |= flags_of(help_of(harness.CLIENT, command))
        self.assertIn("--encoding", flags)
        self.assert_good(page, flags)

    def test_the_server_has_one(self):
        flags = flags_of(help_of(harness.SERVER))
        self.assertIn("--listen", flags)
        self.assert_good(self.page("hexaplad.8", harness.SERVER), flags)


class CompletionCase(unittest.TestCase):
    """What a shell, SHELL, completes; its file is made as the build makes it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "hexapla").symlink_to(pathlib.Path(harness.CLIENT).resolve())
        cls.file = cls.folder / f"hexapla.{cls.SHELL}"
        with open(cls.file, "wb") as out:
            subprocess.run([sys.executable, COMPLETION, cls.SHELL, harness.CLIENT], stdout=out,
                           check=True, timeout=120)

    def setUp(self):
        if shutil.which(self.SHELL) is None:
            self.skipTest(f"no {self.SHELL}: tests/run --all installs it")


class FishCompletion(CompletionCase):
    SHELL = "fish"

    def complete(self, line):
        done = subprocess.run(
            ["fish", "--no-config", "-c", f"source '{self.file}'; complete -C '{line}'"],
            capture_output=True, timeout=120, cwd=harness.SAMPLES, check=False,
            env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}",
                 "HOME": str(self.folder)})
        self.assertEqual(done.stderr, b"")
        return {offer.split("\t")[0] for offer in done.stdout.decode().splitlines()}

    def test_commands_flags_values_and_files_are_offered(self):
        self.assertLessEqual(set(COMMANDS), self.complete("hexapla "))
        self.assertEqual(self.complete("hexapla --local mo"), {"models"})
        self.assertEqual(self.complete("hexapla align --no"), {"--no_merges"})
        self.assertIn("--server", self.complete("hexapla align --s"))
        self.assertNotIn("--no_merges", self.complete("hexapla detect --"))
        self.assertEqual(self.complete("hexapla align --format=t"),
                         {"--format=table", "--format=tsv", "--format=tmx"})
        self.assertEqual(self.complete("hexapla corpus --format x"), {"xliff"})
        self.assertEqual(self.complete("hexapla align article.f"), {"article.fr.txt"})


class ZshCompletion(CompletionCase):
    SHELL = "zsh"

    def setUp(self):
        super().setUp()
        main, secondary = pty.openpty()
        self.main = main
        self.process = subprocess.Popen(
            ["zsh", "-f", "-i"], stdin=secondary, stdout=secondary, stderr=secondary,
            cwd=harness.SAMPLES, start_new_session=True,
            env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", "TERM": "dumb",
                 "HOME": str(self.folder)})
        os.close(secondary)
        self.addCleanup(self.end)
        # What is echoed of this is not yet the prompt.
        self.type("bindkey -e; unsetopt beep; autoload -U compinit; compinit -D -u; "
                  f"source {self.file}; PS1='re''ady> '\n")
        self.wait_for("ready> ")

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.main)

    def type(self, text):
        os.write(self.main, text.encode())

    def wait_for(self, text):
        """Reads until this was printed."""
        printed, deadline = "", time.monotonic() + SECONDS_OF_A_SHELL
        while text not in printed:
            ready, _, _ = select.select([self.main], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, f"no {text!r} in {printed!r}")
            printed += os.read(self.main, 1 << 16).decode(errors="replace")

    def test_commands_flags_values_and_files_are_completed(self):
        for typed, completed in (("hexapla al", "ign "), ("hexapla --local mo", "dels "),
                                 ("hexapla align --no", "_merges "),
                                 ("hexapla align --format=tm", "x "),
                                 ("hexapla corpus --format=x", "liff "),
                                 ("hexapla align article.f", "r.txt ")):
            self.type(typed + "\t")
            self.wait_for(typed + completed)
            self.type("\x15")  # Ctrl-U: away with the line.


class BashCompletion(CompletionCase):
    SHELL = "bash"

    def complete(self, line):
        """What bash would offer at the end of a line."""
        words = re.findall(r"=|[^\s=]+", line) + ([""] if line.endswith((" ", "=")) else [])
        if line.endswith("="):
            words.pop()
        quoted = " ".join(f"'{word}'" for word in [harness.CLIENT, *words[1:]])
        script = (f"source '{self.file}'; COMP_WORDS=({quoted}); "
                  f"COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _hexapla; "
                  "printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, timeout=60,
                              cwd=harness.SAMPLES)
        self.assertEqual(done.stderr, b"")
        return set(done.stdout.decode().split())

    def test_commands_are_offered(self):
        self.assertEqual(self.complete("hexapla "), set(COMMANDS))
        self.assertEqual(self.complete("hexapla --local m"), {"match", "models"})

    def test_flags_of_the_command_are_offered(self):
        self.assertEqual(self.complete("hexapla align --no"), {"--no_merges"})
        self.assertIn("--server", self.complete("hexapla align --s"))
        self.assertNotIn("--no_merges", self.complete("hexapla detect --"))

    def test_values_are_offered(self):
        self.assertEqual(self.complete("hexapla align --format=t"), {"table", "tsv", "tmx"})
        self.assertEqual(self.complete("hexapla match --format="), {"tsv", "jsonl"})
        self.assertEqual(self.complete("hexapla corpus --format="), {"jsonl", "tmx", "xliff"})
        self.assertEqual(self.complete("hexapla align --input_format m"), {"markdown"})

    def test_files_are_offered(self):
        self.assertEqual(self.complete("hexapla align article.f"), {"article.fr.txt"})

    def test_the_value_of_a_flag_is_of_its_kind(self):
        self.assertEqual(self.complete("hexapla --auth_token_file article.f"), {"article.fr.txt"})
        self.assertEqual(self.complete("hexapla --auth_token_file=article.f"), {"article.fr.txt"})
        self.assertEqual(self.complete("hexapla --tls_ca mo"), set())
        self.assertEqual(self.complete("hexapla --models article"), set())
        self.assertEqual(self.complete("hexapla match --files_from article.f"),
                         {"article.fr.txt"})
        for line in ("--server ", "--timeout mo", "--local_workers=", "align --max_bead_size "):
            self.assertEqual(self.complete(f"hexapla {line}"), set(), line)
        self.assertEqual(self.complete("hexapla --tls mo"), {"models"})

    def test_values_are_those_the_client_takes(self):
        for command, flags in (("align", ("format", "input_format", "encoding")),
                               ("detect", ("format", "input_format")),
                               ("match", ("format",)), ("corpus", ("format", "progress")),
                               ("models", ("format",))):
            for flag in flags:
                for value in self.complete(f"hexapla {command} --{flag}="):
                    done = harness.run_client(command, f"--{flag}={value}", "--max_bead_size=0")
                    self.assertNotIn(f"--{flag}:".encode(), done.stderr)


def run_at_terminal(*arguments, **environment):
    """What the client writes when its standard output is a terminal."""
    main, secondary = pty.openpty()
    env = {k: v for k, v in os.environ.items() if not k.startswith("HEXAPLA_")}
    env.pop("NO_COLOR", None)
    env.update({"TERM": "xterm", "COLUMNS": "100", "HEXAPLA_SERVER": server.address},
               **environment)
    process = subprocess.Popen([harness.CLIENT, *map(str, arguments)], stdin=subprocess.DEVNULL,
                               stdout=secondary, stderr=subprocess.PIPE, env=env)
    os.close(secondary)
    out, deadline = b"", time.monotonic() + 60
    while select.select([main], [], [], max(0, deadline - time.monotonic()))[0]:
        try:
            block = os.read(main, 65536)
        except OSError:  # How Linux says that the other end is closed.
            break
        out += block
    os.close(main)
    _, errors = process.communicate(timeout=60)
    return process.returncode, out.decode(), errors.decode()


class Terminal(unittest.TestCase):
    def test_a_table_in_colour_at_a_terminal_only(self):
        code, out, _ = run_at_terminal("align", *FILES)
        self.assertEqual(code, 0)
        self.assertIn("\x1b[1m", out)
        self.assertIn(" │ ", re.sub("\x1b\\[[0-9;]*m", "", out))
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            code, out, _ = run_at_terminal("align", *FILES, **environment)
            self.assertEqual(code, 0)
            self.assertNotIn("\x1b", out)
            self.assertIn(" │ ", out)
        piped = harness.run_client("align", "--format=table", *FILES, server=server.address)
        self.assertNotIn(b"\x1b", piped.stdout)

    def test_the_table_keeps_to_the_width(self):
        for columns in (60, 132):
            _, out, _ = run_at_terminal("align", *FILES[:2], COLUMNS=str(columns), NO_COLOR="1")
            lines = [line.rstrip("\r") for line in out.splitlines()]
            self.assertLessEqual(max(map(len, lines)), columns)
            self.assertGreater(max(map(len, lines)), columns - 12)

    def test_right_to_left_cells_are_isolated_and_flush_right(self):
        _, out, _ = run_at_terminal("align", *FILES, NO_COLOR="1")
        rows = [line.rstrip("\r\n") for line in out.splitlines() if "\u2067" in line]
        self.assertGreater(len(rows), 20)
        for row in rows:
            self.assertTrue(row.endswith("\u2069"), row)


class ExitCodes(unittest.TestCase):
    def test_they_are_those_of_the_table(self):
        documented = dict(re.findall(r"(?m)^\| ([0-3]) \| ([^|]+) \|",
                                     (harness.ROOT / "docs/align.md").read_text()))
        self.assertEqual(set(documented), {"0", "1", "2", "3"})
        cases = {0: ("align", *FILES), 1: ("align", FILES[0], "/no/such/file"),
                 2: ("align", FILES[0])}
        for code, arguments in cases.items():
            done = harness.run_client(*arguments, server=server.address)
            self.assertEqual(done.returncode, code, done.stderr)
        done = harness.run_client("--connect_timeout=1s", "health", server="unix:/no/such/socket")
        self.assertEqual(done.returncode, 3, done.stderr)


class Messages(unittest.TestCase):
    def test_a_name_steers_no_terminal_and_adds_no_line(self):
        name = "/no/such\n\x1b[31mfile\x07"
        for arguments in (("align", FILES[0], name), ("align", f"--format={name}"),
                          ("match", name), ("detect", name), ("score", name),
                          ("corpus", name, "/dev/null"), (name,)):
            done = harness.run_client(*arguments, server=server.address)
            self.assertNotIn(b"\x1b", done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)


if __name__ == "__main__":
    harness.main()
