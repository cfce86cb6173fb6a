# SPDX-License-Identifier: Apache-2.0
"""Three clients that share no code with ours (grpc-js, Python's grpcio, `buf curl`)
make every call of the contract over TLS with a token, and read the details of its
errors.
"""

import base64
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import grpc
from google.protobuf import json_format

import certificates
import harness

NODE_MODULES = harness.NODE_FOLDER / "node_modules"
BUF = NODE_MODULES / ".bin" / "buf"
TOKEN = "conformance-0123456789-0123456789"

EN = ["The ship came into the harbour.", "The captain paid 7 crowns.", "It rained."]
FR = ["Le navire entra dans le port.", "Le capitaine paya 7 couronnes.", "Il pleuvait."]
VERSIONS = {"versions": [{"language": "en", "sentences": EN}, {"language": "fr", "sentences": FR}]}

# The name of each kind of reply there must be, and requests that are answered.
CALLS = [
    ("AlignmentService", "AlignDocuments", [VERSIONS], "beads"),
    ("AlignmentService", "StreamAlignDocuments",
     [{"requestId": "a", "documents": VERSIONS}, {"requestId": "b", "documents": VERSIONS}],
     "summary"),
    ("AlignmentService", "ScorePairs",
     [{"sourceLanguage": "en", "targetLanguage": "fr",
       "pairs": [{"source": EN[0], "target": FR[0]}]}], "results"),
    ("AlignmentService", "MatchDocuments",
     [{"document": {"id": "a", "content": {"text": " ".join(EN)}}},
      {"document": {"id": "b", "content": {"text": " ".join(FR)}}}], "group"),
    ("LanguageService", "DetectLanguages", [{"texts": EN + FR}], "results"),
    ("LanguageService", "DetectSpans", [{"text": EN[0] + " " + FR[0]}], "spans"),
    ("LanguageService", "StreamDetectLanguages",
     [{"requestId": "a", "batch": {"texts": EN}}], "batch"),
    ("EmbeddingService", "EmbedSentences", [{"language": "en", "sentences": EN}], "results"),
    ("ModelService", "ListModels", [{}], "models"),
    ("ModelService", "GetModel", [{"name": "hexapla-space"}], "model"),
]
# Requests that are refused, and why.
WRONG = [
    ("AlignmentService", "AlignDocuments", [{"versions": [{"text": "alone"}]}],
     "TOO_FEW_VERSIONS"),
    ("AlignmentService", "ScorePairs", [{"sourceLanguage": "??", "pairs": [{}]}], ""),
    ("LanguageService", "DetectLanguages", [{"texts": EN, "options": {"topK": 99}}], ""),
    ("LanguageService", "DetectSpans", [{"text": EN[0], "options": {"candidates": ["??"]}}], ""),
    ("EmbeddingService", "EmbedSentences", [{"language": "??", "sentences": EN}], ""),
    ("ModelService", "GetModel", [{"name": "no-such-model"}], "MODEL_NOT_FOUND"),
]

server = None
authority = None
api = None
folder = None


def setUpModule():
    global server, authority, api, folder
    api = harness.Api()
    folder = tempfile.TemporaryDirectory()
    authority = certificates.Authority(folder.name)
    server = authority.server(TOKEN)


def tearDownModule():
    code, _ = server.stop()
    folder.cleanup()
    assert code == 0, server.log()


class Python:
    """Python's grpcio, with schemas that protoc read."""

    def make(self, calls, token):
        results = []
        credentials = grpc.ssl_channel_credentials(authority.ca.read_bytes())
        with grpc.secure_channel(server.address, credentials) as channel:
            for service, method, requests in calls:
                replies, code, details = [], 0, b""
                kinds = api.method_types(service, method)
                messages = [json_format.ParseDict(request, kinds[0]()) for request in requests]
                call = api.method(channel, service, method, messages[0])
                metadata = [("authorization", f"Bearer {token}")] if token else []
                try:
                    if len(requests) > 1 or method.startswith("Stream"):
                        replies = list(call(iter(messages), timeout=60, metadata=metadata))
                    else:
                        replies = [call(messages[0], timeout=60, metadata=metadata)]
                except grpc.RpcError as error:
                    code = error.code().value[0]
                    details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
                results.append(([json_format.MessageToDict(r) for r in replies], code, details))
        return results


class GrpcJs:
    def make(self, calls, token):
        words = json.dumps([{"service": s, "method": m, "requests": r} for s, m, r in calls])
        done = subprocess.run(
            ["node", harness.ROOT / "tests/e2e/grpc_js_calls.js", server.address, NODE_MODULES,
             os.environ["HEXAPLA_PROTO_PATH"], authority.ca, token],
            input=words.encode(), capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        return [(result["replies"], result["code"], base64.b64decode(result["details"]))
                for result in json.loads(done.stdout)]


class BufCurl:
    CODES = {"invalid_argument": 3, "not_found": 5, "failed_precondition": 9,
             "unauthenticated": 16}

    def make(self, calls, token):
        results = []
        for service, method, requests in calls:
            done = subprocess.run(
                [BUF, "curl", "--protocol", "grpc", "--cacert", authority.ca, "--schema", "proto",
                 *(["--header", f"authorization: Bearer {token}"] if token else []), "--data", "@-",
                 f"https://{server.address}/hexapla.v1.{service}/{method}"],
                input="\n".join(map(json.dumps, requests)).encode(), capture_output=True,
                timeout=120, cwd=harness.ROOT)
            code, details = 0, b""
            if done.returncode != 0:
                error = json.loads(done.stderr)
                code = self.CODES.get(error["code"], error["code"])
                status = api.type("google.rpc.Status")()
                for detail in error.get("details", ()):
                    status.details.add(type_url="type.googleapis.com/" + detail["type"],
                                       value=base64.b64decode(detail["value"] + "=="))
                details = status.SerializeToString()
            results.append((list(self.documents(done.stdout.decode())), code, details))
        return results

    @staticmethod
    def documents(text):
        """The JSON values of a text, which follow one another."""
        decoder, at = json.JSONDecoder(), 0
        while text[at:].strip():
            at += len(text[at:]) - len(text[at:].lstrip())
            value, at = decoder.raw_decode(text, at)
            yield value


class Conformance(unittest.TestCase):
    def check_every_call(self, client):
        results = client.make([call[:3] for call in CALLS], TOKEN)
        for (service, method, _, kind), (replies, code, details) in zip(CALLS, results):
            with self.subTest(f"{service}.{method}"):
                self.assertEqual(code, 0, details)
                self.assertTrue(any(kind in reply for reply in replies), replies)

    def check_every_error(self, client):
        results = client.make([call[:3] for call in WRONG], TOKEN)
        for (service, method, _, reason), (_, code, details) in zip(WRONG, results):
            with self.subTest(f"{service}.{method}"):
                self.assertIn(code, (3, 5, 9))
                self.assertIn(reason, self.info_of(details).reason)

    def check_no_token(self, client):
        for token in ("", "wrong-" + TOKEN):
            for _, code, details in client.make([call[:3] for call in CALLS[:5]], token):
                self.assertEqual(code, 16)
                self.assertEqual(self.info_of(details).reason, "TOKEN_INVALID")

    def info_of(self, details):
        for detail in api.type("google.rpc.Status").FromString(details).details:
            if detail.type_url.endswith("google.rpc.ErrorInfo"):
                info = api.type("google.rpc.ErrorInfo").FromString(detail.value)
                self.assertEqual(info.domain, "hexapla")
                return info
        self.fail("no ErrorInfo")

    def check(self, client):
        self.check_every_call(client)
        self.check_every_error(client)
        self.check_no_token(client)

    def test_python(self):
        self.check(Python())

    @unittest.skipUnless(NODE_MODULES.exists(), "run tests/e2e/install-node-packages first")
    def test_grpc_js(self):
        self.check(GrpcJs())

    @unittest.skipUnless(BUF.exists(), "run tests/e2e/install-node-packages first")
    def test_buf_curl(self):
        self.check(BufCurl())


class Table(unittest.TestCase):
    """docs/conformance.md names a test for each row; here is that it exists."""

    def sources_of(self, test):
        """What the test is written in."""
        if test.startswith("tests/"):
            return [harness.ROOT / test]
        if test.startswith("e2e_"):
            return [harness.ROOT / "tests" / "e2e" / f"{test[4:]}_test.py"]
        if test.startswith("deploy_"):
            return [harness.ROOT / "tests" / "deploy" / f"{test[7:]}_test.py"]
        if test == "service_test":
            return list((harness.ROOT / "tests" / "server" / "service").glob("*_test.cc"))
        return list((harness.ROOT / "tests" / "server").glob(f"*/{test}.cc"))

    def test_every_row_names_tests_that_exist(self):
        page = (harness.ROOT / "docs" / "conformance.md").read_text()
        rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
        self.assertGreater(len(rows), 20)
        for row in rows:
            ours = row.rsplit("|", 2)[1]
            if "all that this column names" in ours:
                continue
            proofs = re.findall(r"`((?:e2e_|deploy_|tests/)[a-z_/]+|[a-z_]+_test)`((?:,? [A-Z]\w+)*)",
                                ours)
            self.assertTrue(proofs, row)
            for test, parts in proofs:
                sources = self.sources_of(test)
                self.assertTrue(sources and all(path.exists() for path in sources), test)
                text = "".join(path.read_text() for path in sources)
                for part in re.findall(r"\w+", parts):
                    found = re.search(rf"(class|TEST|TEST_F)\b[ (]+{part}", text)
                    self.assertTrue(found, f"{test} has no {part}")


if __name__ == "__main__":
    harness.main()
