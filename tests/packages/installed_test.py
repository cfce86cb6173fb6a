#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of the packages in a clean Debian: installed, used, upgraded, removed.

mmdebstrap makes the root from the sources that this machine's apt has. That takes
root and mounts; without them all is skipped. HEXAPLA_CLEAN_ROOT names a root made
earlier, to be copied instead.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import packing
from packing import NAMES, ROOT, run

SAMPLES = ROOT / "client/samples"
CONFIG = "etc/hexapla/hexaplad.conf"
LINK = "etc/systemd/system/multi-user.target.wants/hexaplad.service"
SECONDS_TO_SERVE = 120
SECONDS_TO_DRAIN = 120
HIGHER = "0.1.1-1"

work = None
root = None
packages = None


def sources():
    """The files of apt that name this release."""
    release = dict(re.findall(r"^(\w+)=(.*)$", pathlib.Path("/etc/os-release").read_text(),
                              re.MULTILINE))["VERSION_CODENAME"]
    apt = pathlib.Path("/etc/apt")
    files = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list")),
             *sorted(apt.glob("sources.list.d/*.sources"))]
    return release, [file for file in files if file.is_file() and release in file.read_text()]


def make_root(folder):
    if clean := os.environ.get("HEXAPLA_CLEAN_ROOT"):
        run("cp", "--archive", clean, folder)
        return
    settings = [line for line in run("apt-config", "dump").stdout.splitlines()
                if re.match(r"Acquire::(http|https|Check-|Retries)", line)]
    settings += ['Acquire::Languages "none";', 'Acquire::Retries "3";']
    options = folder.with_name("apt.conf")
    options.write_text("\n".join(settings) + "\n")
    release, files = sources()
    run("mmdebstrap", "--mode=root", "--variant=apt", f"--aptopt={options}",
        "--skip=cleanup/apt/lists", release, folder, *files)


def setUpModule():
    global work, root, packages
    work = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    root = pathlib.Path(work.name) / "root"
    make_root(root)
    # What a person would answer.
    (root / "etc/apt/apt.conf.d/90answers").write_text(
        'APT::Get::Assume-Yes "true";\n'
        'Dpkg::Options { "--force-confdef"; "--force-confold"; };\n')
    packages = packing.pack(pathlib.Path(work.name) / "packages")


def tearDownModule():
    work.cleanup()


def inside(*command, check=True, **more):
    """Runs a command in the root, where /proc is that of this machine."""
    script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
                   "LC_ALL": "C.UTF-8", **more}
    return run("unshare", "--mount", "sh", "-c", script, root, *command, check=check,
               env=environment)


def as_documented(command, **more):
    """Runs the block of commands of docs/install.md that begins so, where packages lie."""
    page = (ROOT / "docs/install.md").read_text()
    block = next(block for block in re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
                 if block.startswith(command))
    return inside("sh", "-euc", f"cd /srv/packages\n{block}", **more).stdout


def install(paths):
    folder = root / "srv/packages"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in paths:
        shutil.copy(path, folder)
    as_documented("apt-get install")


def higher(path):
    """The package at a higher version, with another default in its configuration."""
    folder = pathlib.Path(work.name) / "higher" / path.name
    folder.parent.mkdir(exist_ok=True)
    run("dpkg-deb", "--raw-extract", path, folder)
    control = folder / "DEBIAN/control"
    version = re.search(r"^Version: (.*)$", control.read_text(), re.MULTILINE)[1]
    control.write_text(control.read_text().replace(version, HIGHER))
    if (folder / CONFIG).exists():
        (folder / CONFIG).write_text((folder / CONFIG).read_text() + "\n# New in this version.\n")
    out = folder.with_name(path.name.replace(version, HIGHER))
    run("dpkg-deb", "--build", "--root-owner-group", "-Znone", folder, out)
    return out


class Service:
    """The server as the installed unit runs it; a context manager that drains it."""

    def __init__(self, **environment):
        self._log = pathlib.Path(tempfile.mkstemp(dir=work.name)[1])
        runner = pathlib.Path(__file__).with_name("run_unit.py")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", sys.executable, runner, root,
                 root / "lib/systemd/system/hexaplad.service"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment})

    def log(self):
        return self._log.read_text()

    def wait_for(self, pattern):
        """The first match of a pattern in what it says."""
        deadline = time.monotonic() + SECONDS_TO_SERVE
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.log()):
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"no {pattern} in\n{self.log()}")

    def __enter__(self):
        self.address = self.wait_for(r"(?m)^listening on (.*)$")[1]
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(SECONDS_TO_DRAIN)
        finally:
            self.process.kill()


def imitate_systemd():
    """From now on the root looks as if systemd ran there; calls of systemctl are kept."""
    (root / "run/systemd/system").mkdir(parents=True)
    systemctl = root / "usr/bin/systemctl"
    systemctl.write_text('#!/bin/sh\necho "$@" >>/var/log/systemctl\n')
    systemctl.chmod(0o755)


def calls_of_systemctl():
    log = root / "var/log/systemctl"
    return log.read_text() if log.exists() else ""


class Life(unittest.TestCase):
    """In the order of the names."""

    def hexapla(self, server, *arguments):
        return inside("hexapla", *arguments, HEXAPLA_SERVER=server)

    def test_1_apt_installs_them_with_what_they_need(self):
        install(packages.values())
        status = inside("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Abbrev}\\n",
                        *NAMES).stdout
        self.assertEqual(status.split(), [w for name in NAMES for w in (name, "ii")])
        self.assertEqual(inside("dpkg", "--audit").stdout, "")
        self.assertEqual(as_documented("dpkg --verify"), "")
        user = inside("getent", "passwd", "hexapla").stdout.split(":")
        self.assertLess(int(user[2]), 1000)
        self.assertEqual(user[5:], ["/nonexistent", "/usr/sbin/nologin\n"])
        # Enabled, although no systemd runs here to start it.
        self.assertTrue((root / LINK).is_symlink())
        self.assertIn("--tls_cert", inside("hexaplad", "--help").stdout)

    def test_2_the_server_runs_as_its_unit_says_and_serves(self):
        for name in ("en", "fr"):
            shutil.copy(SAMPLES / f"article.{name}.txt", root / "srv")
        with Service(HEXAPLA_LISTEN="127.0.0.1:0") as service:
            status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
            user = int(inside("id", "--user", "hexapla").stdout)
            self.assertRegex(status, rf"Uid:\t{user}\t{user}\t{user}\t{user}\n")
            self.assertIn("CapBnd:\t0000000000000000\n", status)
            self.assertIn("NoNewPrivs:\t1\n", status)
            self.assertIn("Seccomp:\t2\n", status)
            said = as_documented("hexapla health", HEXAPLA_SERVER=service.address)
            for word in ("SERVING", "hexapla-space", "lid.176"):
                self.assertIn(word, said)
            self.assertRegex(said, r"\bfr\b")
            detected = self.hexapla(service.address, "detect", "--format=tsv",
                                    "/srv/article.fr.txt").stdout
            self.assertIn("\tfr\t", detected)
            aligned = self.hexapla(service.address, "align", "--format=tsv",
                                   "/srv/article.en.txt", "/srv/article.fr.txt").stdout
            self.assertRegex(aligned, "She admitted that she had slept badly.*Elle a reconnu")
            service.process.send_signal(signal.SIGHUP)
            service.wait_for(r'"event":"reload"[^\n]*"models"')
        self.assertEqual(service.process.returncode, 0, service.log())
        for line in service.log().splitlines():
            self.assertRegex(line, r'^(\{"time":.*\}|listening on .*)$')
        # What it must not write, it did not.
        self.assertEqual(inside("find", "/", "-xdev", "-user", "hexapla", "-not", "-path",
                                "/run/*").stdout, "")

    def test_3_the_client_needs_no_server(self):
        aligned = inside("hexapla", "align", "--local", "--format=tsv", "/srv/article.en.txt",
                         "/srv/article.fr.txt").stdout
        self.assertIn("Elle a reconnu", aligned)

    def test_4_a_changed_configuration_survives_an_upgrade(self):
        config = root / CONFIG
        changed = config.read_text().replace("#listen=127.0.0.1:50051",
                                             "listen=unix:/run/hexapla/hexapla.sock")
        self.assertNotEqual(changed, config.read_text())
        config.write_text(changed)
        imitate_systemd()
        install([higher(path) for path in packages.values()])
        versions = inside("dpkg-query", "--show", "--showformat=${Version}\\n", *NAMES).stdout
        self.assertEqual(set(versions.split()), {HIGHER})
        self.assertEqual(config.read_text(), changed)
        self.assertIn("New in this version", config.with_suffix(".conf.dpkg-dist").read_text())
        self.assertRegex(calls_of_systemctl(), r"(?m)^.*\brestart hexaplad.service$")
        with Service() as service:
            self.assertEqual(service.address, "unix:/run/hexapla/hexapla.sock")
            path = root / "run/hexapla/hexapla.sock"
            self.assertEqual(path.stat().st_mode & 0o777, 0o770)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
            self.assertIn("SERVING", self.hexapla(service.address, "health").stdout)
        self.assertEqual(service.process.returncode, 0, service.log())

    def test_5_removed_the_configuration_stays_and_purged_it_goes(self):
        as_documented("apt-get remove")
        self.assertRegex(calls_of_systemctl(), r"(?m)^.*\bstop hexaplad.service$")
        self.assertTrue((root / CONFIG).exists())
        for path in ("usr/bin/hexaplad", "usr/bin/hexapla", "usr/share/hexapla",
                     "lib/systemd/system/hexaplad.service"):
            self.assertFalse((root / path).exists(), path)
        as_documented("apt-get purge")
        # run_unit.py stands for systemd, which removes this with the service.
        shutil.rmtree(root / "run/hexapla", ignore_errors=True)
        left = inside("find", "/", "-xdev", "-name", "*hexapla*", "-not", "-path", "/proc/*",
                      "-not", "-path", "/srv/*").stdout
        self.assertEqual(left, "")
        # The user stays, so that nobody else gets its number; nothing belongs to it.
        user = inside("id", "--user", "hexapla").stdout.strip()
        self.assertEqual(inside("find", "/", "-xdev", "-uid", user).stdout, "")
        self.assertEqual(inside("dpkg", "--audit").stdout, "")


def obstacle():
    """Why there can be no clean root, or nothing."""
    if not (packing.BUILD / "CPackConfig.cmake").is_file():
        return f"{packing.BUILD} is not configured"
    if os.geteuid() != 0:
        return "a clean root takes root's rights"
    if not shutil.which("mmdebstrap") and "HEXAPLA_CLEAN_ROOT" not in os.environ:
        return "mmdebstrap is not installed"
    probe = run("unshare", "--mount", "sh", "-c", "mount -t proc proc /proc", check=False)
    if probe.returncode != 0:
        return f"mounts are refused: {probe.stdout.strip()}"
    return None


if __name__ == "__main__":
    if why := obstacle():
        packing.skip_all(why)
    unittest.main(verbosity=2, failfast=True)
