#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the ExecStart of a unit in a root directory, about as systemd would: as its
user, without a capability, on a file system that is read-only but for its run time
directory, and with its filters of system calls, address families and writable code.

usage: run_unit.py ROOT UNIT        in a mount namespace of its own, as root

systemd's sets of system calls come from systemd-analyze; without it, there is no
filter of them. The process is that of the program in the end, so its signals reach it.
"""

import ctypes
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys

ALLOW = 0x7FFF0000
EQUAL, MASKED_EQUAL = 4, 7
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
MMAP_ARGUMENT_PROT, MPROTECT_ARGUMENT_PROT = 2, 2
PROT_WRITE, PROT_EXEC = 2, 4
FAMILIES = 46

libc = ctypes.CDLL(None, use_errno=True)


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [("argument", ctypes.c_uint), ("operation", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def directives(path):
    """{name: [values]} of the section Service; an empty value forgets those before it."""
    found, section = {}, ""
    for line in map(str.strip, path.read_text().splitlines()):
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


class Filter:
    """A filter of system calls, made with libseccomp."""

    def __init__(self, action):
        self._lib = ctypes.CDLL("libseccomp.so.2")
        self._lib.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._lib.seccomp_init(ctypes.c_uint32(action)))

    def add(self, action, name, *comparisons):
        number = self._lib.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # of another architecture
            return
        array = (Comparison * max(1, len(comparisons)))(*comparisons)
        code = self._lib.seccomp_rule_add_array(self._context, ctypes.c_uint32(action), number,
                                                len(comparisons), array)
        assert code == 0, (name, code)

    def load(self):
        code = self._lib.seccomp_load(self._context)
        assert code == 0, f"seccomp_load: {code}"


def refuse(number):
    return 0x00050000 | number


def members(names):
    """The system calls of a list such as "@system-service read"."""
    found = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        said = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True,
                              capture_output=True, text=True).stdout.splitlines()
        found |= members([line.strip() for line in said[1:]
                          if line.strip() and not line.strip().startswith("#")])
    return found


def filters(unit):
    """Those that the unit asks for, to be loaded once nothing else is to be done."""
    made = []
    if shutil.which("systemd-analyze"):
        allowed = set()
        for value in unit["SystemCallFilter"]:
            calls = members(value.removeprefix("~").split())
            allowed = allowed - calls if value.startswith("~") else allowed | calls
        # systemd adds these to every list that allows.
        allowed |= members(["@default"]) | {"execve"}
        made.append(Filter(refuse(1)))
        for name in sorted(allowed):
            made[-1].add(ALLOW, name)
    made.append(Filter(ALLOW))
    permitted = {getattr(socket, name) for name in unit["RestrictAddressFamilies"][-1].split()}
    for family in set(range(FAMILIES)) - permitted:
        made[-1].add(refuse(97), "socket", Comparison(0, EQUAL, family, 0))
    if unit["MemoryDenyWriteExecute"] == ["yes"]:
        both = PROT_WRITE | PROT_EXEC
        made[-1].add(refuse(1), "mmap", Comparison(MMAP_ARGUMENT_PROT, MASKED_EQUAL, both, both))
        for name in ("mprotect", "pkey_mprotect"):
            made[-1].add(refuse(1), name,
                         Comparison(MPROTECT_ARGUMENT_PROT, MASKED_EQUAL, PROT_EXEC, PROT_EXEC))
    return made


def enter(root, user, unit):
    """Makes the root what the unit sees, and goes there."""
    ids = next(line.split(":")[2:4] for line in (root / "etc/passwd").read_text().splitlines()
               if line.startswith(f"{user}:"))
    uid, gid = map(int, ids)
    own = root / "run" / unit["RuntimeDirectory"][-1]
    own.mkdir(mode=int(unit["RuntimeDirectoryMode"][-1], 8), exist_ok=True)
    os.chown(own, uid, gid)

    def mount(*arguments):
        subprocess.run(["mount", *map(str, arguments)], check=True)

    mount("--make-rprivate", "/")
    mount("--bind", root, root)
    for folder, kind in (("proc", "proc"), ("tmp", "tmpfs")):
        mount("-t", kind, kind, root / folder)
    if unit["ProtectSystem"] == ["strict"]:
        mount("--bind", own, own)
        mount("-o", "remount,bind,ro", root)
    os.chroot(root)
    os.chdir("/")
    return uid, gid


def main():
    root, path = map(pathlib.Path, sys.argv[1:])
    unit = directives(path)
    made = filters(unit)
    uid, gid = enter(root, unit["User"][-1], unit)
    capabilities = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())
    assert unit["CapabilityBoundingSet"] == [""] and unit["NoNewPrivileges"] == ["yes"]
    for capability in range(capabilities + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    os.umask(int(unit["UMask"][-1], 8))
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    command = shlex.split(unit["ExecStart"][-1])
    # The strictest last: after it nothing more can be loaded.
    for made_filter in reversed(made):
        made_filter.load()
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
