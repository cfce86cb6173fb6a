# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by the openssl command."""

import pathlib
import subprocess

import harness


class Authority:
    """A certificate authority in a folder: `ca` is its certificate's path."""

    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.ca = self.folder / f"{name}.pem"
        self.ca_key = self.folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", self.ca_key,
                "-out", self.ca)

    def issue(self, name, hosts=("DNS:localhost", "IP:127.0.0.1"), days=2):
        """A certificate and its key: (path, path)."""
        certificate = self.folder / f"{name}.pem"
        key = self.folder / f"{name}.key"
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(hosts)}\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.ca_key,
                "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key

    def server(self, token, *flags):
        """hexaplad with a certificate of this authority, for callers with the token."""
        certificate, key = self.issue("server")
        tokens = self.folder / "tokens"
        tokens.write_text(token + "\n")
        tokens.chmod(0o600)
        return harness.Server(f"--tls_cert={certificate}", f"--tls_key={key}",
                              f"--auth_tokens={tokens}", *flags)


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)
