"""The figures that Vellum promises, counted in guest instructions: boot, memory, and no row dearer than Linux's.

test/boot/linux.tsv has what a lean Linux 6.12 (tinyconfig with SMP, NUMA, swap, THP and compaction) needs.

SPDX-License-Identifier: MIT
"""
import os
import re

from machine import BUILD, TOP, Machine, Tap

SLACK = 1.0


def bench(mem, append=""):
    with Machine(initrd=f"{BUILD}/bench.cpio", append=f"loglevel=4 panic=-1 {append}", smp=1, mem=mem, icount=1) as m:
        m.wait_end(400)
        rows = dict(re.findall(r"^([a-z]\w+) +([0-9.]+)$", m.console, re.M))
        return {name: float(figure) for name, figure in rows.items()}, m.console


def boot_only(mem):
    with Machine(initrd=f"{BUILD}/bench.cpio", append="loglevel=4 panic=-1", smp=1, mem=mem, icount=1) as m:
        m.expect(r"^memfree_at_init_kb +\d+$", 120)
        rows = dict(re.findall(r"^([a-z]\w+) +([0-9.]+)$", m.console, re.M))
        return {name: float(figure) for name, figure in rows.items()}, m.console


def at_most(tap, rows, console, name, limit):
    got = rows.get(name)
    tap.check(got is not None and got <= limit, f"{name} {got} (at most {limit:g})", "" if got else console)


def main():
    tap = Tap()
    size = os.path.getsize(f"{BUILD}/Image")
    tap.check(size < 1 << 20, f"Image is {size} bytes (under 1 MiB)")
    rows, console = bench("1G")
    at_most(tap, rows, console, "boot_to_init_us", 30000)
    free = rows.get("memfree_at_init_kb", 0)
    tap.check(free >= 1020000, f"memfree_at_init_kb {free:g} (at least 1020000)")
    with open(f"{TOP}/test/boot/linux.tsv", encoding="ascii") as f:
        for line in f:
            if not line.startswith("#"):
                name, figure = line.split()
                at_most(tap, rows, console, name, float(figure) * SLACK)
    rows, console = boot_only("8G")
    tap.check(0 < rows.get("boot_to_init_us", 0) <= 45000, f"8 GiB: boot_to_init_us {rows.get('boot_to_init_us')} (at most 45000)", console)
    tap.end()


if __name__ == "__main__":
    main()
