# SPDX-License-Identifier: Apache-2.0
"""Formats of align in and out, through the real server and client.

TMX is read back by Debian's translate-toolkit. No Debian package carries the
schemas of TMX 1.4b or XLIFF 2.1; what they and the standards' text ask of the
elements we write stands in the grammars beside this file, which lxml checks.
"""

import json
import pathlib
import re
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import harness

try:
    from lxml import etree as lxml
    from translate.storage import tmx as translate_tmx
except ImportError:
    lxml = translate_tmx = None
NO_READERS = "python3-translate and python3-lxml are absent: tests/run --all installs them"

XLIFF = "{urn:oasis:names:tc:xliff:document:2.0}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LANGUAGES = ("en", "fr", "ar")
FILES = [harness.SAMPLES / f"article.{code}.txt" for code in LANGUAGES]
HARD = ["Tags <b>&amp;</b> ]]> and \"quotes\".", "A bell \x07 and an escape \x1b[1m.",
        "Emoji \U0001f600 and \u202emarks\u202c.", "A tab\tstays."]

server = None


def setUpModule():
    global server
    server = harness.Server()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


def client(*arguments, **options):
    return harness.run_client(*arguments, server=server.address, **options)


def check_grammar(name, data):
    """Asserts that a document follows the grammar NAME.rng beside this file."""
    grammar = lxml.RelaxNG(lxml.parse(pathlib.Path(__file__).with_name(f"{name}.rng")))
    grammar.assertValid(lxml.fromstring(data))


class FormatsCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def align(self, *arguments, **options):
        done = client("align", *arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def beads(self, *arguments):
        """The sides of the beads as texts."""
        lines = self.align("--format=jsonl", *arguments).decode().splitlines()
        return [[side["sentences"] for side in json.loads(line)["sides"]] for line in lines[:-1]]

    def hard_files(self):
        lines = "".join(f"{line}\n" for line in HARD)
        return self.file("a.txt", lines), self.file("b & <c>.txt", lines)


class Tmx(FormatsCase):
    def test_every_version_of_every_bead_is_there(self):
        units = ElementTree.fromstring(self.align("--format=tmx", *FILES)).findall("body/tu")
        found = [{variant.get(XML_LANG): variant.findtext("seg") for variant in unit.iter("tuv")}
                 for unit in units]
        expected = [{code: " ".join(side) for code, side in zip(LANGUAGES, bead) if side}
                    for bead in self.beads(*FILES)]
        self.assertEqual(found, expected)

    @unittest.skipUnless(lxml, NO_READERS)
    def test_it_follows_the_standard(self):
        check_grammar("tmx_1_4b", self.align("--format=tmx", *FILES))
        check_grammar("tmx_1_4b", self.align("--format=tmx", "--lines", *self.hard_files()))

    @unittest.skipUnless(lxml, NO_READERS)
    def test_translate_toolkit_reads_it_back(self):
        out = self.align("--format=tmx", "--languages=en,fr", *FILES[:2])
        store = translate_tmx.tmxfile.parsestring(out)
        found = [(str(unit.source), str(unit.target)) for unit in store.units]
        expected = [(" ".join(a), " ".join(b)) for a, b in self.beads(*FILES[:2]) if a and b]
        for pair in expected:
            self.assertIn(pair, found)

    def test_hard_text_is_read_back(self):
        out = self.align("--format=tmx", "--lines", "--languages=en,fr", *self.hard_files())
        found = [seg.text for seg in ElementTree.fromstring(out).iter("seg")]
        for line in HARD:
            self.assertEqual(found.count(re.sub("[\x00-\x08\x0b-\x1f]", "\ufffd", line)), 2)


class Xliff(FormatsCase):
    @staticmethod
    def text(element):
        """With <cp> turned into what it stands for."""
        if element is None:
            return ""
        return (element.text or "") + "".join(
            chr(int(child.get("hex"), 16)) + (child.tail or "") for child in element)

    def test_sources_and_targets_are_the_beads(self):
        root = ElementTree.fromstring(self.align("--format=xliff", *FILES[:2]))
        self.assertEqual((root.get("version"), root.get("srcLang"), root.get("trgLang")),
                         ("2.1", "en", "fr"))
        found = [[self.text(segment.find(f"{XLIFF}{name}")) for name in ("source", "target")]
                 for segment in root.iter(f"{XLIFF}segment")]
        self.assertEqual(found, [[" ".join(side) for side in bead]
                                 for bead in self.beads(*FILES[:2])])

    @unittest.skipUnless(lxml, NO_READERS)
    def test_it_follows_the_standard(self):
        related = self.align("--format=xliff", FILES[0], FILES[2])
        # Mostly beads of one side, of either one.
        unrelated = self.align("--format=xliff", FILES[0], harness.SAMPLES / "unrelated.en.txt")
        hard = self.align("--format=xliff", "--lines", *self.hard_files())
        for out in (related, unrelated, hard):
            check_grammar("xliff_2_1", out)
            root = ElementTree.fromstring(out)
            ids = [unit.get("id") for unit in root.iter(f"{XLIFF}unit")]
            self.assertEqual(len(ids), len(set(ids)))
        self.assertIn(b'state="initial"', unrelated)

    def test_hard_text_is_read_back(self):
        out = self.align("--format=xliff", "--lines", "--languages=en,fr", *self.hard_files())
        found = [self.text(source) for source in
                 ElementTree.fromstring(out).iter(f"{XLIFF}source")]
        self.assertEqual([text for text in found if text], HARD)


class Inputs(FormatsCase):
    def test_markdown_and_html_align_like_their_text(self):
        markdown = self.file("a.md", "---\ntitle: x\n---\n# The *ferry*\n\nIt sails at\nnoon. "
                             "[Tickets](http://x.example) cost 5 euros.\n\n```\nint x;\n```\n")
        page = self.file("b.html", "<!DOCTYPE html><head><title>t</title></head><nav>Menu</nav>"
                         "<h1>Le ferry</h1><p>Il part à midi. Les billets coûtent "
                         "<b>5</b> euros.<script>x()</script>")
        beads = self.beads("--languages=en,fr", markdown, page)
        self.assertEqual([s for bead in beads for s in bead[0]],
                         ["The ferry", "It sails at noon.", "Tickets cost 5 euros."])
        self.assertEqual([s for bead in beads for s in bead[1]],
                         ["Le ferry", "Il part à midi.", "Les billets coûtent 5 euros."])

    def test_cues_of_subtitles_keep_their_index(self):
        def subtitles(*cues):
            return "".join(f"{i}\n00:00:0{i},000 --> 00:00:0{i},900\n{cue}\n\n"
                           for i, cue in enumerate(cues, 1))
        english = self.file("a.srt", subtitles("<i>Good morning!</i>", "The ferry leaves\nat noon.",
                                               "Take your coat."))
        french = self.file("b.srt", subtitles("Bonjour !", "Le ferry part à midi.",
                                              "Prends ton manteau."))
        self.assertEqual(self.beads("--languages=en,fr", english, french)[1],
                         [["The ferry leaves at noon."], ["Le ferry part à midi."]])

    def test_json_lines_are_sentences(self):
        english = self.file("a.jsonl", '{"text": "Good morning!"}\n"The ferry leaves at noon."\n')
        french = self.file("b.data", '"Bonjour !"\n{"sentence": "Le ferry part à midi."}\n')
        beads = self.beads("--input_format=jsonl", "--languages=en,fr", english, french)
        self.assertEqual(beads[0], [["Good morning!"], ["Bonjour !"]])
        bad = self.file("bad.jsonl", '"ok"\n{"text": 5}\n')
        done = client("align", english, bad)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"bad.jsonl: line 2: ", done.stderr)

    def test_encodings_are_named_guessed_or_refused(self):
        plain = [FILES[0], FILES[1]]
        expected = self.align("--format=beads", *plain)
        text = FILES[1].read_text()
        coded = {"utf-16": text.encode("utf-16"),
                 "windows-1252": text.encode("windows-1252", errors="replace")}
        for name, data in coded.items():
            file = self.file(f"{name}.txt", data)
            english = self.file("en.txt", FILES[0].read_text().encode(name))
            out = self.align("--format=beads", f"--encoding={name}", english, file)
            if name == "utf-16":
                self.assertEqual(out, expected)
            done = client("align", "--format=beads", "--encoding=auto", english, file)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"note: {file}: read as ".encode(), done.stderr)
            self.assertEqual(done.stdout, out)
            done = client("align", *plain[:1], file)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(), r"invalid UTF-8 at byte offset \d+.*--encoding")
        broken = self.file("broken.txt", b"abc\x81\xff\n")
        done = client("align", "--encoding=Shift_JIS", *plain[:1], broken)
        self.assertEqual(done.returncode, 1)

    def test_detect_and_match_read_formats_too(self):
        page = self.file("page.html", "<html><nav>Home</nav><p>" + FILES[1].read_text())
        done = client("detect", "--format=tsv", page)
        self.assertEqual(done.stdout.decode().splitlines()[1].split("\t")[2], "fr")
        cues = self.file("a.srt", "1\n0:0:1 --> 0:0:2\nWhere is the harbour?\n\n"
                                  "2\n0:0:3 --> 0:0:4\nOù est le port ?\n")
        done = client("detect", "--input_format=srt", "--format=tsv", cues)
        rows = [line.split("\t") for line in done.stdout.decode().splitlines()[1:]]
        self.assertEqual([(row[1], row[2]) for row in rows], [("1", "en"), ("2", "fr")])
        done = client("match", FILES[0], page)
        self.assertEqual(done.stdout.decode(), f"{FILES[0]}\t{page}\n")


if __name__ == "__main__":
    harness.main()
