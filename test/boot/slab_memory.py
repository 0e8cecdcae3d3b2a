"""Memory that objects take with each slab back end: a table over one recorded trace of a boot and the user tests
(test/record/boot.trace.xz, made by tools/slab-trace), replayed on 32 MiB by kernel/kbench_slab.c; and a shell on 32 MiB.

SPDX-License-Identifier: MIT
"""
import os
import re
import subprocess
import sys
import tempfile

from machine import BUILD, TOP, Machine, Tap

KERNELS = {"slub": f"{BUILD}/Image", "slab": f"{BUILD}/slab/Image", "slob": f"{BUILD}/slob/Image"}
WHEN = ("mean", "peak", "end")
ROW = "{:<11}" + "{:>12}{:>10}{:>9}" * len(WHEN)


def trace_initramfs(folder):
    trace, out = f"{folder}/slab.trace", f"{folder}/trace.cpio"
    subprocess.run([f"{TOP}/tools/slab-trace", "unpack", f"{TOP}/test/record/boot.trace.xz", trace], check=True)
    os.chmod(trace, 0o755)
    subprocess.run([f"{TOP}/tools/mkrootfs", out, f"{trace}=slab.trace"], check=True)
    return out


def replay(kernel, initrd):
    """The rows of kbench=slab, by name without "slab_"; the console."""
    with Machine(kernel=kernel, initrd=initrd, append="kbench=slab loglevel=3 panic=-1", smp=1, nodes=1,
                 mem="32M") as m:
        m.wait_end(120)
        return {name: float(n) for name, n in re.findall(r"kbench: slab_(\w+) ([0-9.]+)$", m.console, re.M)}, m.console


def table(got):
    print("# " + ROW.format("kB", *(h for when in WHEN for h in (f"{when}: asked", "held", "waste %"))))
    for name, rows in got.items():
        print("# " + ROW.format(name, *(rows[f"{when}_{what}"] for when in WHEN
                                        for what in ("asked_kb", "held_kb", "waste_percent"))), flush=True)


def memory(tap, folder):
    initrd, got = trace_initramfs(folder), {}
    for name, kernel in KERNELS.items():
        rows, console = replay(kernel, initrd)
        if tap.check(len(rows) == 9 and f"back end {name}" in console, f"{name} replays the trace on 32 MiB", console):
            got[name] = rows
    if len(got) < len(KERNELS):
        return
    table(got)
    for when in WHEN:
        asked = {rows[f"{when}_asked_kb"] for rows in got.values()}
        held = {name: rows[f"{when}_held_kb"] for name, rows in got.items()}
        tap.check(len(asked) == 1 and min(held.values()) >= asked.pop(), f"{when}: all are asked the same, hold more")
        tap.check(held["slob"] == min(held.values()), f"{when}: slob holds the least: {held}")
    waste = {name: rows["peak_waste_percent"] for name, rows in got.items()}
    tap.check(max(waste.values()) <= 25, f"waste of a full machine is at most 25 %: {waste}")


def shell(tap, name, kernel):
    """Boot to the shell on 32 MiB; kB of MemFree and Slab there."""
    with Machine(kernel=kernel, initrd=f"{BUILD}/rootfs.cpio", append="loglevel=3", smp=1, nodes=1, mem="32M") as m:
        m.expect(r"^vellum:~# ", 100)
        m.send("grep -E '^(MemFree|Slab):' /proc/meminfo; echo THE''END\n")
        ended = m.expect(r"^THEEND", 60)
        got = {what: int(kb) for what, kb in re.findall(r"^(\w+): +(\d+) kB$", m.console, re.M)}
        tap.check(ended and got.get("MemFree", 0) > 20000, f"-m 32M, {name}: a shell; kB {got}", m.console)
        return got.get("Slab", 0)


def main():
    tap = Tap()
    missing = [k for k in KERNELS.values() if not os.path.exists(k)]
    if missing:
        sys.exit(f"slab_memory: no {missing} (make slab-kernels)")
    with tempfile.TemporaryDirectory() as folder:
        memory(tap, folder)
    slab = {name: shell(tap, name, kernel) for name, kernel in KERNELS.items()}
    tap.check(0 < slab["slob"] == min(slab.values()), f"-m 32M: slob holds the least, kB {slab}")
    tap.end()


if __name__ == "__main__":
    main()
