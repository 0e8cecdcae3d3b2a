"""Device trees that are well formed and say what cannot be, or leave out what must be there.

Each is QEMU's own tree with one change; the machine goes on as far as it can without an initramfs, or says
what is wrong, and ends in any case.

SPDX-License-Identifier: MIT
"""
import re
import subprocess
import tempfile

from machine import Machine, Tap
from bad_input import PANIC, qemu_tree

CPU = "rv64,svpbmt=off"		# newer QEMUs' own hart has it
BOOTS = PANIC + "No working init"
MEMORY = r"reg = <0x00 0x80000000 0x00 0x10000000>;"
RESERVED = ("reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; x@0 { reg = <%s>; no-map; }; };\n"
            "chosen {")

# What is tried, the text that is changed, what it becomes, and what the console must say then.
CASES = (
    ("no memory", MEMORY, "", PANIC + "the device tree names no memory"),
    ("memory without bytes", MEMORY, "reg = <0 0x80000000 0 0>;", PANIC + "the device tree names no memory"),
    ("memory in parts of pages", MEMORY, "reg = <0 0x80000123 0 0x4000801 0 0x84000c00 0 0x4000fff>;", BOOTS),
    ("memory where the kernel is not", MEMORY, "reg = <0 0x88000000 0 0x8000000>;",
     PANIC + "the kernel lies at 0x80200000, where"),
    ("the kernel's memory is not to be mapped", "chosen {", RESERVED % "0 0x80200000 0 0x400000",
     r"no-map memory at 0x80200000 has the kernel in it(.*\n)*.*" + BOOTS),
    ("a reservation beyond 2^64", "chosen {", RESERVED.replace("no-map;", "") % "0 0x88000000 0xffffffff 0xffffffff",
     BOOTS),
    ("an initrd that is the kernel", "chosen {",
     "chosen { linux,initrd-start = <0 0x80200000>; linux,initrd-end = <0 0x80300000>;",
     r"overlaps in-use memory region - disabling initrd(.*\n)*.*" + BOOTS),
    ("a clock that ticks once a second", r"timebase-frequency = <\w+>;", "timebase-frequency = <1>;",
     PANIC + "the device tree's timebase-frequency, 1 Hz"),
    ("an interrupt controller with too few registers", r"reg = <0x00 0xc000000 0x00 \w+>;",
     "reg = <0 0xc000000 0 0x1000>;", r"plic: cannot be used(.*\n)*.*" + BOOTS),
    ("no hart has an MMU", r'mmu-type = "[^"]*";', "", r"brought up 1 of 1 harts(.*\n)*.*" + BOOTS),
    ("memory types that the hart does not know", r'(_|\\0|", ")sstc', r"\1sstc\1svpbmt", PANIC + "Fatal exception"),
)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        good = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", qemu_tree(folder)], check=True,
                              capture_output=True, text=True).stdout
        for i, (name, old, new, pattern) in enumerate(CASES):
            text, count = re.subn(old, new, good)
            tree = f"{folder}/{i}.dtb"
            subprocess.run(["dtc", "-f", "-q", "-I", "dts", "-O", "dtb", "-o", tree], input=text, text=True, check=True)
            with Machine("-cpu", CPU, append="panic=-1", smp=1, mem="256M", dtb=tree) as m:
                found = m.expect(pattern, 40)
                code = m.wait_end(20)
                tap.check(count and found and code is not None, name, m.console)
    tap.end()


if __name__ == "__main__":
    main()
