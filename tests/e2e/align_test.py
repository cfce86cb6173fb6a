# SPDX-License-Identifier: Apache-2.0
"""Aligns and detects through the real server: the client's formats, the reply of
the call itself, and what must hold of every answer.
"""

import ast
import json
import os
import re
import tempfile
import unittest

import harness

LANGUAGES = ("en", "fr", "ar")
FILES = [harness.SAMPLES / f"article.{language}.txt" for language in LANGUAGES]
# The samples without blank lines: sentences as a caller would give them.
LINES = [[line for line in harness.sentences_of(f.read_bytes()) if line] for f in FILES]

server = None
api = None


def setUpModule():
    global server, api
    server = harness.Server()
    api = harness.Api()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


def client(*arguments, **options):
    return harness.run_client(*arguments, server=server.address, **options)


def beads_of(output):
    """The index lists and probabilities of --format=beads."""
    beads, probabilities = [], []
    for line in output.decode().splitlines():
        match = re.fullmatch(r"((?:\[[0-9, ]*\]:)+)([0-9.e-]+)", line)
        assert match, line
        beads.append([ast.literal_eval(side) for side in match[1][:-1].split(":")])
        probabilities.append(float(match[2]))
    return beads, probabilities


def unescape(field):
    codes = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}
    return re.sub(r"\\.", lambda match: codes[match[0]], field)


def tsv_rows(output):
    """The header and the rows of a TSV, cells still escaped."""
    lines = output.decode().split("\n")
    assert lines.pop() == "", "the last line ends too"
    assert lines[0].startswith("#"), lines[0]
    assert not any("\r" in line for line in lines)
    rows = [line.split("\t") for line in lines]
    return rows[0], rows[1:]


class FilesCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(data.encode() if isinstance(data, str) else data)
        return path

    def assert_done(self, done):
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout


class Align(FilesCase):
    def sentence_files(self):
        return [self.file(f"{language}.txt", "".join(f"{line}\n" for line in lines))
                for language, lines in zip(LANGUAGES, LINES)]

    def test_beads_hold_every_line_once(self):
        out = self.assert_done(client("align", "--lines", "--format=beads", *self.sentence_files()))
        beads, probabilities = beads_of(out)
        harness.covers_once(self, beads, [len(lines) for lines in LINES])
        self.assertTrue(all(0 <= p <= 1 for p in probabilities))

    def test_every_pair_of_versions_aligns_in_both_orders(self):
        files = self.sentence_files()
        for first in range(3):
            for second in range(3):
                if first != second:
                    out = self.assert_done(client(
                        "align", "--lines", "--format=beads", files[first], files[second]))
                    beads, _ = beads_of(out)
                    harness.covers_once(self, beads, [len(LINES[first]), len(LINES[second])])

    def test_raw_text_aligns_in_beads(self):
        beads, _ = beads_of(self.assert_done(client("align", "--format=beads", *FILES)))
        sizes = harness.sentence_counts(FILES, server.address)
        harness.covers_once(self, beads, sizes)
        # As many beads as sentences, give or take merges and what a version lacks.
        self.assertGreater(len(beads), 0.7 * min(sizes))

    def test_sixteen_versions_align(self):
        out = self.assert_done(client(
            "align", "--lines", "--format=beads", *(self.sentence_files() * 6)[:16]))
        beads, _ = beads_of(out)
        self.assertEqual({len(bead) for bead in beads}, {16})
        harness.covers_once(self, beads, [len(LINES[v % 3]) for v in range(16)])

    def test_same_files_give_the_same_bytes(self):
        for form in ("beads", "tsv", "table"):
            with self.subTest(form):
                first, second = (self.assert_done(client("align", f"--format={form}", *FILES))
                                 for _ in range(2))
                self.assertEqual(first, second)

    def test_tsv_has_the_columns_and_the_text(self):
        out = self.assert_done(client("align", "--lines", "--format=tsv", *self.sentence_files()))
        header, rows = tsv_rows(out)
        self.assertEqual(len(header), 3 + 3 * 3)
        seen = [[] for _ in LANGUAGES]
        for row in rows:
            self.assertEqual(len(row), len(header))
            self.assertTrue(0 <= float(row[1]) <= 1)
            float(row[2])
            for version, language in enumerate(LANGUAGES):
                indices, named, text = row[3 + 3 * version:6 + 3 * version]
                indices = [int(i) for i in re.findall(r"\d+", indices)]
                seen[version] += indices
                self.assertEqual(named, language)
                for index in indices:
                    self.assertIn(LINES[version][index], unescape(text))
        for version, indices in enumerate(seen):
            self.assertEqual(sorted(indices), list(range(len(LINES[version]))))

    def test_tsv_is_the_default_away_from_a_terminal(self):
        self.assertEqual(self.assert_done(client("align", *FILES)),
                         self.assert_done(client("align", "--format=tsv", *FILES)))

    def test_tsv_escapes_what_would_break_a_row(self):
        odd = "Tab\there, back\\slash, and \u2028 a line separator.\r\nNext.\r\n"
        files = [self.file("a.txt", odd), self.file("b.txt", odd)]
        header, rows = tsv_rows(self.assert_done(
            client("align", "--lines", "--languages=en,en", "--format=tsv", *files)))
        self.assertTrue(all(len(row) == len(header) for row in rows))
        text = " ".join(unescape(row[5]) for row in rows)
        self.assertIn("Tab\there, back\\slash, and \u2028 a line separator.", text)

    def test_jsonl_is_one_bead_an_object_and_a_summary(self):
        out = self.assert_done(client("align", "--lines", "--format=jsonl", *self.sentence_files()))
        *beads, last = [json.loads(line) for line in out.decode().splitlines()]
        sides = [[side.get("sentence_indices", []) for side in bead["sides"]] for bead in beads]
        harness.covers_once(self, sides, [len(lines) for lines in LINES])
        summary = last["summary"]
        self.assertEqual([v["language"] for v in summary["versions"]], list(LANGUAGES))
        self.assertEqual(len(summary["pairs"]), 3)
        self.assertTrue(summary["metadata"]["models"])

    def test_table_shows_every_sentence(self):
        out = self.assert_done(client("align", "--format=table", *FILES)).decode()
        for word in ("Marlena", "Velthuis", "batteries,", "carburant"):
            self.assertIn(word, out)

    def test_one_version_from_standard_input(self):
        files = self.sentence_files()
        expected = self.assert_done(client("align", "--lines", "--format=beads", *files[:2]))
        with open(files[0], "rb") as first:
            out = self.assert_done(client(
                "align", "--lines", "--format=beads", "-", files[1], stdin=first.read()))
        self.assertEqual(out, expected)

    def test_lines_end_at_lf_and_crlf_only(self):
        # A byte-order mark, a blank line, U+2028, U+0085, a form feed, no last newline.
        text = "\ufeffOne ship.\r\n\r\nTwo\u2028ships\u0085and\fa boat.\nThree ships."
        files = [self.file("a.txt", text), self.file("b.txt", text)]
        arguments = ("align", "--lines", "--languages=en,en")
        beads, _ = beads_of(self.assert_done(client(*arguments, "--format=beads", *files)))
        harness.covers_once(self, beads, [4, 4])
        # The blank line keeps its index and stays unaligned.
        self.assertIn([[1], []], beads)
        self.assertIn([[], [1]], beads)
        _, rows = tsv_rows(self.assert_done(client(*arguments, "--format=tsv", *files)))
        texts = "\n".join(unescape(row[5]) for row in rows)
        self.assertNotIn("\ufeff", texts)
        self.assertIn("Two\u2028ships\u0085and\fa boat.", texts)

    def test_min_probability_drops_beads(self):
        files = self.sentence_files()
        every, _ = beads_of(self.assert_done(
            client("align", "--lines", "--format=beads", *files)))
        some, probabilities = beads_of(self.assert_done(
            client("align", "--lines", "--format=beads", "--min_probability=0.9", *files)))
        self.assertTrue(all(p >= 0.9 for p in probabilities))
        self.assertLessEqual(len(some), len(every))
        self.assertTrue(all(bead in every for bead in some))

    def test_merges_can_be_limited(self):
        files = self.sentence_files()
        for flag in ("--no_merges", "--max_bead_size=1"):
            with self.subTest(flag):
                beads, _ = beads_of(self.assert_done(
                    client("align", "--lines", "--format=beads", flag, *files)))
                self.assertTrue(all(len(side) <= 1 for bead in beads for side in bead))
                harness.covers_once(self, beads, [len(lines) for lines in LINES])

    def test_unrelated_texts_raise_a_warning(self):
        other = harness.SAMPLES / "unrelated.en.txt"
        done = client("align", "--format=beads", other, FILES[1])
        self.assert_done(done)
        self.assertRegex(done.stderr.decode(),
                         r"warning: \S*unrelated\.en\.txt and \S*article\.fr\.txt look unrelated "
                         r"\(0\.\d+\)")
        done = client("align", "--format=beads", "--min_document_probability=0.5", other, FILES[1])
        self.assertEqual(done.returncode, 1)

    def test_versions_raise_no_warning(self):
        done = client("align", "--format=beads", "--min_document_probability=0.5", *FILES)
        self.assert_done(done)
        self.assertNotIn(b"unrelated", done.stderr)

    def test_local_gives_what_the_server_gives(self):
        arguments = ("align", "--format=beads", *FILES)
        self.assertEqual(self.assert_done(harness.run_client("--local", *arguments)),
                         self.assert_done(client(*arguments)))


class AlignCall(unittest.TestCase):
    """The reply itself, over a channel that is not our client's."""

    def align(self, versions, **options):
        request = api.type("AlignDocumentsRequest")(options=options or None)
        for version in versions:
            request.versions.add(**version)
        with harness.channel_to(server) as channel:
            return api.call(channel, "AlignmentService", "AlignDocuments", request)

    def test_offsets_cut_the_text_exactly_in_every_unit(self):
        # Beyond the BMP, combining marks and CRLF make the three units differ.
        texts = [f.read_bytes().decode() for f in FILES]
        texts[0] = "\U0001F6A2 A ship\u0301 came.\r\n\r\n" + texts[0]
        cut = {
            "ENCODING_TYPE_UNSPECIFIED": lambda t, b, e: t.encode()[b:e].decode(),
            "ENCODING_TYPE_UTF8": lambda t, b, e: t.encode()[b:e].decode(),
            "ENCODING_TYPE_UTF16":
                lambda t, b, e: t.encode("utf-16-le")[2 * b:2 * e].decode("utf-16-le"),
            "ENCODING_TYPE_CODE_POINT": lambda t, b, e: t[b:e],
        }
        for unit, slice_of in cut.items():
            with self.subTest(unit):
                reply = self.align([{"text": text} for text in texts],
                                   encoding_type=unit, return_text=True)
                sizes = [v.sentence_count for v in reply.summary.versions]
                sides = [[list(s.sentence_indices) for s in b.sides] for b in reply.beads]
                harness.covers_once(self, sides, sizes)
                for version, text in enumerate(texts):
                    sentences = reply.summary.versions[version].sentences
                    self.assertEqual(len(sentences), sizes[version])
                    end = 0
                    for sentence in sentences:
                        self.assertGreaterEqual(sentence.begin, end)
                        self.assertGreater(sentence.end, sentence.begin)
                        between = slice_of(text, end, sentence.begin)
                        self.assertEqual(between.strip(), "", "no text is left out")
                        piece = slice_of(text, sentence.begin, sentence.end)
                        self.assertEqual(piece, piece.strip())
                        end = sentence.end
                    self.assertEqual(slice_of(text, end, 1 << 30).strip(), "")
                    for bead in reply.beads:
                        side = bead.sides[version]
                        self.assertEqual(
                            list(side.sentences),
                            [slice_of(text, sentences[i].begin, sentences[i].end)
                             for i in side.sentence_indices])

    def test_given_sentences_come_back_as_they_are(self):
        given = [lines[:4] + ["", "  "] + lines[4:] for lines in LINES]
        reply = self.align([{"sentences": s, "language": l} for s, l in zip(given, LANGUAGES)],
                           return_text=True)
        sides = [[list(s.sentence_indices) for s in b.sides] for b in reply.beads]
        harness.covers_once(self, sides, [len(s) for s in given])
        for bead in reply.beads:
            for version, side in enumerate(bead.sides):
                self.assertEqual(list(side.sentences),
                                 [given[version][i] for i in side.sentence_indices])
                if set(side.sentence_indices) & {4, 5}:
                    others = [s for v, s in enumerate(bead.sides) if v != version]
                    self.assertFalse(any(o.sentence_indices for o in others))

    def test_reply_names_models_times_and_probabilities(self):
        reply = self.align([{"text": f.read_bytes().decode()} for f in FILES])
        summary = reply.summary
        self.assertEqual([v.language for v in summary.versions], list(LANGUAGES))
        self.assertTrue(all(v.language_detected for v in summary.versions))
        self.assertEqual([(p.first, p.second) for p in summary.pairs], [(0, 1), (0, 2), (1, 2)])
        self.assertAlmostEqual(summary.document_probability,
                               min(p.probability for p in summary.pairs), places=5)
        self.assertGreater(summary.document_probability, 0.5)
        self.assertTrue(summary.metadata.models)
        self.assertGreater(summary.metadata.compute_duration.ToNanoseconds(), 0)

    def test_language_the_space_does_not_cover_aligns_with_a_warning(self):
        lines = ["Nia 3 ŝipoj forlasis la havenon je 7:40.", "La vetero estis bona."]
        reply = self.align([{"sentences": ["Our 3 ships left the harbour at 7:40.",
                                           "The weather was fine."], "language": "en"},
                            {"sentences": lines, "language": "tlh"}])
        sides = [[list(s.sentence_indices) for s in b.sides] for b in reply.beads]
        harness.covers_once(self, sides, [2, 2])
        reasons = {w.Reason.Name(w.reason): list(w.indices) for w in reply.summary.warnings}
        self.assertEqual(reasons.get("REASON_LANGUAGE_NOT_COVERED"), [1])


class Detect(FilesCase):
    def test_names_the_samples(self):
        expected = {"article.en.txt": "en", "article.fr.txt": "fr", "article.ar.txt": "ar",
                    "article.vi.txt": "vi"}
        files = [harness.SAMPLES / name for name in expected]
        header, rows = tsv_rows(self.assert_done(client("detect", "--format=tsv", *files)))
        self.assertEqual(header, "#file line language confidence reliable script raw_label model"
                         .replace(" ", "\t").split("\t"))
        self.assertEqual([row[0] for row in rows], [str(f) for f in files])
        self.assertEqual([row[1] for row in rows], [""] * len(files))
        self.assertEqual([row[2] for row in rows], list(expected.values()))
        self.assertTrue(all(0 <= float(row[3]) <= 1 for row in rows))

    def test_a_row_for_each_line_blank_ones_too(self):
        text = "Where is the harbour?\n\nOù est le port ?\r\n12345\n"
        done = client("detect", "--lines", "--format=tsv", self.file("a.txt", text))
        _, rows = tsv_rows(self.assert_done(done))
        self.assertEqual([row[1] for row in rows], ["1", "2", "3", "4"])
        self.assertEqual([row[2] for row in rows], ["en", "und", "fr", "und"])

    def test_top_appends_pairs_and_candidates_restrict(self):
        path = self.file("a.txt", "Der Hafen ist heute wegen des Sturms geschlossen.\n")
        _, rows = tsv_rows(self.assert_done(client("detect", "--top=3", "--format=tsv", path)))
        self.assertEqual(len(rows[0]), 8 + 2 * 2)
        _, rows = tsv_rows(self.assert_done(
            client("detect", "--candidates=en,fr", "--format=tsv", path)))
        self.assertIn(rows[0][2], ("en", "fr"))

    def test_reads_standard_input(self):
        text = "Il porto è chiuso oggi a causa della tempesta.\n".encode()
        _, rows = tsv_rows(self.assert_done(client("detect", "--format=tsv", "-", stdin=text)))
        self.assertEqual(rows[0][2], "it")

    def test_jsonl_and_table_name_the_language_too(self):
        out = self.assert_done(client("detect", "--format=jsonl", FILES[2]))
        self.assertIn('"ar"', out.decode())
        json.loads(out.decode().splitlines()[0])
        self.assertIn("ar", self.assert_done(
            client("detect", "--format=table", FILES[2])).decode())


class Models(unittest.TestCase):
    def test_lists_the_space_and_the_identifier(self):
        with harness.channel_to(server) as channel:
            reply = api.call(channel, "ModelService", "ListModels", api.type("ListModelsRequest")())
        kinds = {m.kind: m for m in reply.models}
        space = kinds[2]
        self.assertGreater(space.dimension, 0)
        for language in ("en", "fr", "ar", "vi", "de", "es", "ru", "zh"):
            self.assertIn(language, space.languages)
        for model in reply.models:
            self.assertRegex(model.sha256, "^[0-9a-f]{64}$")
            self.assertNotEqual(model.licence, "")
        done = client("models")
        self.assertEqual(done.returncode, 0, done.stderr)
        for model in (kinds[1], space):
            self.assertIn(model.name, done.stdout.decode())


if __name__ == "__main__":
    harness.main()
