# SPDX-License-Identifier: Apache-2.0
"""hexapla match and MatchDocuments through the real programs."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import grpc

import harness
import stream_hold

SEEDS = sorted((harness.SHARED / "seeds").glob("00[0-4]_*.txt"))
ARTICLES = [harness.SAMPLES / f"article.{language}.txt" for language in ("en", "fr", "ar", "vi")]
STRANGER = harness.SAMPLES / "unrelated.en.txt"
# Far more than the 50 ms that a cancelled match takes on a machine of its own.
SECONDS_TO_STOP = 30

server = None
api = None


def setUpModule():
    global server, api
    server = harness.Server("--workers=2")
    api = harness.Api()


def tearDownModule():
    code, _ = server.stop()
    assert code == 0, server.log()


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def groups_of(done):
    return [line.split("\t") for line in done.stdout.decode().splitlines()]


class Match(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def match(self, *arguments, **options):
        return harness.run_client("match", *arguments, server=server.address, **options)

    def test_the_seeds_are_three_versions_and_two_strangers(self):
        if len(SEEDS) != 5:
            self.skipTest(f"the articles of {harness.SHARED / 'seeds'} are not there")
        names = list(map(str, SEEDS))
        for order in (names, names[::-1]):
            done = self.match(*order)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr, b"")
            self.assertEqual(sorted(sorted(group) for group in groups_of(done)),
                             [[names[0], names[2], names[3]], [names[1]], [names[4]]])

    def test_the_sample_article_is_one_group(self):
        done = self.match(STRANGER, *ARTICLES)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(groups_of(done), [list(map(str, ARTICLES)), [str(STRANGER)]])

    def test_local_gives_the_same(self):
        done = harness.run_client("match", "--local", STRANGER, *ARTICLES)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, self.match(STRANGER, *ARTICLES).stdout)

    def test_jsonl_tells_probabilities_languages_and_models(self):
        done = self.match("--format=jsonl", *ARTICLES, STRANGER)
        lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
        self.assertEqual(len(lines), 3)
        self.assertEqual([member["id"] for member in lines[0]["members"]],
                         list(map(str, ARTICLES)))
        self.assertEqual([member["language"] for member in lines[0]["members"]],
                         ["en", "fr", "ar", "vi"])
        self.assertGreater(lines[0]["probability"], 0.9)
        self.assertEqual(lines[0]["probability"],
                         min(member["probability"] for member in lines[0]["members"]))
        self.assertEqual(lines[1]["probability"], 1)
        self.assertEqual(lines[2]["summary"]["group_count"], 2)
        self.assertEqual(len(lines[2]["summary"]["metadata"]["models"]), 3)

    def test_each_bad_file_answers_for_itself(self):
        empty = self.file("empty", b"")
        damaged = self.file("damaged", b"\xff")
        large = self.file("large", b"The ship came into the harbour again. " * 1400000)  # 53 MB
        done = self.match(ARTICLES[0], empty, large, damaged, "/no/such/file", ARTICLES[1])
        self.assertEqual(done.returncode, 1)
        self.assertEqual(groups_of(done), [[str(ARTICLES[0]), str(ARTICLES[1])]])
        errors = done.stderr.decode().splitlines()
        self.assertEqual(len(errors), 4, errors)
        for word in ("empty is empty", "large has ", "damaged: invalid UTF-8", "/no/such/file"):
            self.assertTrue(any(word in error for error in errors), (word, errors))
        self.assertTrue(any("[TEXT_TOO_LONG]" in error for error in errors), errors)

    def test_a_file_given_twice_is_in_its_group_once(self):
        done = self.match(ARTICLES[0], ARTICLES[1], ARTICLES[0])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(groups_of(done),
                         [[str(ARTICLES[0]), str(ARTICLES[1])], [str(ARTICLES[0])]])
        self.assertIn(b"nearly repeats", done.stderr)

    def test_a_near_duplicate_does_not_break_the_group(self):
        # The first is cut at its end and has a word more; the whole fits better.
        lines = ARTICLES[0].read_bytes().splitlines(keepends=True)
        near = self.file("near", b"Updated: " + b"".join(lines[:-1]))
        done = self.match(near, *ARTICLES)
        self.assertEqual(done.returncode, 0, done.stderr)
        groups = groups_of(done)
        self.assertEqual(sorted(map(len, groups)), [1, 4])
        self.assertEqual(sum(str(article) in groups[0] for article in ARTICLES[1:]), 3)
        self.assertIn(b"nearly repeats", done.stderr)

    def test_an_unknown_language_is_matched_with_a_warning(self):
        # Not a language that the space knows; numbers and names remain.
        done = self.match("--languages=en,fr,tlh", *ARTICLES[:3])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"does not cover tlh", done.stderr)
        self.assertEqual(sorted(name for group in groups_of(done) for name in group),
                         sorted(map(str, ARTICLES[:3])))

    def test_a_malformed_language_is_an_error_of_its_file(self):
        done = self.match("--languages=en,f!,ar", *ARTICLES[:3])
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"LANGUAGE_MALFORMED", done.stderr)
        self.assertEqual(groups_of(done), [[str(ARTICLES[0]), str(ARTICLES[2])]])

    def test_names_come_from_a_list_and_a_document_from_standard_input(self):
        names = self.file("names", "".join(f"{article}\n" for article in ARTICLES).encode())
        done = self.match("--files_from", names)
        self.assertEqual(groups_of(done), [list(map(str, ARTICLES))])
        done = self.match("-", f"--files_from={names}", stdin=STRANGER.read_bytes())
        self.assertEqual(groups_of(done), [list(map(str, ARTICLES)), ["-"]])

    def test_a_name_is_one_field_whatever_it_holds(self):
        name = self.file("a\tb\nc\\d", ARTICLES[0].read_bytes())
        done = self.match(name, ARTICLES[1])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode(),
                         f"{self.folder}/a\\tb\\nc\\\\d\t{ARTICLES[1]}\n")

    def test_an_overloaded_server_is_asked_again(self):
        files = [self.file(path.name, 20 * path.read_bytes()) for path in ARTICLES[:2]]
        with harness.Server("--max_streams_bytes=100000") as small:
            client = [harness.CLIENT, f"--server={small.address}", "match", *map(str, files)]
            with stream_hold.StreamHold(api, small, 60000):
                done = harness.run_client("match", "--retry_for=0", *files, server=small.address)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"[SERVER_OVERLOADED]", done.stderr)
                self.assertEqual(done.stdout, b"")
                patient = subprocess.Popen([*client, "--retry_for=1m"], stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE)
                stream_hold.wait_for_retry(patient)
            out, errors = patient.communicate(timeout=60)
        self.assertEqual(patient.returncode, 0, errors)
        self.assertEqual(out.decode(), f"{files[0]}\t{files[1]}\n")

    def test_wrong_usage_ends_with_2(self):
        for arguments in ([], ["-", "-"], ["--format=table", STRANGER], ["--no_such", STRANGER],
                          ["--languages=en,fr", STRANGER], ["--min_probability=2", STRANGER]):
            with self.subTest(str(arguments)):
                self.assertEqual(self.match(*arguments).returncode, 2)

    def test_limits_of_a_heap_are_flags(self):
        with harness.Server("--max_match_documents=2", "--max_match_bytes=9000") as small:
            done = harness.run_client("match", *ARTICLES, server=small.address)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"the limit is 2", done.stderr)
            done = harness.run_client("match", self.file("long", b"One two. " * 2000), STRANGER,
                                      server=small.address)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"the limit is 9000", done.stderr)
            done = harness.run_client("match", *ARTICLES[:2], server=small.address)
            self.assertEqual(done.returncode, 0, done.stderr)


class Heap(unittest.TestCase):
    """Callers that send much, and go."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def assert_idle(self):
        """The server computes nothing, soon, and still answers."""
        deadline = time.monotonic() + SECONDS_TO_STOP
        while True:
            before = cpu_seconds(server.process)
            time.sleep(0.5)
            if cpu_seconds(server.process) - before < 0.1:
                break
            self.assertLess(time.monotonic(), deadline)
        done = harness.run_client("match", *ARTICLES[:2], server=server.address)
        self.assertEqual(done.returncode, 0, done.stderr)

    def names_of_much_work(self):
        """A list of files whose match takes minutes."""
        names = self.folder / "names"
        with names.open("w") as out:
            for number in range(400):
                for article in ARTICLES:
                    lines = article.read_text().splitlines()
                    path = self.folder / f"{number}{article.name}"
                    path.write_text("\n".join(f"{number} {n} {line}" for n in range(4)
                                              for line in lines))
                    out.write(f"{path}\n")
        return names

    def test_a_client_that_is_killed_stops_the_match(self):
        names = self.names_of_much_work()
        client = subprocess.Popen(
            [harness.CLIENT, "match", f"--server={server.address}", f"--files_from={names}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        begin = cpu_seconds(server.process)
        deadline = time.monotonic() + 30
        while cpu_seconds(server.process) - begin < 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertIsNone(client.poll())
        client.send_signal(signal.SIGKILL)
        client.communicate()
        self.assert_idle()

    def test_a_deadline_ends_the_match(self):
        names = self.names_of_much_work()
        done = harness.run_client("match", "--timeout=2s", f"--files_from={names}",
                                  server=server.address)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"--timeout", done.stderr)
        self.assert_idle()

    def test_a_caller_that_vanishes_while_it_sends_leaves_no_trace(self):
        request = api.type("MatchDocumentsRequest")()
        request.document.id = "a"
        request.document.content.text = "The ship came. " * 1000

        def heap():
            yield request.SerializeToString()
            time.sleep(60)

        with harness.channel_to(server) as channel:
            call = channel.stream_stream("/hexapla.v1.AlignmentService/MatchDocuments")(heap())
            time.sleep(0.3)
            call.cancel()
            with self.assertRaises(grpc.RpcError) as caught:
                list(call)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.CANCELLED)
        done = harness.run_client("match", *ARTICLES[:2], server=server.address)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    harness.main()
