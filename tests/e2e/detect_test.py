#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Languages from outside: identifiers of others, spans, streams and odd texts.

The identifiers are trained here, in a second, by Debian's fastText tool from the
few sentences below, with the labels that published ones have.
"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import grpc

import harness

MODELS = harness.ROOT / "models"
FASTTEXT = shutil.which("fasttext")

# By language: what a tiny model learns from.
SENTENCES = {
    "en": ["the ship came into the harbour", "we saw the old house by the river",
           "they have no bread for the winter", "the children were singing with their mother"],
    "fr": ["le bateau est entré dans le port", "nous avons vu la vieille maison près du fleuve",
           "ils sont sans pain pour cet hiver", "les enfants chantaient avec leur mère"],
    "sr": ["брод је ушао у луку", "видели смо стару кућу крај реке",
           "немају хлеба за ову зиму", "деца су певала са својом мајком"],
    "sr-Latn": ["brod je ušao u luku", "videli smo staru kuću kraj reke",
                "nemaju hleba za ovu zimu", "deca su pevala sa svojom majkom"],
    "zh-Hans": ["船 开 进 了 港口", "我们 看见 河边 的 旧 房子", "他们 这个 冬天 没有 面包",
                "孩子们 跟 母亲 一起 唱歌"],
    "ar": ["دخلت السفينة إلى الميناء", "رأينا البيت القديم قرب النهر",
           "ليس لديهم خبز لهذا الشتاء", "كان الأطفال يغنون مع أمهم"],
    "id": ["kapal itu masuk ke pelabuhan", "kami melihat rumah tua di tepi sungai",
           "mereka tidak punya roti untuk musim dingin", "anak-anak bernyanyi bersama ibu mereka"],
}
# The labels of published identifiers for these languages.
LABELS = {
    "openlid": {"en": "eng_Latn", "fr": "fra_Latn", "sr": "srp_Cyrl", "zh-Hans": "zho_Hans",
                "ar": "arb_Arab", "id": "ind_Latn"},
    "glotlid": {"en": "eng_Latn", "fr": "fra_Latn", "sr": "srp_Cyrl", "sr-Latn": "srp_Latn",
                "zh-Hans": "cmn_Hani", "ar": "arb_Arab", "id": "ind_Latn"},
    "lid-like": {"en": "en", "fr": "fr", "sr": "sr", "zh-Hans": "zh", "ar": "ar", "id": "id"},
    "iso639-3": {"en": "eng", "fr": "fra", "sr": "srp", "zh-Hans": "cmn", "ar": "arb",
                 "id": "ind"},
}
# Softmax and large dimensions as OpenLID, lid218 and GlotLID have them; the tree
# of lid.176; negative sampling for good measure.
SHAPES = {
    "openlid": ["-loss", "softmax", "-dim", "256", "-minn", "2", "-maxn", "5"],
    "glotlid": ["-loss", "softmax", "-dim", "64", "-minn", "2", "-maxn", "5"],
    "lid-like": ["-loss", "hs", "-dim", "16", "-minn", "2", "-maxn", "4"],
    "iso639-3": ["-loss", "ova", "-dim", "16", "-minn", "2", "-maxn", "5", "-wordNgrams", "2"],
}


def train(name, folder):
    """Trains the identifier `name`; returns its entry for the manifest."""
    text = folder / f"{name}.train"
    lines = [f"__label__{label} {sentence}"
             for language, label in LABELS[name].items()
             for sentence in SENTENCES[language]]
    text.write_text("\n".join(lines) + "\n", encoding="utf-8")
    subprocess.run(
        [FASTTEXT, "supervised", "-input", str(text), "-output", str(folder / name),
         "-epoch", "200", "-lr", "1.0", "-bucket", "5000", "-minCount", "1", "-thread", "1",
         *SHAPES[name]],
        check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    file = folder / f"{name}.bin"
    data = file.read_bytes()
    return {"name": name, "kind": "language-identifier", "version": "7", "file": file.name,
            "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "languages": [],
            "dimension": 0, "licence": "Apache-2.0", "source": "tests/e2e/detect_test.py"}


def make_models(folder):
    """The models of the source tree, and those trained here behind them."""
    manifest = json.loads((MODELS / "manifest.json").read_text(encoding="utf-8"))
    for file in MODELS.iterdir():
        if file.name != "manifest.json":
            (folder / file.name).symlink_to(file)
    for name in LABELS:
        manifest["models"].append(train(name, folder))
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


class Detection(unittest.TestCase):
    def setUp(self):
        self.channel = grpc.insecure_channel(server.target())
        self.addCleanup(self.channel.close)

    def detect(self, *texts, **options):
        request = api.type("DetectLanguagesRequest")(texts=texts, options=options)
        return api.call(self.channel, "LanguageService", "DetectLanguages", request)

    def spans(self, text, **options):
        request = api.type("DetectSpansRequest")(text=text, options=options)
        return api.call(self.channel, "LanguageService", "DetectSpans", request)


class ModelsOfOthers(Detection):
    def test_every_label_set_is_understood(self):
        for name, labels in LABELS.items():
            with self.subTest(name):
                known = [language for language in labels if language != "sr-Latn"]
                reply = self.detect(*(SENTENCES[language][0] for language in known), model=name)
                found = [result.detection for result in reply.results]
                self.assertEqual([f.raw_label for f in found], [labels[k] for k in known])
                # Four sentences without a telling character do not say which Chinese.
                self.assertEqual([f.language.replace("zh-Hans", "zh") for f in found],
                                 [k.replace("zh-Hans", "zh") for k in known])
                self.assertEqual({f.model for f in found}, {f"{name}@7"})

    def test_a_script_in_the_label_is_kept_where_it_is_not_the_usual_one(self):
        reply = self.detect(SENTENCES["sr-Latn"][1], model="glotlid")
        self.assertEqual(reply.results[0].detection.language, "sr-Latn")
        self.assertEqual(reply.results[0].detection.raw_label, "srp_Latn")

    def test_they_are_listed_behind_the_default(self):
        reply = api.call(self.channel, "ModelService", "ListModels", api.type("ListModelsRequest")(
            kind="MODEL_KIND_LANGUAGE_IDENTIFIER"))
        models = {model.name: model for model in reply.models}
        self.assertTrue(set(LABELS) < set(models))
        self.assertEqual([m.name for m in reply.models if m.is_default], [reply.models[0].name])
        self.assertNotIn(reply.models[0].name, LABELS)
        self.assertEqual(sorted(models["openlid"].languages),
                         ["ar", "en", "fr", "id", "sr", "zh-Hans"])

    def test_the_default_is_asked_unless_another_is_named(self):
        found = self.detect("The ship came into the harbour.").results[0].detection
        self.assertEqual(found.language, "en")
        self.assertNotIn(found.model.split("@")[0], LABELS)

    def test_spans_come_from_the_model_that_is_named(self):
        text = " ".join(SENTENCES["en"]) + ".\n" + " ".join(SENTENCES["fr"]) + ".\n"
        reply = self.spans(text, model="openlid")
        self.assertEqual([s.detection.raw_label for s in reply.spans], ["eng_Latn", "fra_Latn"])
        self.assertEqual(reply.spans[1].end, len(text.encode()))

    def test_an_absent_model_is_a_failed_precondition(self):
        for call in (lambda: self.detect("text", model="lid999"),
                     lambda: self.spans("text", model="lid999")):
            with self.assertRaises(grpc.RpcError) as caught:
                call()
            self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
            details = api.details(caught.exception)
            self.assertEqual(details["ResourceInfo"].resource_name, "lid999")
            self.assertEqual(details["ErrorInfo"].reason, "MODEL_NOT_FOUND")


class Spans(Detection):
    MIXED = ("The committee met again on Monday to talk about the new harbour.\n"
             "Der Ausschuss hat am Montag noch einmal über den neuen Hafen gesprochen.\n"
             "Комитет снова собрался в понедельник, чтобы обсудить новую гавань.\n")

    def test_paragraphs(self):
        reply = self.spans(self.MIXED)
        self.assertEqual([s.detection.language for s in reply.spans], ["en", "de", "ru"])
        data = self.MIXED.encode()
        lines = self.MIXED.splitlines(keepends=True)
        self.assertEqual([data[s.begin:s.end].decode() for s in reply.spans], lines)
        self.assertAlmostEqual(sum(s.share for s in reply.shares), 1, places=4)

    def test_a_quotation_within_a_sentence(self):
        text = "Als wir ankamen, rief sie «nous avons attendu toute la journée» und lachte laut."
        reply = self.spans(text)
        self.assertEqual([s.detection.language for s in reply.spans], ["de", "fr", "de"])
        data = text.encode()
        middle = data[reply.spans[1].begin:reply.spans[1].end].decode()
        self.assertEqual(middle.strip(), "«nous avons attendu toute la journée»")

    def test_one_language_is_not_cut(self):
        text = "The committee met again on Monday. It talked about the harbour, and went home."
        self.assertEqual(len(self.spans(text).spans), 1)

    def test_the_client_writes_them(self):
        done = harness.run_client("detect", "--spans", "--lines", server=server.address,
                                  stdin=self.MIXED.encode() + b"\n12345\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
        self.assertEqual(rows[0][:5], ["#file", "line", "begin", "end", "language"])
        self.assertEqual([row[1] for row in rows[1:]], ["1", "2", "3", "4", "5"])
        self.assertEqual([row[4] for row in rows[1:]], ["en", "de", "ru", "und", "und"])

    def test_the_client_names_model_and_options(self):
        done = harness.run_client("detect", "--model=openlid", "--top=2", "--hints=fr",
                                  "--candidates=en,fr", "--format=jsonl", server=server.address,
                                  stdin=SENTENCES["en"][0].encode())
        self.assertEqual(done.returncode, 0, done.stderr)
        detection = json.loads(done.stdout)["detection"]
        self.assertEqual((detection["language"], detection["model"]), ("en", "openlid@7"))
        self.assertEqual([a["language"] for a in detection["alternatives"]], ["fr"])
        done = harness.run_client("detect", "--spans", "--model=lid999", server=server.address,
                                  stdin=b"text")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"--model names a model that is not here: lid999", done.stderr)

    def test_macrolanguages(self):
        reply = self.detect(SENTENCES["id"][0], model="openlid", group_macrolanguages=True)
        self.assertEqual(reply.results[0].detection.language, "ms")


class Stream(Detection):
    def open(self, requests):
        method = self.channel.stream_stream(
            "/hexapla.v1.LanguageService/StreamDetectLanguages",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=api.type("StreamDetectLanguagesResponse").FromString)
        return method(iter(requests), timeout=harness.SECONDS_OF_A_CALL)

    @staticmethod
    def batch(request_id, *texts, **options):
        return api.type("StreamDetectLanguagesRequest")(
            request_id=request_id, batch={"texts": texts, "options": options})

    def test_batches_are_answered_by_id_and_fail_alone(self):
        requests = [self.batch(str(i), "The ship came into the harbour.", "Le bateau est parti.")
                    for i in range(300)]
        requests[7] = self.batch("7")
        requests[8] = self.batch("8", "text", model="lid999")
        replies = {reply.request_id: reply for reply in self.open(requests)}
        self.assertEqual(len(replies), 300)
        for request_id, reply in replies.items():
            if request_id in ("7", "8"):
                self.assertEqual(reply.WhichOneof("result"), "error", request_id)
            else:
                self.assertEqual([r.detection.language for r in reply.batch.results],
                                 ["en", "fr"])

    def test_a_caller_that_cancels_leaves_the_server_alive(self):
        call = self.open(self.batch(str(i), "The ship came. " * 1000) for i in range(10000))
        next(call)
        call.cancel()
        self.assertEqual(self.detect("The ship came.").results[0].detection.language, "en")

    def test_a_drain_ends_an_open_stream(self):
        # The harness has less patience than this grace.
        with harness.Server(f"--models={directory}", "--drain_grace=100s") as draining, \
                harness.channel_to(draining) as channel:
            self.channel, before = channel, self.channel
            closed = threading.Event()

            def requests():
                yield self.batch("a", "The ship came into the harbour.")
                closed.wait(harness.SECONDS_OF_A_CALL)

            call = self.open(requests())
            self.assertEqual(next(call).request_id, "a")
            code, _ = draining.stop()
            self.assertEqual(code, 0)
            with self.assertRaises(grpc.RpcError) as caught:
                next(call)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
            closed.set()
            self.channel = before


class OddTexts(Detection):
    def test_each_has_an_answer_of_its_own(self):
        texts = ["", "a", "\0\0\0", "abc\0def", "\u200f\u200e\u202b", "\U0001F600", "12345",
                 "The ship came into the harbour.", "\u16a0\u16a2\u16a6 \u16a8\u16b1\u16b2"]
        results = self.detect(*texts).results
        self.assertEqual([r.WhichOneof("result") for r in results], ["detection"] * len(texts))
        languages = [r.detection.language for r in results]
        for und in (0, 2, 4, 5, 6, 8):
            self.assertEqual(languages[und], "und", repr(texts[und]))
            self.assertFalse(results[und].detection.reliable)
        self.assertEqual(languages[7], "en")
        self.assertFalse(results[1].detection.reliable)
        for text in texts[1:]:
            reply = self.spans(text)
            self.assertEqual(reply.spans[0].begin, 0)
            self.assertEqual(reply.spans[-1].end, len(text.encode()))

    def test_broken_utf8_and_lone_surrogates_fail_the_call_and_not_the_server(self):
        # texts[0] or text: field 1.
        for data in (b"\x0a\x02\xc3\x28", b"\x0a\x03\xed\xa0\x80", b"\x0a\x01\xff"):
            for method in ("DetectLanguages", "DetectSpans"):
                with self.assertRaises(grpc.RpcError):
                    api.call(self.channel, "LanguageService", method, data)
        self.assertEqual(self.detect("The ship came.").results[0].detection.language, "en")

    def test_broken_utf8_in_a_file_is_found_by_the_client(self):
        for data, byte in ((b"ab\xff", b"2"), (b"\xed\xa0\x80", b"0")):
            for flags in ([], ["--spans"]):
                done = harness.run_client("detect", *flags, server=server.address, stdin=data)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"byte offset " + byte, done.stderr)

    def test_ten_megabytes_of_one_line(self):
        line = b"the ship came into the harbour " * 330000
        started = time.monotonic()
        done = harness.run_client("detect", "--lines", server=server.address, stdin=line)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode().splitlines()[1].split("\t")[2], "en")
        done = harness.run_client("detect", "--spans", server=server.address, stdin=line)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"hexapla: -", done.stderr)
        self.assertLess(time.monotonic() - started, 20)

    def test_a_long_text_is_answered_in_bounded_time(self):
        text = ("the ship came into the harbour " * 33000)[:1 << 20]
        started = time.monotonic()
        reply = self.spans(text)
        self.assertLess(time.monotonic() - started, 20)
        self.assertEqual([s.detection.language for s in reply.spans], ["en"])
        letters = self.spans("x" * (1 << 20))
        self.assertEqual(letters.spans[-1].end, 1 << 20)

    def test_a_text_over_the_limit_fails_alone(self):
        reply = self.detect("x" * ((1 << 20) + 1), "The ship came into the harbour.")
        self.assertEqual(reply.results[0].error.code, 8)
        self.assertIn("1048577", reply.results[0].error.message)
        self.assertEqual(reply.results[1].detection.language, "en")


if __name__ == "__main__":
    if FASTTEXT is None:
        harness.skip_all("fasttext (the command-line tool) is not installed")
    api = harness.Api()
    with tempfile.TemporaryDirectory() as directory:
        make_models(pathlib.Path(directory))
        with harness.Server(f"--models={directory}") as server:
            harness.main()
