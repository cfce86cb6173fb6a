# SPDX-License-Identifier: Apache-2.0
"""Clients that share no code with ours make both calls: grpc-js (JavaScript) and
`buf curl` (Go, by reflection and by schema). Python's grpcio, the third, drives
the other programs here.
"""

import base64
import json
import os
import subprocess
import unittest

import harness

LANGUAGES = ["en", "fr", "ar"]
FILES = [harness.SAMPLES / f"article.{language}.txt" for language in LANGUAGES]
NODE_MODULES = harness.NODE_FOLDER / "node_modules"
BUF = NODE_MODULES / ".bin" / "buf"

server = None


def setUpModule():
    global server
    server = harness.Server()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


def run(*arguments, stdin=None):
    return subprocess.run([str(a) for a in arguments], input=stdin, capture_output=True,
                          timeout=60, cwd=harness.ROOT)


class ForeignCase(unittest.TestCase):
    def assert_alignment(self, reply, list_of):
        """Checks a reply as JSON; list_of(object, name) reads a field that may be left out."""
        versions = reply["summary"]["versions"]
        self.assertEqual([v["language"] for v in versions], LANGUAGES)
        sides = [[list_of(side, "sentence_indices") for side in bead["sides"]]
                 for bead in reply["beads"]]
        harness.covers_once(self, sides, [v["sentence_count"] for v in versions])


class GrpcJs(ForeignCase):
    def test_makes_both_calls(self):
        done = run("node", harness.ROOT / "tests/e2e/grpc_js_client.js", server.address,
                   NODE_MODULES, os.environ["HEXAPLA_PROTO_PATH"], *FILES)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        answer = json.loads(done.stdout)
        self.assert_alignment(answer["alignment"], lambda side, name: side[name])
        self.assertEqual([r["detection"]["language"] for r in answer["detection"]["results"]],
                         LANGUAGES)
        for version, cuts in enumerate(answer["cuts"]):
            by_index = {}
            for bead in answer["alignment"]["beads"]:
                side = bead["sides"][version]
                by_index.update(zip(side["sentence_indices"], side["sentences"]))
            self.assertEqual(cuts, [by_index[i] for i in range(len(cuts))])
        self.assertEqual(answer["refusal"], 3, "INVALID_ARGUMENT")


class BufCurl(ForeignCase):
    def curl(self, method, request, *flags):
        return run(BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", *flags,
                   "--data", "@-", f"http://{server.address}/hexapla.v1.{method}",
                   stdin=json.dumps(request).encode())

    def check_both_calls(self, *flags):
        texts = [f.read_bytes().decode() for f in FILES]
        done = self.curl("AlignmentService/AlignDocuments",
                         {"versions": [{"text": text} for text in texts]}, *flags)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        # buf prints proto3 JSON, lowerCamelCase, without default values.
        reply = json.loads(done.stdout)
        for version in reply["summary"]["versions"]:
            version["sentence_count"] = version["sentenceCount"]
        self.assert_alignment(reply, lambda side, name: side.get("sentenceIndices", []))
        done = self.curl("LanguageService/DetectLanguages", {"texts": texts}, *flags)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual([r["detection"]["language"] for r in json.loads(done.stdout)["results"]],
                         LANGUAGES)

    def test_makes_both_calls_by_reflection(self):
        self.check_both_calls()

    def test_makes_both_calls_by_schema(self):
        self.check_both_calls("--schema", "proto")

    def test_reflection_lists_every_service(self):
        done = run(BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--list-services",
                   f"http://{server.address}")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        listed = done.stdout.decode().split()
        for name in ("Alignment", "Language", "Embedding", "Model"):
            self.assertIn(f"hexapla.v1.{name}Service", listed)
        self.assertIn("grpc.health.v1.Health", listed)

    def test_reflection_describes_health(self):
        done = run(BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--data", "{}",
                   f"http://{server.address}/grpc.health.v1.Health/Check")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(json.loads(done.stdout), {"status": "SERVING"})

    def test_sees_the_details_of_an_error(self):
        done = self.curl("AlignmentService/AlignDocuments", {"versions": [{"text": "alone"}]})
        self.assertNotEqual(done.returncode, 0)
        error = json.loads(done.stderr)
        self.assertEqual(error["code"], "invalid_argument")
        details = {d["type"]: base64.b64decode(d["value"] + "==") for d in error["details"]}
        self.assertIn(b"TOO_FEW_VERSIONS", details["google.rpc.ErrorInfo"])
        self.assertIn(b"versions", details["google.rpc.BadRequest"])


class BufLint(unittest.TestCase):
    def test_the_contract_passes(self):
        done = run(BUF, "lint", "proto")
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())


if __name__ == "__main__":
    if not BUF.exists():
        harness.skip_all("run tests/e2e/install-node-packages first")
    harness.main()
