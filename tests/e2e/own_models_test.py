# SPDX-License-Identifier: Apache-2.0
"""A model directory of the user's: word vectors in text, a file a language, made by
the fastText tool; what is refused; fastText's own sentence vectors."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import harness

SPACE = harness.ROOT / "models" / "hexapla-space.ftz"
ADD_MODEL = harness.ROOT / "deploy" / "add-model"


def sample(language):
    return harness.SAMPLES / f"article.{language}.txt"


def fasttext(command, lines):
    """What the tool prints for each line: a word or a sentence, and its vector."""
    done = subprocess.run(["fasttext", command, SPACE], input="\n".join(lines) + "\n", text=True,
                          capture_output=True, check=True, timeout=120)
    return done.stdout.splitlines()


def write_vectors(path, language):
    """The words of the sample article with their vectors, as published files have them."""
    words = sorted(set(re.findall(r"\w+", sample(language).read_text().lower())))
    rows = fasttext("print-word-vectors", words)
    path.write_text("\n".join([f"{len(rows)} 200", *rows]) + "\n")


def add_model(directory, *arguments):
    return subprocess.run([ADD_MODEL, directory, *map(str, arguments)], capture_output=True,
                          text=True, timeout=60)


def beads(server, *languages):
    done = harness.run_client("align", "--format=tsv", *map(sample, languages),
                              server=server.address)
    assert done.returncode == 0, done.stderr
    return done


class OwnModels(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.models = self.folder / "models"

    def add(self, language, *arguments):
        file = self.folder / f"{language}.vec"
        write_vectors(file, language)
        done = add_model(self.models, file, "--kind=embedding", f"--languages={language}",
                         *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_file_a_language_aligns_like_the_space_it_is_of(self):
        self.add("en")
        self.add("fr")
        with harness.Server() as server:
            expected = beads(server, "en", "fr").stdout
        with harness.Server(f"--models={self.models}") as server:
            self.assertEqual(self.without_figures(beads(server, "en", "fr").stdout),
                             self.without_figures(expected))
            listed = harness.run_client("models", server=server.address).stdout.decode()
            self.assertRegex(listed, r"(?m)^en\b")
            self.assertRegex(listed, r"(?m)^fr\b")
            # Arabic has no vectors here.
            done = beads(server, "en", "ar")
            self.assertIn(b"does not cover ar", done.stderr)

    def test_words_count_by_their_frequency(self):
        self.add("en", "--word_weights=frequency")
        self.add("fr", "--word_weights=frequency")
        with harness.Server(f"--models={self.models}") as server:
            rows = beads(server, "en", "fr").stdout.decode().splitlines()
            self.assertGreater(len(rows), 5)

    @staticmethod
    def without_figures(tsv):
        """The sentences of the beads: the first fields, before probability and score."""
        return [re.findall(r"\[[\d, ]*\]", line) for line in tsv.decode().splitlines()]

    def test_what_does_not_fit_the_manifest_is_refused(self):
        self.add("en")
        vectors = self.models / "en.vec"
        whole = vectors.read_text()
        vectors.write_text(whole[:len(whole) // 2])
        done = harness.run_server(f"--models={self.models}", "--listen=127.0.0.1:0")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"en.vec: is damaged", done.stderr)
        # An honest manifest does not make it whole.
        done = add_model(self.models, vectors, "--kind=embedding", "--languages=en")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = harness.run_server(f"--models={self.models}", "--listen=127.0.0.1:0")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, rb"en.vec: (cut off: line 1 says|line \d+: )")

    def test_two_files_of_one_language_are_refused(self):
        self.add("en")
        shutil.copyfile(self.models / "en.vec", self.folder / "more.vec")
        done = add_model(self.models, self.folder / "more.vec", "--kind=embedding",
                         "--languages=fr,en")
        self.assertEqual((done.returncode, done.stderr), (1, "add-model: en has en already\n"))
        # Whoever writes the manifest by hand is told by the server.
        add_model(self.models, self.folder / "more.vec", "--kind=embedding", "--languages=fr")
        path = self.models / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["models"][-1]["languages"] = ["fr", "en"]
        path.write_text(json.dumps(manifest))
        done = harness.run_server(f"--models={self.models}", "--listen=127.0.0.1:0")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"en and more are one space, but both have the language en", done.stderr)

    def test_add_model_says_what_will_not_do(self):
        text = self.folder / "text.vec"
        text.write_text("no vectors at all\n")
        for arguments, error in [
                ((self.folder / "none.vec", "--kind=embedding", "--languages=en"), "no such file"),
                ((text, "--kind=embedding", "--languages=en"), "is neither"),
                ((text, "--kind=embedding"), "--languages: an embedding must have"),
        ]:
            done = add_model(self.models, *arguments)
            self.assertEqual(done.returncode, 1)
            self.assertIn(error, done.stderr)
        self.assertFalse(self.models.exists())
        self.assertEqual(add_model(self.models, text).returncode, 2)

    def test_add_model_loses_no_model_and_makes_no_directory_that_is_refused(self):
        self.add("en")
        before = (self.models / "manifest.json").read_text()
        wiki = self.folder / "fr" / "en.vec"
        wiki.parent.mkdir()
        write_vectors(wiki, "fr")
        short = self.folder / "short.vec"
        short.write_text("1 3\nmaison 1 0 0\n")
        empty = self.folder / "empty.vec"
        empty.write_text("1 0\nmaison\n")
        for file, arguments, error in [
                (wiki, ["--languages=fr"], "en is there already, as embedding of en; --name another"),
                (wiki, ["--languages=fr", "--name=fr"], "en.vec is the file of en; rename yours"),
                (wiki, ["--languages=fr", "--name=hexapla-lid"], "is there already"),
                (short, ["--languages=fr"], "en has vectors of dimension 200, not 3"),
                (empty, ["--languages=fr"], "its vectors have dimension 0"),
                (short, ["--languages=en, fr"], "' fr' is no BCP-47 tag"),
        ]:
            done = add_model(self.models, file, "--kind=embedding", *arguments)
            self.assertEqual(done.returncode, 1, (file, arguments))
            self.assertIn(error, done.stderr)
        self.assertEqual((self.models / "manifest.json").read_text(), before)
        (self.models / "manifest.json").write_text("{")
        done = add_model(self.models, short, "--kind=embedding", "--languages=fr")
        self.assertEqual(done.returncode, 1)
        self.assertIn("manifest.json: ", done.stderr)

    def test_add_model_replaces_what_has_the_same_name(self):
        self.add("en")
        before = json.loads((self.models / "manifest.json").read_text())
        self.add("en", "--licence=CC-BY-SA-3.0")
        after = json.loads((self.models / "manifest.json").read_text())
        self.assertEqual(len(after["models"]), len(before["models"]))
        self.assertEqual(after["models"][-1]["licence"], "CC-BY-SA-3.0")


class FastTextVectors(unittest.TestCase):
    def test_are_those_that_the_tool_prints(self):
        sentences = ["The ferry leaves at seven .", "Le traversier part à sept heures", "日本語"]
        api = harness.Api()
        request = api.type("EmbedSentencesRequest")(
            sentences=sentences, language="en", composition="COMPOSITION_FASTTEXT")
        with harness.Server() as server, harness.channel_to(server) as channel:
            reply = api.call(channel, "EmbeddingService", "EmbedSentences", request)
        printed = fasttext("print-sentence-vectors", sentences)
        for result, line in zip(reply.results, printed, strict=True):
            expected = [float(x) for x in line.split()[-200:]]
            for ours, theirs in zip(result.embedding.values, expected, strict=True):
                # Printed with five digits.
                self.assertAlmostEqual(ours, theirs, delta=1e-5 + 1e-4 * abs(theirs))


if __name__ == "__main__":
    harness.main()
