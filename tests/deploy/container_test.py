# SPDX-License-Identifier: Apache-2.0
"""deploy/container/Dockerfile without Docker: its instructions are carried out in a
clean Debian root that mmdebstrap makes, and its entry point is started there as its
user, with a read-only root file system and no network but loopback.

  container_test.py [--all] [unittest's own arguments]

Of the first stage only the last RUN is carried out, over the programs at hand;
with --all everything is, from the installing of the compiler on (many minutes).
"""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import certificates  # noqa: E402
import harness  # noqa: E402

ALL = "--all" in sys.argv
DOCKERFILE = harness.ROOT / "deploy" / "container" / "Dockerfile"
RELEASES = {"debian:12-slim": "bookworm"}
# What the slim images of Debian leave out, too.
SLIM = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "doc", "info")]
# Notices stay, as they do in that image.
SLIM.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
SECONDS_OF_A_STEP = 7200 if ALL else 900
ISOLATED = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"]


class Instruction:
    """One instruction of a Dockerfile: its name, its flags and the rest."""

    def __init__(self, line):
        self.name, rest = line.split(None, 1)
        words = rest.split()
        flags = [word for word in words if word.startswith("--")]
        self.flags = dict(flag[2:].split("=", 1) for flag in flags) if self.name in (
            "COPY", "HEALTHCHECK") else {}
        self.text = rest
        self.words = [word for word in words if word not in flags]

    def json(self):
        return json.loads(self.text[self.text.index("["):])


def parse(text):
    """The stages of a Dockerfile: lists of instructions, each begun by FROM."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    stages = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        instruction = Instruction(line)
        if instruction.name == "FROM":
            stages.append([])
        stages[-1].append(instruction)
    return stages


def values_of(stage, name):
    return [instruction for instruction in stage if instruction.name == name]


def environment_of(stage):
    pairs = [pair for env in values_of(stage, "ENV") for pair in shlex.split(env.text)]
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            **dict(pair.split("=", 1) for pair in pairs)}


def run(*arguments, **options):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True,
                          timeout=SECONDS_OF_A_STEP, stdin=subprocess.DEVNULL, **options)
    assert done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def files_of_context():
    """What `docker build .` is sent here: what git has, and the model that it has not."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=harness.ROOT, capture_output=True, timeout=60)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    if not names:  # a tree without git
        names = [str(path.relative_to(harness.ROOT)) for top in ("deploy", "models", "proto")
                 for path in (harness.ROOT / top).rglob("*")]
        names += [path.name for path in harness.ROOT.iterdir()]
    names.append("models/lid.176.ftz")
    return [name for name in dict.fromkeys(names) if (harness.ROOT / name).is_file()]


class Stage:
    """A root file system in which a stage is carried out."""

    def __init__(self, root, base, instructions):
        self.root = root
        self.instructions = instructions
        self.directory = "/"
        self.environment = environment_of(instructions)
        root.mkdir()
        run("tar", "-C", root, "-xpf", base)
        # As in Docker's own images of Debian.
        (root / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n")
        # Whom else this machine trusts: behind some proxies nothing is fetched without.
        extra = os.environ.get("NODE_EXTRA_CA_CERTS")
        self.trust = {"NODE_EXTRA_CA_CERTS": "/run/extra-ca.crt"} if extra else {}
        if extra:
            shutil.copy(extra, root / "run/extra-ca.crt")

    def carry_out(self, others, skip_run=lambda _: False):
        for instruction in self.instructions:
            if instruction.name == "WORKDIR":
                self.directory = instruction.text.strip()
                (self.root / self.directory.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif instruction.name == "COPY":
                self.copy(instruction, others)
            elif instruction.name == "RUN" and not skip_run(instruction):
                self.run(instruction.text)

    def copy(self, instruction, others):
        *sources, target = instruction.words
        target = self.root / os.path.join(self.directory, target).lstrip("/")
        if "from" in instruction.flags:
            assert len(sources) == 1 and sources[0].endswith("/"), "a whole folder"
            run("cp", "-a", f"{others[instruction.flags['from']].root / sources[0].strip('/')}/.",
                target)
            return
        context = files_of_context()
        for source in sources:
            path = harness.ROOT / source
            if path.is_file():
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
                continue
            prefix = "" if source == "." else source.rstrip("/") + "/"
            for name in context:
                if name.startswith(prefix):
                    to = target / name[len(prefix):]
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(harness.ROOT / name, to)

    def run(self, command):
        """Runs a command as RUN does, with the network of this machine."""
        resolver = self.root / "etc/resolv.conf"
        resolver.write_bytes(pathlib.Path("/etc/resolv.conf").read_bytes())
        mount = 'mount -t proc proc "$0/proc" && exec chroot "$0" /bin/sh -c "$1"'
        run("unshare", "--mount", "--pid", "--fork", "sh", "-c", mount, self.root,
            f"cd {self.directory} && {command}", env={**self.environment, **self.trust})
        resolver.unlink()


# --- What runs inside.

def bring_loopback_up():
    flags, request = 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, flags, request)


def enter(root, user):
    """For a child: the root of the container, its user, no rights."""
    def enter_now():
        os.chroot(root)
        os.chdir("/")
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)

    return enter_now


def check_inside(root):
    """Starts the entry point of the image at `root`, which has no network and cannot
    write, and uses it as an orchestrator would. Needs namespaces of its own."""
    stage = parse(DOCKERFILE.read_text())[-1]
    user = int(values_of(stage, "USER")[-1].text.split(":")[0])
    assert user != 0
    bring_loopback_up()
    (pathlib.Path(root) / "tls").mkdir(exist_ok=True)
    run("mount", "--make-rprivate", "/")
    run("mount", "--bind", root, root)
    run("mount", "-t", "proc", "proc", f"{root}/proc")
    run("mount", "-o", "remount,ro,bind", root)
    environment = environment_of(stage)
    entry = values_of(stage, "ENTRYPOINT")[-1].json()
    in_container = {"preexec_fn": enter(root, user), "timeout": 120, "capture_output": True,
                    "stdin": subprocess.DEVNULL}

    @contextlib.contextmanager
    def serving(environment):
        """A started server that drains at the end."""
        server = subprocess.Popen(entry, env=environment, stdout=subprocess.PIPE,
                                  preexec_fn=enter(root, user))
        try:
            line = server.stdout.readline().decode()
            assert line == "listening on 0.0.0.0:50051\n", line
            yield
            server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0
        finally:
            server.kill()
            server.wait()

    # Without a word about encryption it does not start.
    refused = subprocess.run(entry, env=environment, **in_container)
    assert refused.returncode == 2, refused
    assert b"allow_insecure" in refused.stderr, refused

    check_tls(root, user, entry, environment, serving, in_container)

    environment["HEXAPLA_ALLOW_INSECURE"] = "on"
    environment["HEXAPLA_METRICS"] = "0.0.0.0:9464"
    probe = values_of(stage, "HEALTHCHECK")[-1].json()
    with serving(environment):
        healthy = subprocess.run(probe, env=environment, **in_container)
        assert healthy.returncode == 0 and b"SERVING" in healthy.stdout, healthy
        used = subprocess.run(["hexapla", "detect", "/usr/share/hexapla/models/MODEL_CARD.md"],
                              env=environment, **in_container)
        assert used.returncode == 0 and b"\ten\t" in used.stdout, used
        written = subprocess.run(["touch", "/tmp/x"], env=environment, **in_container)
        assert written.returncode != 0, "the root can be written"
    unhealthy = subprocess.run(probe, env=environment, **in_container)
    assert unhealthy.returncode == 3, unhealthy
    # The work of a Kubernetes Indexed Job needs nothing but a folder to write to.
    run("mount", "-t", "tmpfs", "tmpfs", f"{root}/mnt")
    mounted = pathlib.Path(root) / "mnt"
    mounted.chmod(0o777)
    (mounted / "in.jsonl").write_text(
        '{"id": "a", "versions": [{"sentences": ["Yes."]}, {"sentences": ["Oui."]}]}\n\n')
    for index in ("0", "1"):
        shard = subprocess.run(["hexapla-corpus-shard", "/mnt/in.jsonl", "/mnt/out", "2"],
                               env={**environment, "JOB_COMPLETION_INDEX": index}, **in_container)
        assert shard.returncode == 0, shard
    merged = subprocess.run(
        ["hexapla-corpus-merge", "/mnt/in.jsonl", "/mnt/out", "2", "/mnt/beads.jsonl"],
        env=environment, **in_container)
    assert merged.returncode == 0, merged
    assert '"id":"a"' in (mounted / "beads.jsonl").read_text()
    print("the container works")


def check_tls(root, user, entry, environment, serving, in_container):
    """As docs/deployment.md says it, with a certificate mounted at /tls."""
    mounted = pathlib.Path(root) / "tls"
    run("mount", "-t", "tmpfs", "tmpfs", mounted)
    certificate, key = certificates.Authority(mounted).issue("tls", ["DNS:align.example.org"])
    key.chmod(0o600)
    environment = {**environment, "HEXAPLA_TLS_CERT": f"/tls/{certificate.name}",
                   "HEXAPLA_TLS_KEY": f"/tls/{key.name}", "HEXAPLA_TLS_CA": "/tls/ca.pem",
                   "HEXAPLA_TLS_SERVER_NAME": "align.example.org"}
    # The key of another user is not read.
    refused = subprocess.run(entry, env=environment, **in_container)
    assert refused.returncode == 1 and key.name.encode() in refused.stderr, refused
    os.chown(key, user, user)
    with serving(environment):
        healthy = subprocess.run(["hexapla", "health"], env=environment, **in_container)
        assert healthy.returncode == 0 and b"SERVING" in healthy.stdout, healthy
        plain = {name: value for name, value in environment.items() if "TLS" not in name}
        unhealthy = subprocess.run(["hexapla", "health", "--connect_timeout=2s"], env=plain,
                                   **in_container)
        assert unhealthy.returncode != 0, unhealthy
    run("umount", mounted)


# --- What makes the root.

class Dockerfile(unittest.TestCase):
    def test_stages_are_what_they_should_be(self):
        stages = parse(DOCKERFILE.read_text())
        self.assertEqual([stage[0].words for stage in stages],
                         [["debian:12-slim", "AS", "build"], ["debian:12-slim"]])
        runtime = stages[-1]
        self.assertRegex(values_of(runtime, "USER")[-1].text, r"^[1-9][0-9]*:[1-9][0-9]*$")
        self.assertEqual(values_of(runtime, "ENTRYPOINT")[-1].json(), ["hexaplad"])
        # No compiler in what is shipped.
        self.assertNotRegex(" ".join(i.text for i in runtime), r"-dev\b|g\+\+ ")

    def test_a_container_made_by_it_serves(self):
        stages = parse(DOCKERFILE.read_text())
        folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="container-", ignore_cleanup_errors=True)))
        base = folder / "base.tar"
        sources = [path for path in ("/etc/apt/sources.list.d/debian.sources",
                                     "/etc/apt/sources.list")
                   if os.path.exists(path) and "bookworm" in pathlib.Path(path).read_text()]
        run("mmdebstrap", "--quiet", "--variant=minbase", *SLIM, RELEASES[stages[0][0].words[0]],
            base, *sources[:1])
        build = Stage(folder / "build", base, stages[0])
        if ALL:
            build.carry_out({})
        else:
            products = {"/build/server/hexaplad": harness.SERVER,
                        "/build/client/hexapla": harness.CLIENT}
            for name, made in products.items():
                (build.root / name[1:]).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(made, build.root / name[1:])
            last = values_of(stages[0], "RUN")[-1]
            build.carry_out({}, skip_run=lambda instruction: instruction is not last)
        image = Stage(folder / "image", base, stages[1])
        image.carry_out({"build": build})
        shutil.rmtree(build.root, ignore_errors=True)
        size = int(run("du", "-sm", image.root).split()[0])
        print(f"    the image has {size} MiB", file=sys.stderr)
        self.assertLess(size, 400)
        self.check_libraries(image.root)
        for path in ("doc/hexapla/LICENSE", "doc/hexapla/NOTICE", "doc/hexapla/copyright",
                     "doc/libgrpc29/copyright", "hexapla/models/MODEL_CARD.md",
                     "hexapla/models/CC-BY-SA-3.0.txt"):
            self.assertTrue((image.root / "usr/share" / path).is_file(), path)
        print(run(*ISOLATED, sys.executable, __file__, "--inside", image.root), file=sys.stderr)

    def check_libraries(self, root):
        """The packages named are those needed: no library is missing or too many."""
        wanted = set(re.findall(r"\b(lib[a-z0-9.+-]+)\b", next(
            i.text for i in parse(DOCKERFILE.read_text())[-1] if i.name == "RUN")))
        needed = set()
        for program in ("hexaplad", "hexapla"):
            listed = run("chroot", root, "ldd", f"/usr/bin/{program}")
            self.assertNotIn("not found", listed)
            needed.update(re.findall(r"=> (/\S+)", listed))
        owners = {run("chroot", root, "sh", "-c", f"dpkg -S $(realpath {path}) || dpkg -S {path}")
                  .split(":")[0] for path in sorted(needed)}
        self.assertLessEqual(wanted, owners)


def skip_where_impossible():
    if os.geteuid() != 0:
        harness.skip_all("a root file system is made by root only")
    if not shutil.which("mmdebstrap"):
        harness.skip_all("mmdebstrap is not installed")
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run([*ISOLATED, "sh", "-c", f"mount -t tmpfs tmpfs {folder}"],
                               capture_output=True, text=True, timeout=60)
    if tried.returncode != 0:
        harness.skip_all(f"no namespaces of our own here: {tried.stderr.strip()}")


if __name__ == "__main__":
    if "--inside" in sys.argv:
        check_inside(sys.argv[-1])
        sys.exit(0)
    sys.argv = [argument for argument in sys.argv if argument != "--all"]
    skip_where_impossible()
    harness.main()
