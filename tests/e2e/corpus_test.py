# SPDX-License-Identifier: Apache-2.0
"""StreamAlignDocuments and `hexapla corpus`, through the real programs."""

import collections
import json
import os
import pathlib
import queue
import select
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from xml.etree import ElementTree

import grpc

import corpus_sets
import harness
import stream_hold

api = None


def setUpModule():
    global api
    api = harness.Api()


class Stream:
    """One stream of sets, as Python's own gRPC sees it."""

    def __init__(self, channel):
        self._requests = queue.Queue()
        self._type = api.type("StreamAlignDocumentsRequest")
        self.replies = api.method(channel, "AlignmentService", "StreamAlignDocuments",
                                  self._type())(iter(self._requests.get, None),
                                                timeout=harness.SECONDS_OF_A_CALL)

    def send(self, request_id, **step):
        self._requests.put(self._type(request_id=request_id, **step))

    def close(self):
        self._requests.put(None)

    def rest(self):
        """All replies by id, and the order of the last ones."""
        self.close()
        by_id, order = {}, []
        for reply in self.replies:
            by_id.setdefault(reply.request_id, []).append(reply)
            if reply.WhichOneof("step") in ("summary", "error"):
                order.append(reply.request_id)
        return by_id, order


def documents(number):
    request = api.type("AlignDocumentsRequest")()
    for version in corpus_sets.made_up_set(number)["versions"]:
        request.versions.add(**version)
    return request


class Streams(unittest.TestCase):
    def test_a_stream_gives_what_single_calls_give(self):
        with harness.Server() as server, harness.channel_to(server) as channel:
            stream = Stream(channel)
            for number in range(20):
                stream.send(str(number), documents=documents(number))
            by_id, order = stream.rest()
            self.assertEqual(sorted(order, key=int), [str(n) for n in range(20)])
            for number in range(20):
                whole = api.call(channel, "AlignmentService", "AlignDocuments", documents(number))
                replies = by_id[str(number)]
                beads = [bead for reply in replies for bead in reply.beads.beads]
                self.assertEqual(beads, list(whole.beads))
                self.assertEqual(replies[-1].summary.document_probability,
                                 whole.summary.document_probability)

    def test_a_large_set_may_come_in_parts_cut_anywhere(self):
        text = "".join(f"Été numéro {i}, très beau. " for i in range(3000)).encode()
        with harness.Server() as server, harness.channel_to(server) as channel:
            stream = Stream(channel)
            open_documents = api.type("OpenDocuments")()
            for _ in range(2):
                open_documents.versions.add(language="fr")
            stream.send("large", open=open_documents)
            for version in range(2):
                for begin in range(0, len(text), 10007):
                    stream.send("large", chunk=dict(version_index=version,
                                                    text=text[begin:begin + 10007]))
            stream.send("large", end={})
            by_id, _ = stream.rest()
            summary = by_id["large"][-1].summary
            self.assertEqual(summary.versions[0].sentence_count, 3000)
            found = [sentence for reply in by_id["large"] for sentence in reply.sentences.sentences
                     if reply.sentences.version_index == 1]
            self.assertEqual(len(found), 3000)
            beads = [[list(side.sentence_indices) for side in bead.sides]
                     for reply in by_id["large"] for bead in reply.beads.beads]
            harness.covers_once(self, beads, [3000, 3000])

    def test_bad_sets_leave_the_others_alone(self):
        with harness.Server() as server, harness.channel_to(server) as channel:
            stream = Stream(channel)
            stream.send("bad", documents={})
            stream.send("stray", end={})
            stream.send("good", documents=documents(1))
            by_id, order = stream.rest()
            self.assertEqual(sorted(order), ["bad", "good", "stray"])
            self.assertEqual(by_id["bad"][-1].error.code,
                             grpc.StatusCode.INVALID_ARGUMENT.value[0])
            self.assertTrue(by_id["good"][-1].HasField("summary"))

    def test_drain_ends_the_stream_and_the_server(self):
        # The harness has less patience than this grace.
        with harness.Server("--drain_grace=100s") as server, harness.channel_to(server) as channel:
            stream = Stream(channel)
            stream.send("first", documents=documents(1))
            for reply in stream.replies:
                if reply.HasField("summary"):
                    break
            server.process.send_signal(signal.SIGTERM)
            with self.assertRaises(grpc.RpcError) as caught:
                next(stream.replies)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertEqual(api.details(caught.exception)["ErrorInfo"].reason, "SERVER_NOT_READY")
            stream.close()
            channel.close()
            code, _ = server.wait()
            self.assertEqual(code, 0)

    def test_a_client_that_vanishes_leaves_the_server_free(self):
        request = api.type("AlignDocumentsRequest")()
        for _ in range(2):
            request.versions.add(language="en", sentences=[f"Line {i}." for i in range(9000)])
        with harness.Server("--workers=1") as server, harness.channel_to(server) as channel:
            stream = Stream(channel)
            for number in range(40):
                stream.send(str(number), documents=request)
            next(stream.replies)  # a sign that it has begun
            stream.replies.cancel()
            stream.close()
            # With the work of the stream still going on this would take most of a minute.
            begin = time.monotonic()
            api.call(channel, "AlignmentService", "AlignDocuments", documents(1))
            self.assertLess(time.monotonic() - begin, 10)


def check_grammar(name, document):
    """Asserts that a document follows the grammar NAME.rng beside this file, where lxml is."""
    try:
        from lxml import etree
    except ImportError:
        return
    grammar = etree.RelaxNG(etree.parse(pathlib.Path(__file__).with_name(f"{name}.rng")))
    grammar.assertValid(etree.parse(document))


class Corpus(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)
        self.input = self.folder / "in.jsonl"
        self.output = self.folder / "out.jsonl"

    def run_corpus(self, *flags, server=None):
        return harness.run_client("corpus", *flags, self.input, self.output, server=server)

    def test_every_set_gets_one_line_of_the_documented_form(self):
        corpus_sets.write_sets(self.input, 50)
        with harness.Server() as server:
            done = self.run_corpus(server=server.address)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"50 sets in ", done.stderr)
        results = {}
        for line in self.output.read_text().splitlines():
            result = json.loads(line)
            self.assertEqual(list(result), ["id", "beads", "document_probability"])
            results[result["id"]] = result
        self.assertEqual(len(results), 50)
        for number in range(50):
            made_up = corpus_sets.made_up_set(number)
            result = results[made_up["id"]]
            beads = [[side["sentence_indices"] for side in bead["sides"]]
                     for bead in result["beads"]]
            harness.covers_once(self, beads, [
                len(version.get("sentences") or version["text"].rstrip(".").split(". "))
                for version in made_up["versions"]])
            self.assertGreater(result["document_probability"], 0.5)

    def test_bad_lines_are_kept_and_the_exit_code_says_so_every_time(self):
        corpus_sets.write_sets(self.input, 30, bad_every=10)
        with harness.Server() as server:
            first = self.run_corpus(server=server.address)
            lines = corpus_sets.sorted_lines(self.output)
            second = self.run_corpus(server=server.address)
        for done in (first, second):
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"3 of 30 sets failed", done.stderr)
        self.assertEqual(corpus_sets.sorted_lines(self.output), lines)
        errors = [json.loads(line) for line in lines if b'"error"' in line]
        self.assertEqual(sorted(error["error"]["code"] for error in errors),
                         ["ALREADY_EXISTS", "INVALID_ARGUMENT", "INVALID_ARGUMENT"])

    def test_in_process_run_gives_the_same_lines(self):
        corpus_sets.write_sets(self.input, 20)
        with harness.Server() as server:
            self.run_corpus(server=server.address)
        lines = corpus_sets.sorted_lines(self.output)
        self.output.unlink()
        done = harness.run_client("--local", "corpus", "--workers=3", self.input, self.output)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(corpus_sets.sorted_lines(self.output), lines)

    def test_a_memory_follows_the_standard_and_holds_the_beads(self):
        corpus_sets.write_sets(self.input, 12, bad_every=5)
        with harness.Server() as server:
            self.run_corpus(server=server.address)
            self.memory = self.folder / "out.tmx"
            done = harness.run_client("corpus", "--format=tmx", "--pages", self.folder / "pages",
                                      self.input, self.memory, server=server.address)
        self.assertEqual(done.returncode, 1)
        beads = {}
        for line in self.output.read_text().splitlines():
            result = json.loads(line)
            if "beads" in result:
                beads[result["id"]] = len(result["beads"])
        units = ElementTree.parse(self.memory).findall("body/tu")
        found = collections.Counter(unit.findtext("prop[@type='x-set']") for unit in units)
        self.assertEqual(found, beads)
        self.assertEqual(len({unit.get("tuid") for unit in units}), len(units))
        check_grammar("tmx_1_4b", self.memory)
        pages = {page.name for page in (self.folder / "pages").iterdir()}
        self.assertEqual(pages, {f"{name}.html" for name in beads})

    def test_xliff_has_a_file_for_each_set_of_its_languages(self):
        sets = [{"id": f"set {n} --", "versions": [
            {"text": " ".join(corpus_sets.sentences(code, n))} for code in ("en", "fr")]}
                for n in range(5)]
        sets[3]["versions"].append({"text": "Drei."})
        self.input.write_text("".join(json.dumps(made_up) + "\n" for made_up in sets))
        document = self.folder / "out.xlf"
        done = harness.run_client("--local", "corpus", "--format=xliff", "--languages=en,fr",
                                  self.input, document)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"1 of 5 sets failed", done.stderr)
        files = ElementTree.parse(document).getroot().findall("{*}file")
        self.assertEqual({file.get("original") for file in files},
                         {made_up["id"] for made_up in sets} - {"set 3 --"})
        check_grammar("xliff_2_1", document)

    def test_xliff_without_a_result_is_valid_and_can_get_one(self):
        document = self.folder / "out.xlf"
        bad, good = '{"id": "bad"}\n', json.dumps({"id": "good", "versions": [
            {"text": corpus_sets.sentences(code, 1)[0]} for code in ("en", "fr")]})
        for sets, files in (("", ["f0"]), (bad, ["f0"]), (bad + good, ["f2"])):
            self.input.write_text(sets)
            harness.run_client("--local", "corpus", "--format=xliff", "--languages=en,fr",
                               self.input, document)
            root = ElementTree.parse(document).getroot()
            self.assertEqual([file.get("id") for file in root.findall("{*}file")], files)
            check_grammar("xliff_2_1", document)

    def test_shards_of_a_memory_become_one(self):
        corpus_sets.write_sets(self.input, 20, bad_every=9)
        tools = harness.ROOT / "deploy" / "slurm"
        environment = {**os.environ, "HEXAPLA": harness.CLIENT, "SLURM_CPUS_PER_TASK": "1"}
        environment.pop("HEXAPLA_SERVER", None)
        merge = [tools / "corpus-merge", self.input, self.folder / "shards", "3",
                 self.folder / "all.tmx"]
        for task, flags in enumerate((["--format=tmx"], ["--format", "tmx"],
                                      ["--retry_for", "5s", "--format", "tmx"])):
            subprocess.run([tools / "corpus-shard", self.input, self.folder / "shards", "3",
                            *flags], env={**environment, "SLURM_ARRAY_TASK_ID": str(task)},
                           check=True, timeout=120)
            done = subprocess.run(merge, capture_output=True, timeout=60, check=False)
            self.assertEqual(done.returncode == 0, task == 2, done.stderr)
        harness.run_client("--local", "corpus", "--format=tmx", self.input, self.output)
        self.assertEqual(corpus_sets.sorted_lines(self.folder / "all.tmx"),
                         corpus_sets.sorted_lines(self.output))

    def test_shards_without_a_result_become_a_valid_document(self):
        self.input.write_text('{"id": "a"}\n{"id": "b"}\n')
        tools = harness.ROOT / "deploy" / "slurm"
        environment = {**os.environ, "HEXAPLA": harness.CLIENT}
        environment.pop("HEXAPLA_SERVER", None)
        document = self.folder / "all.xliff"
        for task in range(2):
            subprocess.run([tools / "corpus-shard", self.input, self.folder, "2", "--format",
                            "xliff", "--languages=en,fr"], check=True, timeout=120,
                           env={**environment, "JOB_COMPLETION_INDEX": str(task)})
        subprocess.run([tools / "corpus-merge", self.input, self.folder, "2", document],
                       capture_output=True, timeout=60, check=True)
        harness.run_client("--local", "corpus", "--format=xliff", "--languages=en,fr",
                           self.input, self.output)
        self.assertEqual(corpus_sets.sorted_lines(document),
                         corpus_sets.sorted_lines(self.output))
        check_grammar("xliff_2_1", document)

    def failures(self):
        """The errors of the output by id."""
        lines = map(json.loads, self.output.read_text().splitlines())
        return {line["id"]: line["error"] for line in lines if "error" in line}

    def test_a_set_that_an_overloaded_server_refuses_fails_alone(self):
        large = {"id": "large", "versions": [{"text": 1200 * "The ship came into the harbour. "},
                                             {"text": "Le navire entra dans le port."}]}
        sets = [corpus_sets.made_up_set(0), large, *map(corpus_sets.made_up_set, range(1, 9))]
        self.input.write_text("".join(json.dumps(made_up) + "\n" for made_up in sets))
        with harness.Server("--max_streams_bytes=100000") as server:
            with stream_hold.StreamHold(api, server, 70000):
                done = self.run_corpus("--retry_for=0", "--workers=2", server=server.address)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"1 of 10 sets failed", done.stderr)
                error = self.failures()["large"]
                self.assertEqual(error["code"], "RESOURCE_EXHAUSTED")
                self.assertIn("[SERVER_OVERLOADED]", error["message"])
                # As docs/corpora.md says.
                subprocess.run(["sed", "-i", "/SERVER_OVERLOADED/d", self.output], check=True)
                patient = subprocess.Popen(
                    [harness.CLIENT, f"--server={server.address}", "corpus", "--retry_for=1m",
                     "--progress=none", self.input, self.output], stderr=subprocess.PIPE)
                stream_hold.wait_for_retry(patient)
            _, errors = patient.communicate(timeout=60)
        self.assertEqual(patient.returncode, 0, errors)
        self.assertEqual(len(corpus_sets.sorted_lines(self.output)), 10)

    def test_a_set_that_takes_longer_than_the_timeout_fails_alone(self):
        # Half a minute of work; the others wait behind it for the one worker.
        slow = {"id": "slow", "versions": [
            {"language": "en", "sentences": [f"Ship {n} of {v}." for n in range(2000)]}
            for v in range(16)]}
        sets = [slow, *map(corpus_sets.made_up_set, range(5))]
        self.input.write_text("".join(json.dumps(made_up) + "\n" for made_up in sets))
        with harness.Server("--workers=1") as server:
            done = self.run_corpus("--timeout=4s", "--retry_for=0", server=server.address)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(self.failures(), {"slow": {
            "code": "DEADLINE_EXCEEDED", "message": "line 1: no answer within 4s (--timeout)"}})
        self.assertEqual(len(corpus_sets.sorted_lines(self.output)), 6)

    def test_a_server_that_hangs_fails_no_set(self):
        corpus_sets.write_sets(self.input, 1000)
        with harness.Server() as server:
            client = subprocess.Popen(
                [harness.CLIENT, f"--server={server.address}", "--timeout=2s", "corpus",
                 "--retry_for=0", "--progress=none", self.input, self.output],
                stderr=subprocess.PIPE)
            while not self.output.exists() or self.output.stat().st_size < 5000:
                time.sleep(0.01)
            server.process.send_signal(signal.SIGSTOP)
            _, errors = client.communicate(timeout=60)
            server.process.send_signal(signal.SIGCONT)
            self.assertEqual(client.returncode, 3, errors)
            self.assertIn(b"no answer within 2s", errors)
            self.assertEqual(self.failures(), {})
            done = self.run_corpus(server=server.address)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(corpus_sets.sorted_lines(self.output)), 1000)

    def test_workers_of_the_service_inside(self):
        corpus_sets.write_sets(self.input, 2)
        for flags, environment in ((("--local_workers=1",), {}), ((), {"HEXAPLA_WORKERS": "1"})):
            self.output.unlink(missing_ok=True)
            done = harness.run_client("--local", *flags, "corpus", self.input, self.output,
                                      env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
        # gRPC's own are a few more or less.
        self.assertAlmostEqual(self.threads_of("9") - self.threads_of("1"), 8, delta=3)
        done = harness.run_client("--local", "models", env={"HEXAPLA_WORKERS": "some"})
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"$HEXAPLA_WORKERS", done.stderr)

    def threads_of(self, workers):
        """Threads of a client that has answered and waits for the next set."""
        with subprocess.Popen(
                [harness.CLIENT, "--local", f"--local_workers={workers}", "corpus",
                 "--progress=none", "-", "-"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE) as client:
            client.stdin.write(self.input.read_bytes().splitlines(keepends=True)[0])
            client.stdin.flush()
            self.assertTrue(select.select([client.stdout], [], [], 30)[0])
            threads = len(os.listdir(f"/proc/{client.pid}/task"))
            client.stdin.close()
            self.assertEqual(client.wait(60), 0)
            return threads

    def test_standard_streams(self):
        corpus_sets.write_sets(self.input, 3)
        done = harness.run_client("--local", "corpus", "--progress=none", "-", "-",
                                  stdin=self.input.read_bytes())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertEqual(done.stderr, b"")

    def test_a_program_that_waits_for_answers_gets_them(self):
        set_of = '{"id": "%d", "versions": [{"sentences": ["Yes."]}, {"sentences": ["Oui."]}]}\n'
        with subprocess.Popen([harness.CLIENT, "--local", "corpus", "--progress=none", "-", "-"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
            for number in range(50):
                client.stdin.write((set_of % number).encode())
                client.stdin.flush()
                self.assertTrue(select.select([client.stdout], [], [], 30)[0], number)
                self.assertEqual(json.loads(client.stdout.readline())["id"], str(number))
            client.stdin.close()
            self.assertEqual(client.wait(60), 0)

    def test_no_server_is_3_and_costs_nothing(self):
        corpus_sets.write_sets(self.input, 3)
        done = harness.run_client("--connect_timeout=300ms", "corpus", self.input, self.output,
                                  server="127.0.0.1:1")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(self.output.read_bytes(), b"")

    def test_wrong_use_is_2(self):
        for arguments in ([], ["a"], ["a", "b", "c"], ["--workers=0", "a", "b"],
                          ["--retry_for=soon", "a", "b"], ["--progress=loud", "a", "b"]):
            with self.subTest(arguments):
                self.assertEqual(harness.run_client("corpus", *arguments).returncode, 2)

    def test_the_drain_of_one_server_loses_nothing(self):
        corpus_sets.write_sets(self.input, 400)
        with harness.Server() as first:
            address = first.address
            client = subprocess.Popen(
                [harness.CLIENT, "--server", address, "corpus", "--retry_for=30s",
                 "--progress=none", str(self.input), str(self.output)], stderr=subprocess.PIPE)
            while not self.output.exists() or self.output.stat().st_size < 5000:
                time.sleep(0.01)
            first.process.send_signal(signal.SIGTERM)
            first.wait()
        with harness.Server(listen=address):
            _, errors = client.communicate(timeout=60)
        self.assertEqual(client.returncode, 0, errors)
        self.assertEqual(len(corpus_sets.sorted_lines(self.output)), 400)


if __name__ == "__main__":
    harness.main()
