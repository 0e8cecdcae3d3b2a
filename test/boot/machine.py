"""What the boot tests share: run QEMU, look at its console, print TAP.

Limits are seconds of a host that has nothing else to do (tools/hostclock.py): they catch what hangs, whatever
the load.  What a test judges it judges by the guest: its counters, its clock, what happened.

SPDX-License-Identifier: MIT
"""
import os
import re
import select
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(f"{TOP}/tools")
from hostclock import HostClock, load_factor		# noqa: E402
BUILD = f"{TOP}/build"
TIMESTAMP = re.compile(r"^\[ *\d+\.\d+\] ", re.M)


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, good, name, diagnosis=""):
        self.count += 1
        self.failed += not good
        print(f"{'' if good else 'not '}ok {self.count} - {name}", flush=True)
        if not good:
            for line in str(diagnosis).splitlines()[-25:]:
                print(f"#   {line}", flush=True)
        return good

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def end(self):
        print(f"1..{self.count}")
        sys.exit(self.failed != 0)


def script_initramfs(folder, name, script, more=()):
    """An initramfs whose /init is the shell @script, with busybox, the user tests as `utest`, and @more."""
    init = f"{folder}/{name}.sh"
    with open(init, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\nexport PATH=/usr/bin\nb=/usr/bin/busybox\n"
                "for d in proc sys; do $b mount -t ${d}fs $d /$d 2>/dev/null || $b mount -t $d $d /$d; done\n"
                "$b mount -t devtmpfs dev /dev\n" + script + "\n$b poweroff -f\n")
    os.chmod(init, 0o755)
    out = f"{folder}/{name}.cpio"
    subprocess.run([f"{TOP}/tools/mkrootfs", out, f"{BUILD}/debs/root/usr/bin/busybox=usr/bin/busybox",
                    f"{BUILD}/utest=usr/bin/utest", f"{init}=init", *more], check=True)
    return out


class Machine:
    """
    A QEMU process whose console can be read and written; killed at the end of a `with` block.  @bare are all its
    arguments, where the machine has nothing of what tools/run gives one.
    """

    def __init__(self, *qemu_args, bare=None, initrd="", kernel=f"{BUILD}/Image", append="", **knobs):
        env = dict(os.environ, KERNEL=kernel, INITRD=initrd, PAGING="", DTB="", ICOUNT="",
                   APPEND=f"{append} patience={load_factor()}")
        env.update({name.upper(): str(value) for name, value in knobs.items()})
        self.console = ""
        command = [os.environ.get("QEMU", "qemu-system-riscv64"), *bare] if bare else [f"{TOP}/tools/run", *qemu_args]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.clock = HostClock(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def read(self, seconds):
        """Take what the console says within @seconds; False at its end."""
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            return True
        text = os.read(self.process.stdout.fileno(), 65536)
        self.console += text.decode(errors="replace").replace("\r", "")
        return bool(text)

    def expect(self, pattern, seconds=60, since=0):
        """Wait until the console matches; the match, or None when time or machine ended before."""
        end = self.clock.seconds() + seconds
        while True:
            match = re.compile(pattern, re.M).search(self.console, since)
            if match or self.clock.seconds() > end:
                return match
            if not self.read(0.5):
                return re.compile(pattern, re.M).search(self.console, since)

    def wait_end(self, seconds=60):
        """Wait until the machine ends; its exit code, or None."""
        end = self.clock.seconds() + seconds
        while self.clock.seconds() < end:
            if not self.read(0.5):
                return self.process.wait()
        return None

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()
