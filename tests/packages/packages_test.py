#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is in the packages, and that equal sources give equal bytes."""

import hashlib
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

import packing
from packing import BUILD, NAMES, ROOT, run

# Tags of lintian for packages that Debian distributes itself.
SUPPRESSED = "initial-upload-closes-no-bugs"
# Rated by `systemd-analyze security`, in tenths; 0 is the most closed.
EXPOSURE_MAX = 15

SHIPPED = {"hexaplad": "server/hexaplad", "hexapla": "client/hexapla"}

work = None
first = None
second = None


def setUpModule():
    global work, first, second
    work = tempfile.TemporaryDirectory()
    folder = pathlib.Path(work.name)
    first = packing.pack(folder / "first")
    second = packing.pack(folder / "second", TZ="Pacific/Apia", LC_ALL="C.UTF-8")
    for name, path in first.items():
        run("dpkg-deb", "--raw-extract", path, folder / name)


def tearDownModule():
    work.cleanup()


def tree(name):
    return pathlib.Path(work.name) / name


def is_shipped_build():
    cache = (BUILD / "CMakeCache.txt").read_text()
    return re.search(r"^HEXAPLA_SHIP:BOOL=(ON|TRUE)$", cache,
                     re.MULTILINE | re.IGNORECASE) is not None


class Build(unittest.TestCase):
    def test_packed_twice_they_are_the_same(self):
        for name in NAMES:
            self.assertTrue(first[name].read_bytes() == second[name].read_bytes(), name)

    @unittest.skipUnless(is_shipped_build(), "not built as it is shipped")
    def test_programs_are_hardened(self):
        for target in SHIPPED.values():
            said = run("readelf", "--wide", "--dynamic", "--dyn-syms", BUILD / target).stdout
            self.assertRegex(said, r"FLAGS_1\).*\bNOW PIE\b", target)
            self.assertIn("__stack_chk_fail", said, target)

    @unittest.skipUnless(is_shipped_build(), "not built as it is shipped")
    def test_programs_know_no_path_of_this_machine(self):
        for target in SHIPPED.values():
            self.assertFalse(f"{ROOT}/".encode() in (BUILD / target).read_bytes(), target)

    @unittest.skipUnless(is_shipped_build(), "not built as it is shipped")
    def test_compiled_elsewhere_an_object_is_the_same(self):
        source = ROOT / "server/fasttext/file_bytes.cc"
        entry = next(e for e in json.loads((BUILD / "compile_commands.json").read_text())
                     if e["file"] == str(source))
        copy = pathlib.Path(work.name) / "elsewhere"
        shutil.copytree(ROOT / "server", copy / "server")
        command = shlex.split(entry["command"].replace(str(ROOT), str(copy)))
        if "ccache" in command[0]:
            command = command[1:]
        out = command.index("-o") + 1
        built = pathlib.Path(entry["directory"]) / command[out]
        command[out] = str(copy / "object.o")
        run(*command, cwd=copy)
        self.assertTrue((copy / "object.o").read_bytes() == built.read_bytes())

    def test_linked_again_the_programs_are_the_same(self):
        for target in SHIPPED.values():
            command = run("ninja", "-C", BUILD, "-t", "commands", "-s", target).stdout
            again = f"{work.name}/{pathlib.Path(target).name}"
            link = next(line for line in command.splitlines() if f" -o {target} " in line)
            run("sh", "-c", link.replace(f" -o {target} ", f" -o {again} "), cwd=BUILD)
            self.assertTrue(pathlib.Path(again).read_bytes() == (BUILD / target).read_bytes(),
                            target)


class Content(unittest.TestCase):
    def control(self, name, field):
        return run("dpkg-deb", "--field", first[name], field).stdout.strip()

    def test_files_are_where_debian_wants_them(self):
        for name, expected in {
                "hexapla-server": ["etc/hexapla/hexaplad.conf",
                                   "lib/systemd/system/hexaplad.service", "usr/bin/hexaplad",
                                   "usr/share/man/man8/hexaplad.8.gz"],
                "hexapla-client": ["usr/bin/hexapla", "usr/share/man/man1/hexapla.1.gz",
                                   "usr/share/bash-completion/completions/hexapla",
                                   "usr/share/zsh/vendor-completions/_hexapla",
                                   "usr/share/fish/vendor_completions.d/hexapla.fish"],
                "hexapla-models": ["usr/share/hexapla/models/manifest.json",
                                   "usr/share/hexapla/models/MODEL_CARD.md",
                                   "usr/share/hexapla/models/lid.176.ftz"]}.items():
            for path in expected + [f"usr/share/doc/{name}/{file}" for file in (
                    "copyright", "changelog.gz", "changelog.Debian.gz", f"{name}.spdx.json")]:
                self.assertTrue((tree(name) / path).is_file(), path)

    def test_dependencies_are_those_of_the_programs(self):
        server = self.control("hexapla-server", "Depends")
        version = self.control("hexapla-server", "Version")
        self.assertIn(f"hexapla-models (= {version})", server)
        for library in ("libgrpc++1.51", "libicu72", "libc6", "libssl3"):
            self.assertRegex(server, rf"(^|, ){re.escape(library)} \(>= ")
            self.assertRegex(self.control("hexapla-client", "Depends"),
                             rf"(^|, ){re.escape(library)} \(>= ")
        self.assertEqual(self.control("hexapla-models", "Depends"), "")
        self.assertEqual(self.control("hexapla-models", "Architecture"), "all")

    def test_the_version_is_everywhere_the_same(self):
        version = self.control("hexapla-server", "Version")
        changelog = (ROOT / "deploy/debian/changelog").read_text()
        self.assertEqual(re.match(r"hexapla \((.+?)\)", changelog)[1], version)
        upstream = version.split("-")[0]
        self.assertIn(f"\n## [{upstream}] - ", (ROOT / "CHANGELOG.md").read_text())
        for name, program in (("hexapla-server", "hexaplad"), ("hexapla-client", "hexapla")):
            said = run(tree(name) / "usr/bin" / program, "--version").stdout
            self.assertIn(upstream, said)

    def test_the_configuration_shows_the_defaults(self):
        flags = run(tree("hexapla-server") / "usr/bin/hexaplad", "--help").stdout
        for line in (tree("hexapla-server") / "etc/hexapla/hexaplad.conf").read_text().splitlines():
            if flag := re.match(r"#?([a-z_]+)=(.*)", line):
                self.assertTrue(line.startswith("#"), line)
                self.assertIn(f"\n  --{flag[1]} ", flags)
                # Examples are of what has no default.
                if said := re.search(rf"\n  --{flag[1]} [A-Z]+=\[?(.*?)\]?( |$)", flags):
                    self.assertEqual(flag[2], said[1])

    def test_every_model_has_its_licence(self):
        told = (tree("hexapla-models") / "usr/share/doc/hexapla-models/copyright").read_text()
        models = tree("hexapla-models") / "usr/share/hexapla/models"
        for model in json.loads((models / "manifest.json").read_text())["models"]:
            data = (models / model["file"]).read_bytes()
            self.assertEqual(hashlib.sha256(data).hexdigest(), model["sha256"], model["file"])
            if model["licence"] != "Apache-2.0":
                self.assertRegex(told, rf"\nFiles: .*{re.escape(model['file'])}")
        for word in ("Tatoeba", "CC-BY 2.0 FR", "Creative Commons Legal Code", "Facebook"):
            self.assertIn(word, told)

    @unittest.skipUnless(shutil.which("lintian"), "lintian is not installed")
    def test_lintian_finds_no_fault(self):
        done = run("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags",
                   SUPPRESSED, *first.values(), check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_the_unit_is_hardened(self):
        done = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}",
                   tree("hexapla-server") / "lib/systemd/system/hexaplad.service", check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("Overall exposure level for hexaplad.service: 1.", done.stdout)


class BillOfMaterials(unittest.TestCase):
    """SPDX 2.3: https://spdx.github.io/spdx-spec/v2.3/, as far as we use it."""

    LICENCES = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-SA-3.0", "GPL-2.0-only",
                "GPL-3.0-or-later", "LGPL-2.1-or-later", "MIT", "Unicode-DFS-2016", "Zlib"}
    EXCEPTIONS = {"GCC-exception-3.1", "Linux-syscall-note"}

    def documents(self):
        """[(package, its document)]"""
        return [(name, json.loads((tree(name) / "usr/share/doc" / name / f"{name}.spdx.json")
                                  .read_text())) for name in NAMES]

    def check_expression(self, expression, spdx):
        own = {info["licenseId"] for info in spdx.get("hasExtractedLicensingInfos", ())}
        words = re.sub(r"[()]", " ", expression).split()
        for i, word in enumerate(words):
            if word in ("AND", "OR", "WITH"):
                self.assertTrue(0 < i < len(words) - 1, expression)
            elif i and words[i - 1] == "WITH":
                self.assertIn(word, self.EXCEPTIONS)
            else:
                self.assertIn(word, self.LICENCES | own | {"NOASSERTION"}, expression)

    def test_what_every_document_must_say_is_there(self):
        for name, spdx in self.documents():
            self.assertEqual((spdx["spdxVersion"], spdx["dataLicense"], spdx["SPDXID"]),
                             ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"))
            self.assertRegex(spdx["documentNamespace"], r"^[a-z]+:[^#]+$")
            self.assertRegex(spdx["creationInfo"]["created"],
                             r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            for creator in spdx["creationInfo"]["creators"]:
                self.assertRegex(creator, r"^(Person|Organization|Tool): ")
            for package in spdx["packages"]:
                for field in ("name", "downloadLocation", "versionInfo", "copyrightText"):
                    self.assertTrue(package[field], package)
                self.check_expression(package["licenseDeclared"], spdx)
                self.assertNotEqual(package["licenseDeclared"], "NOASSERTION", package["name"])
                self.assertEqual("packageVerificationCode" in package, package["filesAnalyzed"])
                for reference in package.get("externalRefs", ()):
                    self.assertRegex(reference["referenceLocator"], r"^pkg:[a-z]+/\S+@\S+$")
            for file in spdx["files"]:
                self.assertTrue(file["fileName"].startswith("./"))
                self.check_expression(file["licenseConcluded"], spdx)
            for info in spdx.get("hasExtractedLicensingInfos", ()):
                self.assertGreater(len(info["extractedText"]), 100)
            self.assertIn(name, {package["name"] for package in spdx["packages"]})

    def test_references_lead_somewhere(self):
        for _, spdx in self.documents():
            ids = [e["SPDXID"] for e in (spdx, *spdx["packages"], *spdx["files"])]
            self.assertEqual(len(ids), len(set(ids)), "an SPDXID twice")
            for identifier in ids:
                self.assertRegex(identifier, r"^SPDXRef-[A-Za-z0-9.-]+$")
            related = set()
            for relation in spdx["relationships"]:
                self.assertIn(relation["spdxElementId"], ids)
                self.assertIn(relation["relatedSpdxElement"], ids)
                related.add(relation["relatedSpdxElement"])
            self.assertEqual(related | {"SPDXRef-DOCUMENT"}, set(ids), "something unrelated")

    def test_the_files_are_those_of_the_package(self):
        for name, spdx in self.documents():
            main = next(p for p in spdx["packages"] if p["name"] == name)
            left_out = main["packageVerificationCode"]["packageVerificationCodeExcludedFiles"]
            there = {f"./{path.relative_to(tree(name))}" for path in tree(name).rglob("*")
                     if path.is_file() and "DEBIAN" not in path.relative_to(tree(name)).parts}
            self.assertEqual({file["fileName"] for file in spdx["files"]}, there - set(left_out))
            sums = []
            for file in spdx["files"]:
                data = (tree(name) / file["fileName"]).read_bytes()
                for checksum in file["checksums"]:
                    digest = hashlib.new(checksum["algorithm"].lower(), data).hexdigest()
                    self.assertEqual(digest, checksum["checksumValue"], file["fileName"])
                sums.append(hashlib.sha1(data).hexdigest())
            self.assertEqual(hashlib.sha1("".join(sorted(sums)).encode()).hexdigest(),
                             main["packageVerificationCode"]["packageVerificationCodeValue"])

    def test_every_library_is_named_as_installed(self):
        """Those that the loader maps, found here in another way: by their sonames."""
        for name, program in (("hexapla-server", "hexaplad"), ("hexapla-client", "hexapla")):
            needed = re.findall(r"NEEDED +(\S+)",
                                run("objdump", "-p", tree(name) / "usr/bin" / program).stdout)
            spdx = dict(self.documents())[name]
            versions = {p["name"]: p["versionInfo"] for p in spdx["packages"]}
            self.assertGreater(len(needed), 10)
            folder = run("dpkg-architecture", "--query", "DEB_HOST_MULTIARCH").stdout.strip()
            for soname in needed:
                found = run("dpkg-query", "--search", f"*/{folder}/{soname}").stdout
                package = found.splitlines()[0].split(":")[0]
                installed = run("dpkg-query", "--show", "--showformat=${Version}\\n",
                                package).stdout.splitlines()[0]
                self.assertEqual(versions.get(package), installed, soname)

    def test_what_is_compiled_in_has_its_notice(self):
        for name in ("hexapla-server", "hexapla-client"):
            notice = subprocess.run(["zcat", tree(name) / "usr/share/doc" / name / "NOTICE.gz"],
                                    check=True, capture_output=True).stdout.decode()
            spdx = dict(self.documents())[name]
            compiled = {r["relatedSpdxElement"] for r in spdx["relationships"]
                        if r["relationshipType"] == "STATIC_LINK"}
            names = {p["name"] for p in spdx["packages"] if p["SPDXID"] in compiled}
            self.assertLessEqual({"libcli11-dev", "nlohmann-json3-dev", "libabsl-dev"}, names)
            for package in names:
                self.assertRegex(notice, rf"(?m)^(.*, )?{re.escape(package)} \d")


if __name__ == "__main__":
    if not (BUILD / "CPackConfig.cmake").is_file():
        packing.skip_all(f"{BUILD} is not configured")
    unittest.main(verbosity=2)
