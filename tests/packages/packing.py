# SPDX-License-Identifier: Apache-2.0
"""What the tests of the packages share. HEXAPLA_BUILD names the build to pack."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HEXAPLA_BUILD", ROOT / "build/release"))
UNIT = ROOT / "deploy/debian/hexaplad.service"
NAMES = ("hexapla-client", "hexapla-models", "hexapla-server")

# Tells CTest (SKIP_RETURN_CODE) that nothing was tested.
EXIT_SKIPPED = 77


def skip_all(why):
    """Ends the program: nothing of it can be tested here."""
    print(f"skipped: {why}")
    sys.exit(EXIT_SKIPPED)


def run(*command, check=True, timeout=600, **more):
    """Runs a command; fails with what it said. Output is text, errors among it."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=timeout, check=False, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}\n{done.stdout}")
    return done


def pack(folder, **environment):
    """Packs the build into `folder`. Returns {package name: path}."""
    # Elsewhere a commit may come in between.
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "1795305600")
    run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch, **environment})
    packages = {path.name.split("_")[0]: path for path in sorted(folder.glob("*.deb"))}
    assert tuple(packages) == NAMES, packages
    return packages
