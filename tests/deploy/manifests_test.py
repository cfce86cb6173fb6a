# SPDX-License-Identifier: Apache-2.0
"""deploy/kubernetes without a cluster, deploy/compose without Docker: Kustomize itself renders the base and each
overlay, every object is held against its schema, what refers to one another must
fit, and what the pods run is run here: configuration, probes and the Indexed Job."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import certificates
import corpus_sets
import harness

try:
    import yaml
except ImportError:
    harness.skip_all("python3-yaml is not installed")
FOLDER = harness.ROOT / "deploy" / "kubernetes"
NODE = harness.ROOT / "build" / "node-deploy"
KUBECTL = NODE / "kubectl" / "kubectl"
if not shutil.which("node") or not KUBECTL.exists():
    harness.skip_all("no Kustomize and schemas: run tests/deploy/install-node-packages")
CHECK = pathlib.Path(__file__).with_name("check_schemas.mjs")
RENDERED = ("base", "overlays/development", "overlays/production", "corpus")


def render(name):
    done = subprocess.run([KUBECTL, "kustomize", FOLDER / name], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return [item for item in yaml.safe_load_all(done.stdout) if item]


def faults_of(value):
    """What the schemas have against a list of objects, or a compose file."""
    done = subprocess.run(["node", CHECK, NODE], input=json.dumps(value), capture_output=True,
                          text=True, timeout=120)
    assert done.stderr == "", done.stderr
    return done.stdout.splitlines()


def only(items, kind, name=None):
    found = [item for item in items
             if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    assert len(found) == 1, (kind, name, len(found))
    return found[0]


def pods_of(items):
    """The specifications of pods in these objects."""
    return [item["spec"]["template"]["spec"] for item in items
            if item["kind"] in ("Deployment", "Job")]


class Objects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rendered = {name: render(name) for name in RENDERED}

    def test_they_fit_their_schemas(self):
        for name, items in self.rendered.items():
            with self.subTest(name):
                self.assertEqual(faults_of(items), [])

    def test_the_check_finds_faults(self):
        items = json.loads(json.dumps(self.rendered["base"]))
        deployment = only(items, "Deployment")
        deployment["spec"]["template"]["spec"]["containers"][0]["livenessProb"] = {"a": {"b": 1}}
        deployment["spec"]["strategy"] = 3
        self.assertEqual(len(faults_of([deployment])), 2, faults_of([deployment]))

    def test_pods_are_as_restricted_as_pods_can_be(self):
        for name, items in self.rendered.items():
            for pod in pods_of(items):
                with self.subTest(name):
                    self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                    self.assertEqual(pod["securityContext"]["seccompProfile"]["type"],
                                     "RuntimeDefault")
                    self.assertFalse(pod["automountServiceAccountToken"])
                    for container in pod["containers"]:
                        context = container["securityContext"]
                        self.assertTrue(context["readOnlyRootFilesystem"])
                        self.assertFalse(context["allowPrivilegeEscalation"])
                        self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
                        self.assertEqual(set(container["resources"]), {"requests", "limits"})

    def test_the_image_is_that_of_this_version(self):
        version = re.search(r"project\(\s*hexapla\s+VERSION ([\d.]+)",
                            (harness.ROOT / "CMakeLists.txt").read_text(), re.IGNORECASE)[1]
        for name, items in self.rendered.items():
            for pod in pods_of(items):
                for container in pod["containers"]:
                    self.assertRegex(container["image"], rf":{re.escape(version)}$", name)

    def test_there_are_as_many_threads_as_processors_allowed(self):
        for name, items in self.rendered.items():
            for pod in pods_of(items):
                workers = {entry["name"]: entry for entry in pod["containers"][0]["env"]}
                self.assertEqual(workers["HEXAPLA_WORKERS"]["valueFrom"]["resourceFieldRef"],
                                 {"resource": "limits.cpu"}, name)

    def test_references_lead_somewhere(self):
        for name in RENDERED[:3]:
            items = self.rendered[name]
            with self.subTest(name):
                deployment = only(items, "Deployment")
                template = deployment["spec"]["template"]
                labels = template["metadata"]["labels"]
                pod = template["spec"]
                container = pod["containers"][0]
                volumes = {volume["name"]: volume for volume in pod["volumes"]}
                self.assertEqual({mount["name"] for mount in container["volumeMounts"]},
                                 set(volumes))
                only(items, "ConfigMap", volumes["configuration"]["configMap"]["name"])
                only(items, "ServiceAccount", pod["serviceAccountName"])
                ports = {port["name"] for port in container["ports"]}
                selectors = [deployment["spec"]["selector"]["matchLabels"],
                             only(items, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]]
                for service in (item for item in items if item["kind"] == "Service"):
                    selectors.append(service["spec"]["selector"])
                    for port in service["spec"]["ports"]:
                        self.assertIn(port["targetPort"], ports)
                if name != "overlays/development":
                    selectors.append(
                        only(items, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"])
                    scaled = only(items, "HorizontalPodAutoscaler")["spec"]
                    self.assertEqual(scaled["scaleTargetRef"]["name"],
                                     deployment["metadata"]["name"])
                    self.assertNotIn("replicas", deployment["spec"])
                for selector in selectors:
                    self.assertLessEqual(selector.items(), labels.items())
                # Who may call carries no label of ours.
                clients = only(items, "NetworkPolicy")["spec"]["ingress"][0]["from"]
                self.assertEqual(clients, [{"podSelector": {"matchLabels":
                                                            {"hexapla-client": "true"}}}])
                self.assertGreater(pod["terminationGracePeriodSeconds"], self.drain_of(items) + 5)

    @staticmethod
    def flags_of(items):
        text = only(items, "ConfigMap")["data"]["hexaplad.conf"]
        return dict(line.split("=", 1) for line in text.splitlines()
                    if line and not line.startswith("#"))

    def drain_of(self, items):
        return int(self.flags_of(items)["drain_grace"].rstrip("s"))

    def test_the_monitor_finds_the_metrics_and_the_rules_are_those_tested(self):
        items = self.rendered["overlays/production"]
        monitor = only(items, "ServiceMonitor")["spec"]
        chosen = [item for item in items if item["kind"] == "Service" and
                  monitor["selector"]["matchLabels"].items() <= item["metadata"]["labels"].items()
                  and monitor["endpoints"][0]["port"] in
                  [port["name"] for port in item["spec"]["ports"]]]
        # One of the services only, or each replica would be counted twice.
        self.assertEqual([item["metadata"]["name"] for item in chosen], ["hexapla"])
        self.assertEqual(chosen[0]["metadata"]["labels"][monitor["jobLabel"]], "hexapla")
        rules = yaml.safe_load(
            (harness.ROOT / "deploy/prometheus/hexapla.rules.yml").read_text())
        self.assertEqual(only(items, "PrometheusRule")["spec"]["groups"], rules["groups"])

    def serve_with(self, items, folder, *flags):
        """A server with the configuration of a deployment, on ports of our own."""
        configuration = folder / "hexaplad.conf"
        configuration.write_text(only(items, "ConfigMap")["data"]["hexaplad.conf"])
        container = pods_of(items)[0]["containers"][0]
        arguments = [argument.replace("/etc/hexapla/", f"{folder}/")
                     for argument in container["args"]]
        return harness.Server(*arguments, "--metrics=127.0.0.1:0", *flags,
                              env={"HEXAPLA_WORKERS": container["resources"]["limits"]["cpu"]})

    def test_the_configurations_are_served(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in RENDERED[:2]:
            with self.subTest(name), self.serve_with(self.rendered[name], folder) as server:
                done = harness.run_client("health", server=server.address)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_in_production_the_probes_speak_tls_and_calls_need_a_token(self):
        items = self.rendered["overlays/production"]
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        authority = certificates.Authority(folder)
        page = (harness.ROOT / "docs" / "deployment.md").read_text()
        asked = yaml.safe_load(re.search(r"^```yaml\n(apiVersion: cert-manager.*?)^```$", page,
                                         re.MULTILINE | re.DOTALL)[1])["spec"]
        self.assertEqual(asked["secretName"], "hexapla-tls")
        called = {item["metadata"]["name"] for item in items if item["kind"] == "Service" and
                  "grpc" in {port["name"] for port in item["spec"]["ports"]}}
        self.assertEqual(called, {"hexapla", "hexapla-replicas"})
        self.assertLessEqual(called, set(asked["dnsNames"]))
        certificate, key = authority.issue(
            "server", hosts=[f"DNS:{name}" for name in asked["dnsNames"]])
        (folder / "tokens").write_text("a-token-of-this-test\n")
        flags = self.flags_of(items)
        self.assertLessEqual({"tls_cert", "tls_key", "auth_tokens"}, set(flags))
        server = self.enterContext(self.serve_with(
            items, folder, f"--tls_cert={certificate}", f"--tls_key={key}",
            f"--auth_tokens={folder / 'tokens'}"))
        container = pods_of(items)[0]["containers"][0]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            program, *arguments = container[probe]["exec"]["command"]
            self.assertEqual(program, "hexapla")
            arguments = [argument.replace("/etc/hexapla-tls/ca.crt", str(authority.ca))
                         for argument in arguments]
            done = harness.run_client(*arguments, server=server.address)
            self.assertEqual(done.returncode, 0, done.stderr)
        models = [argument.replace("health", "models") for argument in arguments]
        self.assertEqual(harness.run_client(*models, server=server.address).returncode, 1)
        done = harness.run_client(*models, server=server.address,
                                  env={"HEXAPLA_AUTH_TOKEN": "a-token-of-this-test"})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_indexed_job_does_the_corpus(self):
        job = only(self.rendered["corpus"], "Job")["spec"]
        container = job["template"]["spec"]["containers"][0]
        self.assertEqual(container["args"][2], str(job["completions"]))
        self.assertEqual(container["command"], ["hexapla-corpus-shard"])
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        corpus_sets.write_sets(folder / "sets.jsonl", 40)
        arguments = [argument.replace("/corpus/", f"{folder}/") for argument in container["args"]]
        scripts = harness.ROOT / "deploy" / "slurm"
        environment = {"PATH": os.environ["PATH"], "HEXAPLA": harness.CLIENT}
        for index in range(job["completions"]):
            subprocess.run([scripts / "corpus-shard", *arguments], check=True, timeout=120,
                           env={**environment, "JOB_COMPLETION_INDEX": str(index)})
        subprocess.run([scripts / "corpus-merge", *arguments, folder / "beads.jsonl"], check=True,
                       timeout=60, env=environment, stdout=subprocess.DEVNULL)
        self.assertEqual(len(corpus_sets.sorted_lines(folder / "beads.jsonl")), 40)


class Compose(unittest.TestCase):
    FILE = harness.ROOT / "deploy" / "compose" / "compose.yaml"

    def setUp(self):
        self.compose = yaml.safe_load(self.FILE.read_text())

    def test_it_fits_its_schema(self):
        self.assertEqual(faults_of(self.compose), [])
        self.compose["services"]["hexapla"]["replica"] = 2
        self.assertEqual(len(faults_of(self.compose)), 1)

    def test_what_it_mounts_is_there(self):
        volumes = [volume for service in self.compose["services"].values()
                   for volume in service.get("volumes", ()) if volume.startswith(".")]
        self.assertEqual(len(volumes), 6)
        for volume in volumes:
            self.assertTrue((self.FILE.parent / volume.split(":")[0]).is_file(), volume)
        build = self.compose["services"]["hexapla"]["build"]
        self.assertTrue((self.FILE.parent / build["context"] / build["dockerfile"]).is_file())

    def test_only_loopback_is_published(self):
        for service in self.compose["services"].values():
            for port in service.get("ports", ()):
                self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_its_environment_is_served(self):
        environment = self.compose["services"]["hexapla"]["environment"]
        with harness.Server("--metrics=127.0.0.1:0", env=environment) as server:
            self.assertEqual(harness.run_client("health", server=server.address).returncode, 0)
            self.assertEqual(server.stop()[0], 0)


if __name__ == "__main__":
    harness.main()
