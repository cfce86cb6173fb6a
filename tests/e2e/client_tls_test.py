# SPDX-License-Identifier: Apache-2.0
"""The client's connection: TLS, certificates, tokens, their environment twins, and
what it refuses before and after it has reached the server.
"""

import pathlib
import tempfile
import unittest

import certificates
import harness

TOKEN = "sesame-0123456789-0123456789-open"

folder = None
authority = None
server = None


def setUpModule():
    global folder, authority, server
    folder = tempfile.TemporaryDirectory()
    authority = certificates.Authority(folder.name)
    server = authority.server(TOKEN, f"--tls_client_ca={authority.ca}")


def tearDownModule():
    code, _ = server.stop()
    folder.cleanup()
    assert code == 0, server.log()


def run(*flags, command=("models",), env=None, connect_timeout="60s"):
    return harness.run_client(f"--server={server.address}", f"--connect_timeout={connect_timeout}",
                              *flags, *command, env=env, timeout=120)


class Connection(unittest.TestCase):
    def setUp(self):
        certificate, key = authority.issue("client", hosts=("DNS:client",))
        self.identity = (f"--tls_cert={certificate}", f"--tls_key={key}")
        self.ca = f"--tls_ca={authority.ca}"
        self.token = pathlib.Path(folder.name) / "token"
        self.token.write_text(TOKEN + "\n")

    def test_all_flags_together_reach_the_server(self):
        done = run(self.ca, *self.identity, f"--auth_token_file={self.token}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"hexapla", done.stdout)

    def test_so_do_their_twins(self):
        env = {flag[2:].split("=")[0]: flag.split("=")[1] for flag in (self.ca, *self.identity)}
        env = {f"HEXAPLA_{name.upper()}": value for name, value in env.items()}
        done = run(env={**env, "HEXAPLA_AUTH_TOKEN": TOKEN})
        self.assertEqual(done.returncode, 0, done.stderr)
        done = run(env={**env, "HEXAPLA_AUTH_TOKEN_FILE": str(self.token)})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_wrong_token_is_refused_by_the_server(self):
        for env in ({}, {"HEXAPLA_AUTH_TOKEN": "wrong-0123456789-0123456789-0123"}):
            done = run(self.ca, *self.identity, env=env)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertNotIn(b"wrong-", done.stderr)

    def test_a_token_is_never_sent_over_a_plain_connection(self):
        for flags, env in (((f"--auth_token_file={self.token}",), {}),
                           ((), {"HEXAPLA_AUTH_TOKEN": TOKEN})):
            done = run(*flags, env=env)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"over TLS only", done.stderr)
            self.assertNotIn(TOKEN.encode(), done.stderr)

    def test_no_connection_says_why(self):
        stranger = certificates.Authority(folder.name, name="stranger")
        for flags, reason in (
                ((f"--tls_ca={stranger.ca}", *self.identity), b"see --tls_ca"),
                ((self.ca, "--tls_server_name=example.org", *self.identity),
                 b"see --tls_server_name"),
                ((self.ca,), b"see --tls_cert"),
                ((), b"no connection to")):
            done = run(*flags, connect_timeout="1s")
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(reason, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_plain_server_is_named_as_one(self):
        with harness.Server() as plain:
            done = harness.run_client(f"--server={plain.address}", "--connect_timeout=1s", self.ca,
                                      "models", timeout=120)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"does not speak TLS", done.stderr)

    def test_files_that_are_no_certificates_are_named(self):
        for flags in ((f"--tls_ca={self.token}",), ("--tls_ca=/no/such/file",)):
            done = run(*flags)
            self.assertEqual(done.returncode, 1)
            self.assertIn(flags[0].split("=")[1].encode(), done.stderr)


if __name__ == "__main__":
    harness.main()
