"""Which harts of a tree are driven: trees without hart 0, with poorer harts, with harts twice; exclude_harts=; late harts;
harts that come to the wrong place.

SPDX-License-Identifier: MIT
"""
import re
import struct
import subprocess
import tempfile

from machine import BUILD, TIMESTAMP, Machine, Tap, script_initramfs

SHOW = "$b grep -c ^processor /proc/cpuinfo | $b sed 's/^/HARTS /'; $b sed -n 's/^hart.*: /ID /p' /proc/cpuinfo\n"
RICH = "rv64imafdc_zicsr_zifencei_sstc"


class Trees:
    """QEMU's tree for four harts, and changes of it."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0
        with open(f"{BUILD}/dts/qemu-virt-1node.dtb", "rb") as f:
            self.text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts"], input=f.read(), check=True,
                                       capture_output=True).stdout.decode()

    def changed(self, hart, old, new):
        """The tree with @old of cpu@hart replaced by @new."""
        start = self.text.index(f"cpu@{hart} {{")
        end = self.text.index("interrupt-controller {", start)
        node = self.text[start:end]
        assert old in node, node
        self.count += 1
        out = f"{self.folder}/{self.count}.dtb"
        text = self.text[:start] + node.replace(old, new) + self.text[end:]
        subprocess.run(["dtc", "-f", "-q", "-O", "dtb", "-o", out], input=text, text=True, check=True)
        return out


def boot(show, changed, append, **knobs):
    """Boot until it is another hart than @changed that does, for firmware takes any."""
    for _ in range(6):
        with Machine(initrd=show, append=f"loglevel=7 panic=-1 {append}", **{"smp": 4, "mem": "512M", **knobs}) as m:
            m.wait_end(150)
        first = re.search(r"hart (\d+) of \d+ boots", m.console)
        if not first or int(first.group(1)) != changed:
            break
    return TIMESTAMP.sub("", m.console)


def driven(tap, name, show, want, says, changed, append="", **knobs):
    """@want are the harts that are there, @says is on the console once."""
    text = boot(show, changed, append, **knobs)
    ids = sorted(int(n) for n in re.findall(r"^ID (\d+)", text, re.M))
    tap.check(ids == want and f"HARTS {len(want)}" in text and len(re.findall(says, text)) == 1, f"{name}: harts {want}",
              text)


def late(tap):
    """Nobody waits for the others: they join while programs run already."""
    with Machine(initrd=f"{BUILD}/test.cpio", append="loglevel=7 panic=-1 smp_wait=0 tests=sched,process", smp=4,
                 mem="512M") as m:
        m.wait_end(280)
    done, bad = re.search(r"^1\.\.\d+", m.console, re.M), re.search(r"^not ok|BUG:|WARNING|panic -", m.console, re.M)
    joined = len(re.findall(r"came late, and joins", m.console))
    tap.check(done and not bad and joined == 3, f"{joined} late harts join, and the tests pass", m.console)


def kernel_with_strays(folder):
    """
    A kernel that harts enter by _start, whatever it asked for, until it has called them: secondary_entry begins with

        csrr t1, sie            not 0: called, it waited for an interrupt
        beqz t1, boot_entry
    """
    names = subprocess.run(["riscv64-unknown-elf-nm", f"{BUILD}/vellum.elf"], check=True, capture_output=True, text=True)
    at = {name: int(value, 16) for value, _, name in (line.split() for line in names.stdout.splitlines() if line[0] != " ")}
    off = at["boot_entry"] - (at["secondary_entry"] + 4)
    beqz = 0x63 | 6 << 15 | (off >> 12 & 1) << 31 | (off >> 5 & 63) << 25 | (off >> 1 & 15) << 8 | (off >> 11 & 1) << 7
    with open(f"{BUILD}/Image", "rb") as f:
        image = bytearray(f.read())
    place = at["secondary_entry"] - at["_start"]
    image[place:place + 8] = struct.pack("<II", 0x10402373, beqz)
    with open(f"{folder}/strays", "wb") as f:
        f.write(image)
    return f"{folder}/strays"


def strays(tap, folder):
    """Firmware lets harts in where the boot hart came in."""
    with Machine(initrd=f"{BUILD}/test.cpio", kernel=kernel_with_strays(folder), smp=4, mem="512M",
                 append="loglevel=7 panic=-1 tests=sched") as m:
        m.wait_end(200)
    done, bad = re.search(r"^1\.\.\d+", m.console, re.M), re.search(r"^not ok|BUG:|WARNING|panic -", m.console, re.M)
    tap.check(done and not bad and "smp: brought up 4 of 4 harts" in m.console and "smp: waiting for hart" in m.console,
              "harts that enter where the boot hart did are called from there", m.console)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        show = script_initramfs(folder, "show", SHOW)
        trees = Trees(folder)
        for hart in (0, 2):
            driven(tap, f"hart {hart} is disabled", show, [h for h in range(4) if h != hart], "brought up 3 of 3", hart,
                   dtb=trees.changed(hart, 'status = "okay"', 'status = "disabled"'))
        driven(tap, "hart 3 has no F and D", show, [0, 1, 2], "smp: hart 3 is left alone: it lacks base extensions", 3,
               dtb=trees.changed(3, RICH, "rv64imac_zicsr_zifencei_sstc"))
        driven(tap, "hart 2 is there twice", show, [0, 1, 2], "smp: hart 2 is left alone: its id is in the tree twice", 2,
               dtb=trees.changed(3, "reg = <0x03>", "reg = <0x02>"))
        driven(tap, "hart 99, which never comes", show, [0, 1, 2], "smp: hart 99 was started and has not come", 3,
               append="smp_wait=3000", dtb=trees.changed(3, "reg = <0x03>", "reg = <0x63>"))
        driven(tap, "no Sstc on hart 1", show, [0, 1, 2, 3], "timer: 10000000 Hz, SBI", -1,
               dtb=trees.changed(1, "_sstc", ""))
        driven(tap, "exclude_harts=3,7-9", show, [0, 1, 2], "smp: hart 3 is left alone: exclude_harts= says so", 3,
               append="exclude_harts=3,7-9")
        driven(tap, "exclude_harts=1-x", show, [0, 1, 2, 3], "bad value on the command line: exclude_harts=1-x", -1,
               append="exclude_harts=1-x")
        strays(tap, folder)
    late(tap)
    tap.end()


if __name__ == "__main__":
    main()
