"""Nodes of every kind, and the movable zone: trees of dts/ under the NUMA tests, numa=off, kernelcore= and movablecore=.

Where the movable zone begins is Linux's formula, by hand: the core is dealt out evenly over the nodes that have memory.

SPDX-License-Identifier: MIT
"""
import re
import tempfile

from machine import BUILD, TIMESTAMP, Machine, Tap, script_initramfs

FOUR = {"smp": 4, "mem": "1G", "dtb": f"{BUILD}/dts/qemu-virt-4node.dtb"}
BORDER = {"smp": 4, "mem": "512M", "dtb": f"{BUILD}/dts/qemu-virt-border.dtb"}
HOLE = {"smp": 4, "mem": "512M", "dtb": f"{BUILD}/dts/qemu-virt-2node-hole.dtb"}
UNIT = 4 << 20		# the boundary is a whole block of the largest order


def tests(tap, name, knobs, more="", qemu_args=()):
    with Machine(*qemu_args, initrd=f"{BUILD}/test.cpio", append=f"loglevel=3 panic=-1 tests=numa {more}", **knobs) as m:
        m.wait_end(250)
    done = re.search(r"^1\.\.(\d+)", m.console, re.M)
    bad = re.search(r"^not ok|BUG:|WARNING|panic", m.console, re.M)
    skipped = len(re.findall(r"# SKIP", m.console))
    tap.check(done and not bad, f"{name}: {done and done.group(1)} NUMA tests, {skipped} of them skipped", m.console)
    return skipped


# Work of every kind; then, while a program has memory: each page's frame and the kind of its allocation.
LOOK = """
$b mount -t debugfs none /sys/kernel/debug
utest mmap process vfs >/dev/null
$b dd if=/dev/zero of=/tmp/file bs=1M count=50 2>/dev/null
$b grep -E '^Node|present|start_pfn' /proc/zoneinfo
$b sed -n '/^Number of blocks/,$p' /proc/pagetypeinfo
$b awk '/^PFN/ { n[substr($2, 3, 4) " " $4]++ } END { for (k in n) print "IN", k, n[k] }' /sys/kernel/debug/page_owner
"""


def zones(console):
    """Zones with pages: {(node, name): (first frame, pages)}."""
    out = {}
    for node, name, body in re.findall(r"^Node (\d+), zone +(\w+)\n((?: .*\n)+)", console, re.M):
        present, start = re.search(r"present +(\d+)", body), re.search(r"start_pfn: +(\d+)", body)
        if start and int(present.group(1)):
            out[int(node), name] = (int(start.group(1)), int(present.group(1)))
    return out


def movable_zone(tap, folder, name, param, starts, **knobs):
    """@starts: where each node's movable zone begins, in MiB above the start of RAM, None: it has none."""
    with Machine(initrd=script_initramfs(folder, "look", LOOK), append=f"loglevel=7 panic=-1 page_owner=on {param}", **knobs) as m:
        m.wait_end(200)
    got = zones(m.console)
    said = {int(n): int(at, 16) for n, at in
            re.findall(r"^  Node (\d+): (0x[0-9a-f]+)", TIMESTAMP.sub("", m.console), re.M)}
    want = {n: (0x80000000 + (mib << 20)) for n, mib in starts.items()}
    near = said.keys() == want.keys() and all(abs(said[n] - want[n]) <= UNIT for n in want)
    tap.check(near and all((n, "Movable") in got and got[n, "Movable"][0] << 12 == said[n] for n in want),
              f"{name}: movable zones of {sorted(starts)} begin where Linux lets them", f"{said}\n{want}\n{got}\n{m.console}")
    blocks = re.findall(r"^Node \d+, zone +Movable +(\d+) +(\d+) +(\d+)", m.console[m.console.find("Number of blocks"):], re.M)
    tap.check(len(blocks) == len(want) and all(u == r == "0" for u, _, r in blocks),
              f"{name}: all its pageblocks are movable", f"{blocks}\n{m.console}")
    inside, strange = 0, []
    for block, kind, n in re.findall(r"^IN (\w+) (\w+) (\d+)", m.console, re.M):
        pfn = int(block, 16) << 4		# of the five digits that a frame below 4 GiB has
        if any(z == "Movable" and first <= pfn < first + pages for (_, z), (first, pages) in got.items()):
            inside += int(n)
            if kind != "Movable":
                strange.append((block, kind, n))
    tap.check(inside > 0 and not strange, f"{name}: {inside} allocated pages lie there, all of them movable",
              f"{strange}\n{m.console}")


def rejected(tap, folder):
    with Machine(initrd=script_initramfs(folder, "look", "$b cat /proc/zoneinfo"), append="panic=-1 kernelcore=mirror",
                 smp=1, mem="256M") as m:
        m.wait_end(60)
    tap.check("The system has no mirror memory, ignore kernelcore=mirror." in m.console and
              zones(m.console) and not any(z == "Movable" for _, z in zones(m.console)),
              "kernelcore=mirror: said and ignored", m.console)


def uneven(tap):
    """A border that is no multiple of a block, of QEMU's own making."""
    args = []
    for node, mem in enumerate((255, 257)):
        args += ["-object", f"memory-backend-ram,id=m{node},size={mem}M", "-numa", f"node,nodeid={node},cpus={node},memdev=m{node}"]
    tests(tap, "255 MiB and 257 MiB", {"smp": 2, "mem": "512M"}, qemu_args=args)


def main():
    tap = Tap()
    tap.check(tests(tap, "4 nodes, one without memory, one without harts", FOUR) == 0, "4 nodes: nothing is skipped")
    tap.check(tests(tap, "2 nodes with a hole", HOLE) == 0, "2 nodes with a hole: nothing is skipped")
    tap.check(tests(tap, "3 nodes, borders inside blocks", BORDER) == 0, "borders inside blocks: nothing is skipped")
    uneven(tap)
    tests(tap, "numa=off", FOUR, "numa=off")
    with tempfile.TemporaryDirectory() as folder:
        movable_zone(tap, folder, "kernelcore=256M of 512M", "kernelcore=256M", {0: 256}, smp=1, mem="512M")
        movable_zone(tap, folder, "movablecore=30% of 512M", "movablecore=30%", {0: 356}, smp=2, mem="512M")
        movable_zone(tap, folder, "both", "kernelcore=200M movablecore=100M", {0: 412}, smp=1, mem="512M")
        movable_zone(tap, folder, "2 nodes", "movablecore=512M", {0: 256, 1: 768}, smp=2, mem="1G", nodes=2)
        movable_zone(tap, folder, "4 nodes", "kernelcore=300M", {0: 100, 1: 356, 3: 612}, **FOUR)
        rejected(tap, folder)
    tap.end()


if __name__ == "__main__":
    main()
