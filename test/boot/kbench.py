"""The limits of the kernel's own benchmarks (kernel/kbench.c): instructions, lock acquisitions, large blocks.

SPDX-License-Identifier: MIT
"""
import re

from machine import Machine, Tap


def rows(what, smp=1, icount="", append=""):
    """Rows of a run without an initramfs: the kernel stops, as it has no init, after the last one."""
    with Machine(append=f"{what} loglevel=4 panic=-1 {append}", smp=smp, mem="1G", icount=icount) as m:
        m.wait_end(200)
        found = re.findall(r"kbench: ([a-z]\w+) ([0-9.]+)$", m.console, re.M)
        return {name: float(figure) for name, figure in found}, m.console


def costs(tap):
    got, console = rows("kbench", icount=1)
    for name, limit in (("alloc_page_pair", 90), ("alloc_order9_pair", 300), ("kmem_cache_pair", 45),
                        ("kmalloc64_pair", 60), ("vmalloc16k_pair", 6000),
                        ("kmap_atomic_direct_pair", 6), ("kmap_atomic_highmem_pair", 120)):
        tap.check(0 < got.get(name, 0) <= limit, f"{name} {got.get(name)} (at most {limit})", console)


def locks(tap):
    got, console = rows("kbench", smp=4)
    taken, batch = got.get("zone_locks_per_1000_pairs"), got.get("pcp_batch", 1)
    tap.check(taken and taken <= 2000 / batch,
              f"4 harts: {taken} zone locks per 1000 pairs (at most 2000 / batch = {2000 / batch:.1f})", console)
    taken = got.get("slab_locks_per_1000_pairs", 1000)
    tap.check(taken <= 1, f"4 harts: {taken} shared locks per 1000 pairs of objects (at most 1)", console)


def mobility(tap):
    on, console = rows("kbench=mobility")
    off, _ = rows("kbench=mobility", append="page_group_by_mobility_disabled=1")
    name = "mobility_large_blocks_percent"
    tap.check(on.get(name, 0) >= 80, f"{name} {on.get(name)}, without grouping {off.get(name)} (at least 80)", console)
    before, after = on.get("scattered_large_blocks_percent", 100), on.get("compacted_large_blocks_percent", 0)
    tap.check(after > before, f"compaction raises large blocks from {before} to {after} percent", console)


def main():
    tap = Tap()
    costs(tap)
    locks(tap)
    mobility(tap)
    tap.end()


if __name__ == "__main__":
    main()
