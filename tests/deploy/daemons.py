# SPDX-License-Identifier: Apache-2.0
"""Other people's daemons as processes of a test, on free ports of loopback."""

import pathlib
import socket
import subprocess
import tempfile
import time

# Loose: the machine may be slow and busy.
SECONDS_TO_START = 60
SECONDS_TO_STOP = 30


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(condition, what, seconds=SECONDS_TO_START, pause=0.1):
    """Waits until condition() is true, and gives what it gave. `what` may be a
    callable that tells how things stand."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(pause)


def accepts(port):
    """Whether somebody listens on a port of loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


class Daemon:
    """A process whose output goes to a file; a context manager that stops it."""

    def __init__(self, *arguments, **options):
        self._log = tempfile.NamedTemporaryFile(prefix="daemon-", suffix=".log")
        self.name = pathlib.Path(arguments[0]).name
        self.process = subprocess.Popen([str(argument) for argument in arguments],
                                        stdin=subprocess.DEVNULL, stdout=self._log,
                                        stderr=subprocess.STDOUT, **options)

    def log(self):
        return pathlib.Path(self._log.name).read_text(errors="replace")

    def wait_until(self, condition, what, seconds=SECONDS_TO_START):
        """Waits for a condition while the process lives."""
        def met():
            found = condition()
            if not found and self.process.poll() is not None:
                raise AssertionError(
                    f"{self.name} ended with {self.process.returncode}\n{self.log()}")
            return found

        return wait_until(met, lambda: f"{what}\n{self.log()[-5000:]}", seconds)

    def stop(self):
        """Stops it by SIGTERM, or at last by SIGKILL."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()
        self._log.close()
