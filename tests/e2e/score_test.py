# SPDX-License-Identifier: Apache-2.0
"""ScorePairs, EmbedSentences and `hexapla score`, through the real programs."""

import math
import tempfile
import unittest

import grpc

import corpus_sets
import harness

api = None


def setUpModule():
    global api
    api = harness.Api()


def pairs_of(count):
    """Right pairs, and the same with the next sentence on the other side."""
    right, wrong = [], []
    for number in range(count):
        sources = corpus_sets.sentences("en", number)
        targets = corpus_sets.sentences("fr", number)
        right += list(zip(sources, targets))
        wrong += list(zip(sources, targets[1:] + targets[:1]))
    return right, wrong


def probability_column(output):
    return [line.split(b"\t")[-1] for line in output.split(b"\n")[:-1]]


class Score(unittest.TestCase):
    def test_right_pairs_score_above_wrong_ones(self):
        right, wrong = pairs_of(20)
        lines = "".join(f"{a}\t{b}\n" for a, b in right + wrong)
        done = harness.run_client("--local", "score", "--languages=en,fr", stdin=lines.encode())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, b"")
        values = [float(value) for value in probability_column(done.stdout)]
        self.assertEqual(len(values), len(right) + len(wrong))
        good, bad = values[:len(right)], values[len(right):]
        self.assertGreater(sum(value >= 0.5 for value in good) / len(good), 0.9)
        # The wrong ones are sentences of one story, with the same numbers.
        self.assertLess(sum(value >= 0.5 for value in bad) / len(bad), 0.5)
        self.assertTrue(all(a > b for a, b in zip(good, bad)))

    def test_lines_keep_their_places_whatever_is_in_them(self):
        right, _ = pairs_of(400)
        lines = [f"{a}\t{b}".encode() for a, b in right]
        for place, line in {3: b"", 5: b"no tab", 700: b"x\xff\ty", 1100: b"\tUn.",
                            1200: b"x" * 20000 + b"\ty"}.items():
            lines.insert(place, line)
        with harness.Server() as server, tempfile.NamedTemporaryFile() as file:
            file.write(b"\n".join(lines))
            file.flush()
            done = harness.run_client("score", "--languages=en,fr", file.name,
                                      server=server.address)
        self.assertEqual(done.returncode, 1)
        output = done.stdout.split(b"\n")[:-1]
        self.assertEqual(len(output), len(lines))
        for number, (line, scored) in enumerate(zip(lines, output)):
            self.assertEqual(scored[:len(line) + 1], line + b"\t")
            empty = number in (3, 5, 700, 1100, 1200)
            self.assertEqual(scored[len(line) + 1:] == b"", empty, number)
        for number in (6, 701, 1201):
            self.assertIn(f"{file.name}:{number}: ".encode(), done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 3)

    def test_errors_of_the_whole(self):
        self.assertEqual(harness.run_client("score", "--languages=en").returncode, 2)
        self.assertEqual(harness.run_client("score", "/no/such/file").returncode, 1)
        done = harness.run_client("--connect_timeout=300ms", "score", server="127.0.0.1:1",
                                  stdin=b"a\tb\n")
        self.assertEqual(done.returncode, 3)
        done = harness.run_client("--local", "score", "--languages=e,fr", stdin=b"a\tb\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"--languages", done.stderr)


class Embed(unittest.TestCase):
    def test_translations_lie_near_one_another(self):
        with harness.Server() as server, harness.channel_to(server) as channel:
            request = api.type("EmbedSentencesRequest")(
                sentences=["Nobody on the quay had heard of the storm.",
                           "Personne sur le quai n'avait entendu parler de la tempête.",
                           "The next morning seven sailors were missing.", "   "])
            response = api.call(channel, "EmbeddingService", "EmbedSentences", request)
            vectors = [list(result.embedding.values) for result in response.results[:3]]
            for vector in vectors:
                self.assertEqual(len(vector), response.dimension)
                self.assertAlmostEqual(math.hypot(*vector), 1, places=5)
            near = sum(a * b for a, b in zip(vectors[0], vectors[1]))
            far = sum(a * b for a, b in zip(vectors[0], vectors[2]))
            self.assertGreater(near, far + 0.2)
            self.assertEqual(response.results[3].error.code,
                             grpc.StatusCode.INVALID_ARGUMENT.value[0])


if __name__ == "__main__":
    harness.main()
