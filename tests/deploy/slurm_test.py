# SPDX-License-Identifier: Apache-2.0
"""deploy/slurm for real: Debian's SLURM on loopback, two nodes of this machine, an
array of shards, and one of the nodes killed in the middle of its shards. The merged
output must be that of an undisturbed run of the client alone."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import corpus_sets
import daemons
import harness

# SLURM's own daemons are not on the PATH of everyone.
os.environ["PATH"] += ":/usr/sbin"
for program in ("munged", "slurmctld", "slurmd", "sbatch"):
    if not shutil.which(program):
        harness.skip_all(f"{program} is not installed")
if os.geteuid() != 0:
    harness.skip_all("slurmd runs jobs as root only")

SCRIPTS = harness.ROOT / "deploy" / "slurm"
NODES = ("n0", "n1")
SHARDS = 6
# Sets take about 20 ms each, so that a shard is long enough to be killed in.
SETS = 150
SENTENCES_FACTOR = 30
SECONDS_OF_A_JOB = 240

# No cgroups: containers seldom let us have them.
CONFIGURATION = """
ClusterName=hexapla
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdSpoolDir={folder}/spool.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,batch_sched_delay=0
# A node that is silent for so many seconds is down, and its jobs begin anew.
SlurmdTimeout=15
ReturnToService=2
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def processes_with(variable):
    """Processes of ours whose environment holds NAME=VALUE."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
        except OSError:
            continue


class Cluster:
    """munged, slurmctld and a slurmd for each node; a context manager."""

    def __init__(self, folder):
        self.folder = folder
        self._daemons = []
        self.environment = {
            **{k: v for k, v in os.environ.items()
               if not k.startswith(("HEXAPLA_", "SLURM", "SBATCH"))},
            "SLURM_CONF": str(folder / "slurm.conf"), "HEXAPLA": harness.CLIENT}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        folder = self.folder
        # munge wants nobody else to be able to write beside its files.
        folder.chmod(0o755)
        (folder / "munge").mkdir(mode=0o755)
        (folder / "state").mkdir()
        key = folder / "munge" / "key"
        key.touch(mode=0o400)
        key.write_bytes(os.urandom(128))
        ports = [daemons.free_port() for _ in range(1 + len(NODES))]
        lines = "\n".join(
            f"NodeName={node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs=2"
            for node, port in zip(NODES, ports[1:]))
        (folder / "slurm.conf").write_text(CONFIGURATION.format(
            folder=folder, controller_port=ports[0], nodes=lines))
        (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        munge = [f"--{name}={folder / 'munge' / name}" for name in ("socket", "pid-file", "log-file",
                                                                    "seed-file")]
        munged = self._run("munged", "--foreground", "--force", f"--key-file={key}", *munge)
        munged.wait_until((folder / "munge" / "socket").exists, "munged listens")
        controller = self._run("slurmctld", "-D", "-i")
        controller.wait_until(lambda: daemons.accepts(ports[0]), "slurmctld listens")
        # The mark finds the processes that it starts, which leave its group.
        nodes = [self._run("slurmd", "-D", "-N", node, mark=self.mark(node)) for node in NODES]

        def ready():
            for node in nodes:
                if node.process.poll() is not None:
                    raise unittest.SkipTest(f"slurmd cannot run here: {node.log()[-500:]}")
            return self.is_idle()

        controller.wait_until(ready, "the nodes are idle")

    def mark(self, node):
        return f"HEXAPLA_TEST_NODE={self.folder}/{node}"

    def _run(self, *arguments, mark="="):
        name, value = mark.split("=", 1)
        environment = {**self.environment, **({name: value} if name else {})}
        daemon = daemons.Daemon(*arguments, env=environment, cwd=self.folder)
        self._daemons.append(daemon)
        return daemon

    def is_idle(self):
        states = self.run("sinfo", "--noheader", "--Node", "--format=%T").split()
        return states == ["idle"] * len(NODES)

    def run(self, *arguments):
        done = subprocess.run([str(argument) for argument in arguments], capture_output=True,
                              text=True, env=self.environment, cwd=self.folder, timeout=60)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def logs(self):
        texts = [f"{d.name}:\n{d.log()[-3000:]}" for d in self._daemons]
        texts += [f"{f.name}:\n{f.read_text()}" for f in sorted(self.folder.glob("slurm-*.out"))]
        return "\n".join(texts)

    def jobs(self, array):
        """Of each task of an array its state, node and number of restarts."""
        found = {}
        for line in self.run("scontrol", "--oneliner", "show", "job", array).splitlines():
            fields = dict(re.findall(r"(\w+)=(\S*)", line))
            if fields.get("ArrayTaskId", "").isdigit():
                found[int(fields["ArrayTaskId"])] = (
                    fields["JobState"], fields.get("NodeList", ""), int(fields["Restarts"]))
        return found

    def kill_node(self, node):
        """kill -9 of all that a node runs: slurmd, what watches jobs, the jobs."""
        ours = set(processes_with(f"SLURM_CONF={self.folder}/slurm.conf"))
        pids = ours & {*processes_with(self.mark(node)), *processes_with(f"SLURMD_NODENAME={node}")}
        for pid in pids:
            # First none of them can notice that another is gone.
            os.kill(pid, signal.SIGSTOP)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)

    def __exit__(self, *unused):
        for daemon in reversed(self._daemons):
            daemon.stop()
        for pid in processes_with(f"SLURM_CONF={self.folder}/slurm.conf"):
            os.kill(pid, signal.SIGKILL)
        for daemon in self._daemons:
            daemon.__exit__()


def write_long_sets(path):
    """Sets that take long enough, one in fifty of them a bad one."""
    corpus_sets.write_sets(path, SETS, bad_every=50)
    lines = path.read_text().splitlines()
    for i, line in enumerate(lines):
        if not line.startswith("{"):
            continue
        item = json.loads(line)
        for version in item["versions"]:
            if "sentences" in version:
                version["sentences"] *= SENTENCES_FACTOR
            else:
                version["text"] = " ".join([version["text"]] * SENTENCES_FACTOR)
        lines[i] = json.dumps(item, ensure_ascii=False)
    path.write_text("\n".join(lines) + "\n")


class Scripts(unittest.TestCase):
    """The scripts without an engine, as a Kubernetes Indexed Job calls them."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.source = self.folder / "in.jsonl"
        corpus_sets.write_sets(self.source, 40, bad_every=11)

    def run_script(self, name, *arguments, **environment):
        return subprocess.run(
            [SCRIPTS / name, *map(str, arguments)], capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "HEXAPLA": harness.CLIENT, **environment})

    def test_shards_of_an_indexed_job_are_merged(self):
        shards = self.folder / "shards"
        output = self.folder / "out.jsonl"
        for index in range(3):
            early = self.run_script("corpus-merge", self.source, shards, 3, output)
            self.assertEqual(early.returncode, 1)
            self.assertFalse(output.exists())
            done = self.run_script("corpus-shard", self.source, shards, 3, "--languages=en,fr,de",
                                   JOB_COMPLETION_INDEX=str(index))
            self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_script("corpus-merge", self.source, shards, 3, output)
        self.assertEqual((done.returncode, done.stdout), (0, f"40 sets in {output}\n"), done.stderr)
        whole = self.folder / "whole.jsonl"
        harness.run_client("--local", "corpus", "--progress=none", "--languages=en,fr,de",
                           self.source, whole)
        self.assertEqual(corpus_sets.sorted_lines(output), corpus_sets.sorted_lines(whole))
        # A cut line is no set.
        with open(shards / "shard-1-of-3.jsonl", "r+b") as file:
            file.truncate(file.seek(0, 2) - 5)
        done = self.run_script("corpus-merge", self.source, shards, 3, output)
        self.assertEqual(done.returncode, 1)
        self.assertIn("40 sets, the shards 39", done.stderr)

    def test_a_server_can_do_the_work(self):
        with harness.Server() as server:
            done = self.run_script("corpus-shard", self.source, self.folder, 2,
                                   JOB_COMPLETION_INDEX="0", HEXAPLA_SERVER=server.address)
            self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_script("corpus-shard", self.source, self.folder, 2, "--retry_for=0",
                               JOB_COMPLETION_INDEX="1", HEXAPLA_SERVER=server.address)
        self.assertEqual(done.returncode, 3, done.stderr)

    def test_wrong_usage_is_told(self):
        for script, arguments in (("corpus-shard", ()), ("corpus-shard", ("a", "b", "0")),
                                  ("corpus-shard", ("a", "b", "2")),
                                  ("corpus-merge", ("a", "b", "x", "c"))):
            done = self.run_script(script, *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("corpus-", done.stderr)


class Array(unittest.TestCase):
    def test_a_killed_node_costs_no_set(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="slurm-")))
        source = folder / "sets.jsonl"
        write_long_sets(source)
        undisturbed = folder / "undisturbed.jsonl"
        harness.run_client("--local", "corpus", "--progress=none", source, undisturbed,
                           timeout=SECONDS_OF_A_JOB)
        expected = corpus_sets.sorted_lines(undisturbed)
        self.assertEqual(len(expected), SETS)
        cluster = self.enterContext(Cluster(folder))
        try:
            self.run_array(cluster, folder)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{cluster.logs()}") from error
        self.assertEqual(corpus_sets.sorted_lines(folder / "beads.jsonl"), expected)

    def run_array(self, cluster, folder):
        shards = folder / "shards"
        array = self.submit_as_documented(cluster)
        killed = self.kill_a_node_at_work(cluster, array, shards)

        def ended():
            states = [state for state, _, _ in cluster.jobs(array).values()]
            self.assertNotIn("FAILED", states)
            return len(states) == SHARDS and set(states) == {"COMPLETED"}

        daemons.wait_until(ended, lambda: f"all tasks complete: {cluster.jobs(array)}",
                           SECONDS_OF_A_JOB, pause=0.5)
        tasks = cluster.jobs(array)
        self.assertGreaterEqual(sum(restarts for _, _, restarts in tasks.values()), 1, tasks)
        for task in killed:
            self.assertGreaterEqual(tasks[task][2], 1, tasks)
            self.assertEqual(tasks[task][1], "n0")
        daemons.wait_until((folder / "beads.jsonl").exists, "the shards are merged",
                           SECONDS_OF_A_JOB)

    def submit_as_documented(self, cluster):
        """Runs the commands of docs/corpora.md for a smaller array. Gives its number."""
        page = (harness.ROOT / "docs" / "corpora.md").read_text()
        block, = re.findall(r"```\n(array=.*?)```", page, re.DOTALL)
        for documented, ours in (("0-15", f"0-{SHARDS - 1}"), (" 16", f" {SHARDS}"),
                                 ("--cpus-per-task=4", "--cpus-per-task=1")):
            self.assertIn(documented, block)
            block = block.replace(documented, ours)
        (cluster.folder / "deploy").symlink_to(harness.ROOT / "deploy")
        return cluster.run("bash", "-euc", block + "echo $array").split()[-1]

    def kill_a_node_at_work(self, cluster, array, shards):
        """Kills n1 when a task of it has begun its output. Gives the tasks that it ran."""
        deadline = time.monotonic() + SECONDS_OF_A_JOB
        while True:
            running = [task for task, (state, node, _) in cluster.jobs(array).items()
                       if state == "RUNNING" and node == "n1"]
            self.assertLess(time.monotonic(), deadline, "n1 does nothing")
            if any(path.exists() and path.stat().st_size > 0 for path in
                   (shards / f"shard-{task}-of-{SHARDS}.jsonl" for task in running)):
                break
            time.sleep(0.01)
        # slurmd, and for each task what watches it and the client.
        self.assertGreaterEqual(cluster.kill_node("n1"), 2)
        whole = SETS // SHARDS
        unfinished = [task for task in running
                      if self.lines(shards / f"shard-{task}-of-{SHARDS}.jsonl") < whole]
        self.assertTrue(unfinished, "n1 was done before it was killed")
        return unfinished

    @staticmethod
    def lines(path):
        return path.read_bytes().count(b"\n") if path.exists() else 0


if __name__ == "__main__":
    harness.main()
