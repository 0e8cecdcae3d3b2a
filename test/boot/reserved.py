"""Memory that is not ours: areas that the tree leaves to us to place, ranges of a crash kernel, nodes that make no sense.

Each machine fills its memory afterwards: what firmware guards would fault.

SPDX-License-Identifier: MIT
"""
import re
import tempfile

from machine import BUILD, TIMESTAMP, Machine, Tap, script_initramfs

FILL = """
$b grep MemTotal /proc/meminfo
$b mkdir -p /full
$b mount -t tmpfs -o size=100% full /full
$b dd if=/dev/zero of=/full/file bs=1M count=600 2>/dev/null
$b rm -f /full/file
echo FILLED
"""
KERNEL_KB = 24 << 10		# at most so much of the RAM is no part of MemTotal


def boot(tap, show, name, tree, ram_kb):
    """The console, and whether about @ram_kb are there to be used, all of it."""
    with Machine(initrd=show, append="loglevel=7 panic=-1", smp=4, mem="512M", dtb=f"{BUILD}/dts/{tree}.dtb") as m:
        m.wait_end(120)
    text = TIMESTAMP.sub("", m.console)
    total = re.search(r"MemTotal: +(\d+) kB", text)
    tap.check(total and ram_kb - KERNEL_KB < int(total.group(1)) <= ram_kb and "FILLED" in text and
              not re.search(r"Oops|BUG:|panic -", text), f"{name}: {ram_kb} kB, and all of it works", text)
    return text


def areas(tap, show):
    text = boot(tap, show, "areas", "qemu-virt-areas", (512 - 32 - 64 - 8 - 32) << 10)
    placed = {name: (int(start, 16), int(end, 16) + 1, kind) for start, end, kind, name in
              re.findall(r"OF: reserved mem: (\w+)\.\.(\w+) \(\d+ KiB\) (\w+ [\w-]+) (\S+)$", text, re.M)}
    tap.check(placed.get("ranged") == (0x92000000, 0x96000000, "nomap non-reusable"), "the highest place in its range", placed)
    tap.check(placed.get("second-choice") == (0x89800000, 0x8a000000, "map reusable"), "the second range", placed)
    tap.check(placed.get("anywhere", (0, 0))[1] - placed.get("anywhere", (0, 0))[0] == 32 << 20, "anywhere", placed)
    start, end, kind = placed.get("odd-size", (1, 1, ""))
    tap.check(start % 4096 == 0 and end - start == 8192 and kind == "nomap non-reusable", "whole pages", placed)
    ends = sorted((start, end) for start, end, _ in placed.values())
    tap.check(len(placed) == 4 and all(a[1] <= b[0] for a, b in zip(ends, ends[1:])), "no two overlap", placed)
    for said in ("failed to allocate memory for node 'too-large': size 16384 MiB",
                 "invalid size or alignment property in 'one-cell' node",
                 "invalid size or alignment property in 'no-power-of-two' node"):
        tap.check(f"OF: reserved mem: {said}" in text, said, text)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        show = script_initramfs(folder, "fill", FILL)
        areas(tap, show)
        boot(tap, show, "a crash kernel", "qemu-virt-crash", (255 + 8) << 10)
        text = boot(tap, show, "reserved memory in other cells", "qemu-virt-bad-cells", 512 << 10)
        tap.check("Reserved memory: unsupported node format, ignoring" in text, "that it is ignored is said", text)
    tap.end()


if __name__ == "__main__":
    main()
