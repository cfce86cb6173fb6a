# SPDX-License-Identifier: Apache-2.0
"""Real articles: five documents, three of which are versions of one another.

They are not part of this tree; without them the program is skipped.
"""

import re
import unittest

import harness

SEEDS = sorted((harness.SHARED / "seeds").glob("00[0-4]_*.txt"))
LANGUAGES = ["en", "en", "fr", "ar", "en"]
VERSIONS = (0, 2, 3)

server = None


def setUpModule():
    global server
    server = harness.Server()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


def beads_of(text):
    """The index lists of each line, one list per version."""
    return [[[int(i) for i in re.findall(r"\d+", side)]
             for side in re.findall(r"\[[^\]]*\]", line)] for line in text.splitlines()]


class Seeds(unittest.TestCase):
    def test_detect_names_their_languages(self):
        done = harness.run_client("detect", "--format=tsv", *SEEDS, server=server.address)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [line.split("\t") for line in done.stdout.decode().splitlines()[1:]]
        self.assertEqual([row[2] for row in rows], LANGUAGES)

    def test_three_versions_align_raw_at_once(self):
        api = harness.Api()
        texts = [SEEDS[i].read_bytes() for i in VERSIONS]
        request = api.type("AlignDocumentsRequest")()
        for text in texts:
            request.versions.add(text=text.decode())
        with harness.channel_to(server) as channel:
            reply = api.call(channel, "AlignmentService", "AlignDocuments", request)
        sides = [[list(s.sentence_indices) for s in b.sides] for b in reply.beads]
        harness.covers_once(self, sides, [v.sentence_count for v in reply.summary.versions])
        self.assertEqual([v.language for v in reply.summary.versions], ["en", "fr", "ar"])
        for version, text in zip(reply.summary.versions, texts):
            end = 0
            for sentence in version.sentences:
                # Nothing but white space lies between, and each cut is whole text.
                self.assertEqual(text[end:sentence.begin].decode().strip(), "")
                piece = text[sentence.begin:sentence.end].decode()
                self.assertEqual(piece, piece.strip())
                self.assertNotEqual(piece, "")
                end = sentence.end
            self.assertEqual(text[end:].decode().strip(), "")

    def test_the_client_aligns_them_raw(self):
        files = [SEEDS[i] for i in VERSIONS]
        done = harness.run_client("align", "--format=beads", *files, server=server.address)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(b"unrelated", done.stderr)
        harness.covers_once(self, beads_of(done.stdout.decode()),
                            harness.sentence_counts(files, server.address))

    def test_given_sentences_align_as_in_the_gold(self):
        gold = harness.SHARED / "gold"
        documents = [folder for folder in sorted((gold / "seeds").glob("*/"))
                     + sorted((gold / "seeds-multi").glob("*/"))
                     if (folder / "gold.txt").exists()]
        if not documents:
            self.skipTest(f"the gold of {gold / 'seeds'} is not there")
        for folder in documents:
            with self.subTest(folder.name):
                files = [folder / "src.txt", folder / "tgt.txt"]
                if not files[0].exists():
                    files = [folder / f"{language}.txt" for language in ("en", "fr", "ar")]
                done = harness.run_client("align", "--lines", "--format=beads", *files,
                                          server=server.address)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(beads_of(done.stdout.decode()),
                                 beads_of((folder / "gold.txt").read_text()))


if __name__ == "__main__":
    if len(SEEDS) != len(LANGUAGES):
        harness.skip_all(f"the articles of {harness.SHARED / 'seeds'} are not there")
    harness.main()
