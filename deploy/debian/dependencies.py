# SPDX-License-Identifier: Apache-2.0
"""What a program is made of, by the data of dpkg and ninja: the Debian packages whose
libraries it loads, and those whose headers or archives are compiled into it."""

import dataclasses
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True, order=True)
class Dependency:
    """A binary package of Debian."""
    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    homepage: str
    compiled_in: bool  # else it is loaded

    def copyright(self):
        """Debian's record of its licences and copyrights."""
        return pathlib.Path("/usr/share/doc", self.name, "copyright").read_text(errors="replace")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def owners(paths):
    """The names of the packages that brought the files."""
    # Debian 12 still owns some files by their names before /usr was merged.
    names = {name for path in paths for name in (path, path.removeprefix("/usr"))}
    done = subprocess.run(["dpkg-query", "--search", *sorted(names)], capture_output=True,
                          text=True, check=False)  # fails for the names that are not owned
    found = dict(reversed(line.rsplit(": ", 1)) for line in done.stdout.splitlines())
    missing = [p for p in paths if p not in found and p.removeprefix("/usr") not in found]
    if missing:
        raise ValueError(f"of no Debian package: {' '.join(sorted(missing))}")
    return {package.split(",")[0] for package in found.values()}


def loaded_files(program):
    """The libraries that the loader would map, those of libraries included."""
    paths = re.findall(r"=> (/\S+)", run("ldd", str(program)))
    return {str(pathlib.Path(path).resolve()) for path in paths}


def compiled_files(build, target):
    """Headers and archives of the system that are compiled into a target."""
    inputs = run("ninja", "-C", build, "-t", "inputs", target).splitlines()
    objects = [path for path in inputs if path.endswith(".o")]
    said = run("ninja", "-C", build, "-t", "deps", *objects)
    if "deps not found" in said:
        raise ValueError(f"{target} is not built in {build}")
    headers = {line.strip() for line in said.splitlines() if line.startswith("    ")}
    archives = {path for path in inputs if path.endswith(".a")}
    files = {str(pathlib.Path(path).resolve()) for path in headers | archives
             if path.startswith("/usr/")}
    return files


def dependencies(build, target, program):
    """All of a program, sorted. `target` is its name in the build folder."""
    loaded = owners(loaded_files(program))
    compiled = owners(compiled_files(build, target))
    fields = "${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\t" \
             "${source:Version}\\t${Homepage}\\n"
    lines = run("dpkg-query", "--show", f"--showformat={fields}", *sorted(loaded | compiled))
    names = {name.split(":")[0] for name in compiled}
    return sorted(Dependency(*line.split("\t"), line.split("\t")[0] in names)
                  for line in lines.splitlines())


def licences():
    """{Debian source package: SPDX expression}, as NOTICE has it."""
    return dict(re.findall(r"^  ([a-z0-9][a-z0-9.+-]+) {2,}(\S.*)$",
                           (ROOT / "NOTICE").read_text().split("Debian source")[1], re.MULTILINE))
