# SPDX-License-Identifier: Apache-2.0
"""Bad input, to the call and to the client: each kind has its own answer, and the
server answers the next call after every one of them.
"""

import os
import socket
import tempfile
import unittest

import grpc

import harness

# Small limits, so that the tests need no large texts.
SENTENCE_BYTES_MAX = 1000
TEXT_BYTES_MAX = 5000
MESSAGE_BYTES_MAX = 20000

server = None
api = None


def setUpModule():
    global server, api
    server = harness.Server(f"--max_sentence_bytes={SENTENCE_BYTES_MAX}",
                            f"--max_document_bytes={TEXT_BYTES_MAX}",
                            f"--max_message_bytes={MESSAGE_BYTES_MAX}")
    api = harness.Api()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


class BadInput(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.channel = self.enterContext(harness.channel_to(server))
        self.addCleanup(self.assert_server_lives)

    def assert_server_lives(self):
        with harness.channel_to(server) as channel:
            reply = api.call(channel, "AlignmentService", "AlignDocuments",
                             self.request({"text": "The ship came."}, {"text": "Le navire vint."}))
        self.assertEqual(len(reply.summary.versions), 2)
        self.assertIsNone(server.process.poll())

    def request(self, *versions, **options):
        request = api.type("AlignDocumentsRequest")(options=options or None)
        for version in versions:
            request.versions.add(**version)
        return request


class BadCall(BadInput):
    def error_of(self, service, method, request):
        with self.assertRaises(grpc.RpcError) as caught:
            api.call(self.channel, service, method, request)
        return caught.exception

    def assert_refused(self, service, method, request, code, reason, field=None):
        """Checks code, reason and field of the error."""
        error = self.error_of(service, method, request)
        self.assertEqual(error.code().name, code, error.details())
        self.assertNotEqual(error.details(), "")
        details = api.details(error)
        self.assertIn("ErrorInfo", details, error.details())
        info = details["ErrorInfo"]
        self.assertEqual(info.reason, reason)
        self.assertEqual(info.domain, "hexapla")
        if field is not None:
            self.assertEqual(info.metadata["field"], field)
            if code == "INVALID_ARGUMENT":
                violations = details["BadRequest"].field_violations
                self.assertEqual([v.field for v in violations], [field])

    def assert_align_refused(self, request, code, reason, field=None):
        self.assert_refused("AlignmentService", "AlignDocuments", request, code, reason, field)
        self.assert_server_lives()

    GOOD = {"text": "The ship came. The wind turned."}

    def test_no_versions(self):
        self.assert_align_refused(self.request(), "INVALID_ARGUMENT", "TOO_FEW_VERSIONS",
                                  "versions")

    def test_one_version(self):
        self.assert_align_refused(self.request(self.GOOD), "INVALID_ARGUMENT",
                                  "TOO_FEW_VERSIONS", "versions")

    def test_seventeen_versions(self):
        self.assert_align_refused(self.request(*[self.GOOD] * 17), "INVALID_ARGUMENT",
                                  "TOO_MANY_VERSIONS", "versions")

    def test_no_text(self):
        self.assert_align_refused(self.request(self.GOOD, {}), "INVALID_ARGUMENT",
                                  "TEXT_MISSING", "versions[1].text")

    def test_white_space_only(self):
        for blank in (" ", "\n\n\t", "\u3000\u00a0\u2028", "\r\n"):
            with self.subTest(blank.encode()):
                self.assert_align_refused(self.request(self.GOOD, {"text": blank}),
                                          "INVALID_ARGUMENT", "TEXT_BLANK", "versions[1].text")

    def test_blank_sentences_only(self):
        self.assert_align_refused(self.request({"sentences": ["", " "]}, self.GOOD),
                                  "INVALID_ARGUMENT", "TEXT_BLANK", "versions[0].sentences")

    def test_text_and_sentences(self):
        both = {"text": "The ship came.", "sentences": ["The ship came."]}
        self.assert_align_refused(self.request(self.GOOD, both), "INVALID_ARGUMENT",
                                  "TEXT_AMBIGUOUS")

    def test_malformed_language(self):
        for language in ("e", "en_US!", "interlanguage", "-en", "en-", "12", "é"):
            with self.subTest(language):
                version = dict(self.GOOD, language=language)
                self.assert_align_refused(self.request(version, self.GOOD), "INVALID_ARGUMENT",
                                          "LANGUAGE_MALFORMED", "versions[0].language")

    def test_sentence_over_its_limit(self):
        long = "ship " * (SENTENCE_BYTES_MAX // 5) + "came"
        self.assert_align_refused(
            self.request(self.GOOD, {"sentences": ["The ship came.", long]}),
            "RESOURCE_EXHAUSTED", "SENTENCE_TOO_LONG", "versions[1].sentences[1]")

    def test_document_over_its_limit(self):
        text = "The ship came. " * (TEXT_BYTES_MAX // 15 + 1)
        self.assert_align_refused(self.request({"text": text}, self.GOOD),
                                  "RESOURCE_EXHAUSTED", "TEXT_TOO_LONG", "versions[0].text")

    def test_options_out_of_range(self):
        for options, field in (({"max_bead_size": 9}, "options.max_bead_size"),
                               ({"max_bead_size": -1}, "options.max_bead_size"),
                               ({"min_probability": 1.5}, "options.min_probability"),
                               ({"encoding_type": 99}, "options.encoding_type")):
            with self.subTest(field, **options):
                self.assert_align_refused(self.request(self.GOOD, self.GOOD, **options),
                                          "INVALID_ARGUMENT", "VALUE_OUT_OF_RANGE", field)

    def test_absent_model(self):
        request = self.request(self.GOOD, self.GOOD, model="no-such-model")
        self.assert_align_refused(request, "FAILED_PRECONDITION", "MODEL_NOT_FOUND")
        details = api.details(self.error_of("AlignmentService", "AlignDocuments", request))
        self.assertEqual(details["ResourceInfo"].resource_name, "no-such-model")

    def test_errors_never_repeat_the_text(self):
        secret = "Zanzibarbarbarossa"
        error = self.error_of("AlignmentService", "AlignDocuments",
                              self.request({"sentences": [secret * 100]}, self.GOOD))
        self.assertNotIn(secret, error.details())
        self.assertNotIn(secret, server.log())

    def test_empty_batch_to_detect(self):
        self.assert_refused("LanguageService", "DetectLanguages",
                            api.type("DetectLanguagesRequest")(), "INVALID_ARGUMENT",
                            "BATCH_EMPTY", "texts")

    def test_malformed_candidate(self):
        request = api.type("DetectLanguagesRequest")(
            texts=["The ship came."], options={"candidates": ["en", "f!"]})
        self.assert_refused("LanguageService", "DetectLanguages", request, "INVALID_ARGUMENT",
                            "LANGUAGE_MALFORMED", "options.candidates[1]")

    def test_any_text_has_a_language_or_und(self):
        request = api.type("DetectLanguagesRequest")(
            texts=["", " ", "12345", "!!!", "\U0001F602", "The ship came into the harbour."])
        reply = api.call(self.channel, "LanguageService", "DetectLanguages", request)
        self.assertEqual([r.detection.language for r in reply.results], ["und"] * 5 + ["en"])

    def test_empty_batches_of_pairs_and_sentences(self):
        self.assert_refused("AlignmentService", "ScorePairs", api.type("ScorePairsRequest")(),
                            "INVALID_ARGUMENT", "BATCH_EMPTY", "pairs")
        self.assert_refused("EmbeddingService", "EmbedSentences",
                            api.type("EmbedSentencesRequest")(), "INVALID_ARGUMENT",
                            "BATCH_EMPTY", "sentences")

    # What gRPC itself refuses: any code but OK, and the server lives on.

    def test_oversize_message(self):
        text = "ship " * MESSAGE_BYTES_MAX
        error = self.error_of("AlignmentService", "AlignDocuments",
                              self.request({"text": text}, self.GOOD))
        self.assertNotEqual(error.code(), grpc.StatusCode.OK)

    def test_malformed_bytes(self):
        for data in (b"\xff\xff\xff", b"\x0a\x7fshort", os.urandom(64) + b"\x0f"):
            self.error_of("AlignmentService", "AlignDocuments", data)
            self.error_of("LanguageService", "DetectLanguages", b"\x0a\x7fshort")
            self.assert_server_lives()

    def test_invalid_utf8_in_a_string(self):
        # DetectLanguagesRequest.texts[0], field 1, two bytes.
        self.error_of("LanguageService", "DetectLanguages", b"\x0a\x02\xc3\x28")

    def test_unknown_method(self):
        call = self.channel.unary_unary("/hexapla.v1.AlignmentService/NoSuchMethod")
        with self.assertRaises(grpc.RpcError) as caught:
            call(b"", timeout=harness.SECONDS_OF_A_CALL)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_expired_deadline(self):
        request = self.request(*[{"text": "The ship came. " * 300}] * 4)
        with self.assertRaises(grpc.RpcError) as caught:
            api.call(self.channel, "AlignmentService", "AlignDocuments", request, timeout=0.001)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def test_bytes_that_are_not_http2(self):
        host, port = server.address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\n\r\n\0\xff")
            raw.settimeout(2)
            try:
                raw.recv(4096)
            except TimeoutError:
                pass


class BadFile(BadInput):
    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(data.encode() if isinstance(data, str) else data)
        return path

    def good(self):
        return self.file("good.txt", "The ship came.\nThe wind turned.\n")

    def assert_exit(self, code, *arguments, words=(), **options):
        """Checks the exit code, the words, and that there is no output to mistake
        for a result: at most a header, for `detect` writes as it goes.
        """
        options.setdefault("server", server.address)
        done = harness.run_client(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        self.assertRegex(done.stdout, b"^(#[^\n]*\n)?$")
        self.assertNotEqual(done.stderr, b"")
        for word in words:
            self.assertIn(word, done.stderr.decode())

    def test_invalid_utf8_names_file_and_byte(self):
        # The first byte that no UTF-8 text has there is number 12, counted from 0.
        bad = self.file("bad.txt", b"A fine ship \xff.\n")
        for arguments in (["align", bad, self.good()], ["align", "--lines", self.good(), bad],
                          ["detect", bad], ["detect", "--lines", bad]):
            with self.subTest(arguments[:2]):
                self.assert_exit(1, *arguments, words=["bad.txt", "12"])
        for data in (b"cut \xe2\x82", b"surrogate \xed\xa0\x80", b"overlong \xc0\xaf"):
            with self.subTest(data):
                self.assert_exit(1, "detect", self.file("cut.txt", data),
                                 words=["cut.txt", str(data.index(b" ") + 1)])

    def test_missing_file(self):
        missing = os.path.join(self.folder, "missing.txt")
        self.assert_exit(1, "align", missing, self.good(), words=["missing.txt"])
        self.assert_exit(1, "detect", missing, words=["missing.txt"])

    def test_folder_instead_of_a_file(self):
        self.assert_exit(1, "align", self.folder, self.good(), words=[self.folder])

    def test_empty_and_blank_files(self):
        for data in ("", " \n\n", "\ufeff"):
            with self.subTest(data.encode()):
                self.assert_exit(1, "align", self.file("empty.txt", data), self.good())

    def test_errors_of_the_call_end_with_1(self):
        long = self.file("long.txt", "ship " * (SENTENCE_BYTES_MAX // 4))
        self.assert_exit(1, "align", "--lines", long, self.good())
        large = self.file("large.txt", "The ship came. " * (TEXT_BYTES_MAX // 10))
        self.assert_exit(1, "align", large, self.good())
        huge = self.file("huge.txt", "The ship came. " * MESSAGE_BYTES_MAX)
        self.assert_exit(1, "align", huge, self.good())
        self.assert_exit(1, "align", "--languages=en,12", self.good(), self.good())

    def test_wrong_usage(self):
        good = self.good()
        cases = [
            [], ["no_such_command"], ["align"], ["align", good], ["align", *[good] * 17],
            ["align", "--no_such_flag", good, good], ["align", "--format=pdf", good, good],
            ["align", "--max_bead_size=many", good, good],
            ["align", "--max_bead_size=0", good, good],
            ["align", "--min_probability=2", good, good],
            ["align", "--languages=en,fr,ar", good, good],
            ["align", "--input_format=pdf", good, good],
            ["align", "--format=pdf", good, good], ["align", "--encoding=klingon", good, good],
            ["align", "--format=xliff", good, good, good],
            ["detect", "--format=beads", good], ["detect", "--top=0", good],
            ["health", "extra"], ["--timeout=soon", "health"],
        ]
        for arguments in cases:
            with self.subTest(" ".join(arguments).replace(good, "FILE")):
                self.assert_exit(2, *arguments)

    def test_no_server_ends_with_3(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
            for command in (["health"], ["align", self.good(), self.good()]):
                with self.subTest(command[0]):
                    self.assert_exit(3, "--connect_timeout=1s", *command, server=address)

    def test_help_and_version_end_with_0(self):
        for arguments in (["--help"], ["--version"], ["align", "--help"]):
            with self.subTest(arguments):
                done = harness.run_client(*arguments)
                self.assertEqual(done.returncode, 0)
                self.assertNotEqual(done.stdout, b"")


if __name__ == "__main__":
    harness.main()
