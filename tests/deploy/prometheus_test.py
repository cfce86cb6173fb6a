# SPDX-License-Identifier: Apache-2.0
"""deploy/prometheus and deploy/grafana against the real thing: Debian's Prometheus
scrapes servers that work a little, and every query of the dashboard and every
recording rule must return data."""

import json
import math
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

import grpc

import certificates
import daemons
import harness

try:
    import yaml
except ImportError:
    harness.skip_all("python3-yaml is not installed")
PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
if not PROMETHEUS or not PROMTOOL:
    harness.skip_all("Debian's prometheus is not installed")

FOLDER = harness.ROOT / "deploy" / "prometheus"
DASHBOARD = json.loads((harness.ROOT / "deploy" / "grafana" / "hexapla.json").read_text())
RULES = yaml.safe_load((FOLDER / "hexapla.rules.yml").read_text())

# Rates want a few scrapes, and recording rules an evaluation more.
INTERVAL = "1s"
SECONDS_UNTIL_DATA = 120
# What Grafana puts in the place of its variables.
VARIABLES = {"job": "hexapla", "instance": ".*", "method": ".*", "datasource": "prometheus",
             "__rate_interval": "1m", "__interval": "15s", "__range": "5m"}

api = None


def setUpModule():
    global api
    api = harness.Api()


def fill_in(text):
    """The text with Grafana's variables replaced."""
    def value(match):
        return VARIABLES[match[1] or match[2]]

    return re.sub(r"\$(?:(\w+)|\{(\w+)\})", value, text)


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


class Rules(unittest.TestCase):
    def check(self, *arguments):
        done = subprocess.run([PROMTOOL, *arguments], cwd=FOLDER, capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_promtool_finds_no_fault(self):
        self.check("check", "config", "prometheus.yml")
        self.check("check", "rules", "--lint=all", "--lint-fatal", "hexapla.rules.yml")

    def test_they_give_what_they_should(self):
        self.check("test", "rules", "hexapla.rules_test.yml")

    def test_every_rule_is_tested(self):
        test = (FOLDER / "hexapla.rules_test.yml").read_text()
        for group in RULES["groups"]:
            for rule in group["rules"]:
                with self.subTest(rule.get("alert") or rule["record"]):
                    if "alert" in rule:
                        self.assertRegex(test, f"alertname: {rule['alert']}\n +exp_alerts:\n")
                    else:
                        self.assertIn(f"- expr: {rule['record']}\n", test)


class Dashboard(unittest.TestCase):
    def test_panels_are_complete_and_do_not_overlap(self):
        seen = {}
        ids = [panel["id"] for panel in DASHBOARD["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in DASHBOARD["panels"]:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    self.assertNotIn((x, y), seen, f"{panel['title']}: {seen.get((x, y))}")
                    seen[x, y] = panel["title"]
        for panel in panels():
            with self.subTest(panel["title"]):
                self.assertTrue(panel["description"])
                self.assertTrue(panel["targets"])
                for part in (panel, *panel["targets"]):
                    self.assertEqual(part["datasource"]["uid"], "${datasource}")

    def test_every_metric_of_the_server_is_on_it(self):
        """Those of docs/operations.md, which a test holds against the server."""
        page = (harness.ROOT / "docs" / "operations.md").read_text()
        table = page[page.index("\n## Metrics"):page.index("\n## Log")]
        names = re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)
        self.assertGreater(len(names), 20)
        shown = json.dumps(DASHBOARD) + json.dumps(RULES)
        for name in names:
            self.assertTrue(name in shown, name)


class Traffic:
    """Calls of every method, good and bad, again and again until stopped."""

    def __init__(self, channels):
        self._channels = channels
        self._over = threading.Event()
        self.failure = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            while not self._over.wait(0.05):
                for channel in self._channels:
                    self.call_all(channel)
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    @staticmethod
    def call_all(channel):
        english, french = ["The ship came.", "All was well."], ["Le navire vint.", "Tout allait bien."]
        align = api.type("AlignDocumentsRequest")()
        align.versions.add(sentences=english)
        align.versions.add(sentences=french)
        stream = api.type("StreamAlignDocumentsRequest")(request_id="1", documents=align)
        pairs = api.type("ScorePairsRequest")()
        pairs.pairs.add(source=english[0], target=french[0])
        texts = api.type("DetectLanguagesRequest")(texts=english)
        batch = api.type("StreamDetectLanguagesRequest")(request_id="1", batch=texts)
        for service, method, request in (
                ("AlignmentService", "AlignDocuments", align),
                ("AlignmentService", "AlignDocuments", api.type("AlignDocumentsRequest")()),
                ("AlignmentService", "ScorePairs", pairs),
                ("LanguageService", "DetectLanguages", texts),
                ("LanguageService", "DetectSpans", api.type("DetectSpansRequest")(text=english[0])),
                ("EmbeddingService", "EmbedSentences",
                 api.type("EmbedSentencesRequest")(sentences=english)),
                ("ModelService", "ListModels", api.type("ListModelsRequest")())):
            try:
                api.call(channel, service, method, request)
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
        for service, method, request in (
                ("AlignmentService", "StreamAlignDocuments", stream),
                ("LanguageService", "StreamDetectLanguages", batch)):
            call = api.method(channel, service, method, request)
            list(call(iter([request]), timeout=harness.SECONDS_OF_A_CALL))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._over.set()
        self._thread.join()


class Prometheus(daemons.Daemon):
    """The configuration of deploy/prometheus with targets of our own."""

    def __init__(self, folder, targets):
        for file in FOLDER.glob("*.rules.yml"):
            shutil.copy(file, folder)
        configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
        configuration["global"] = {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL,
                                   "evaluation_interval": INTERVAL}
        job = next(job for job in configuration["scrape_configs"] if job["job_name"] == "hexapla")
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": targets}]
        configuration["scrape_configs"] = [job]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        self.port = daemons.free_port()
        super().__init__(PROMETHEUS, f"--config.file={folder / 'prometheus.yml'}",
                         f"--storage.tsdb.path={folder / 'data'}",
                         f"--web.listen-address=127.0.0.1:{self.port}", cwd=folder)
        self.wait_until(self.is_ready, "Prometheus is ready")

    def get(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
        with urllib.request.urlopen(url, timeout=30) as reply:
            return reply.read()

    def is_ready(self):
        try:
            return self.get("/-/ready")
        except OSError:
            return None

    def ask(self, what, **parameters):
        try:
            return json.loads(self.get(f"/api/v1/{what}", **parameters))["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def has_data(self, query):
        """Whether the query gives at least one number."""
        result = self.ask("query", query=query)["result"]
        return any(not math.isnan(float(sample["value"][1])) for sample in result)


class Scraped(unittest.TestCase):
    """One Prometheus for all, since it takes a while until rates exist."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        plain = cls.enterClassContext(harness.Server("--metrics=127.0.0.1:0"))
        authority = certificates.Authority(folder)
        certificate, key = authority.issue("server")
        encrypted = cls.enterClassContext(harness.Server(
            "--metrics=127.0.0.1:0", f"--tls_cert={certificate}", f"--tls_key={key}"))
        credentials = grpc.ssl_channel_credentials(authority.ca.read_bytes())
        channels = [cls.enterClassContext(channel) for channel in (
            grpc.insecure_channel(plain.address),
            grpc.secure_channel(encrypted.address, credentials))]
        cls.traffic = cls.enterClassContext(Traffic(channels))
        targets = []
        for server in (plain, encrypted):
            ready = [json.loads(line) for line in server.log().splitlines() if '"ready"' in line]
            targets.append(ready[0]["metrics"])
        cls.prometheus = cls.enterClassContext(Prometheus(folder, targets))

    def wait_for_data(self, queries):
        """Waits until each of the queries has given data; they are named."""
        missing = dict(queries)

        def all_found():
            self.assertIsNone(self.traffic.failure)
            for name in [n for n, query in missing.items() if self.prometheus.has_data(query)]:
                del missing[name]
            return not missing

        daemons.wait_until(all_found, lambda: f"no data: {missing}", SECONDS_UNTIL_DATA, pause=0.5)

    def test_every_query_of_the_dashboard_returns_data(self):
        queries = {f"{panel['title']} {target['refId']}": fill_in(target["expr"])
                   for panel in panels() for target in panel["targets"]}
        self.assertGreater(len(queries), 30)
        self.wait_for_data(queries)

    def test_every_variable_of_the_dashboard_has_values(self):
        self.wait_for_data({"any": "hexapla_build_info"})
        asked = 0
        for variable in DASHBOARD["templating"]["list"]:
            if variable["type"] != "query":
                continue
            with self.subTest(variable["name"]):
                match = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"])
                values = self.prometheus.ask(f"label/{match[2]}/values",
                                             **{"match[]": fill_in(match[1])})
                self.assertTrue(values)
                if not variable["includeAll"]:
                    self.assertIn(VARIABLES[variable["name"]], values)
                asked += 1
        self.assertEqual(asked, 3)

    def test_annotations_are_queries(self):
        for annotation in DASHBOARD["annotations"]["list"]:
            with self.subTest(annotation["name"]):
                self.prometheus.ask("query", query=fill_in(annotation["expr"]))

    def test_every_recording_rule_returns_data(self):
        self.wait_for_data({rule["record"]: rule["record"]
                            for group in RULES["groups"] for rule in group["rules"]
                            if "record" in rule})

    def test_every_rule_is_evaluated_and_nothing_is_alarmed(self):
        self.wait_for_data({"last group": "job:hexapla_workers_busy:ratio"})

        def evaluated():
            groups = self.prometheus.ask("rules")["groups"]
            return groups if all(rule["health"] != "unknown" for group in groups
                                 for rule in group["rules"]) else None

        groups = daemons.wait_until(evaluated, "all rules are evaluated")
        self.assertEqual(sum(len(group["rules"]) for group in groups),
                         sum(len(group["rules"]) for group in RULES["groups"]))
        for group in groups:
            for rule in group["rules"]:
                self.assertEqual(rule["health"], "ok", rule)
        firing = [alert for alert in self.prometheus.ask("alerts")["alerts"]
                  if alert["state"] == "firing"]
        self.assertEqual([], firing)


if __name__ == "__main__":
    harness.main()
