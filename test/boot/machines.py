"""Machines of every size: how long boot takes, what the kernel keeps, and that all memory comes to use.

Times are guest time, counted in instructions.  Large machines have sparse memory: the host gives what is touched.

SPDX-License-Identifier: MIT
"""
import re
import subprocess
import tempfile

from machine import BUILD, TIMESTAMP, Machine, Tap, script_initramfs

KERNEL_KB = 22 << 10		# all that the kernel keeps at init on 1 GiB, firmware and the test's program too


def sparse(mem):
    return ("-machine", "memory-backend=m", "-object", f"memory-backend-ram,id=m,size={mem},reserve=off")


def boot(tap, mem, limit_us):
    with Machine(*sparse(mem), initrd=f"{BUILD}/bench.cpio", append="panic=-1", smp=1, mem=mem, icount=1) as m:
        m.expect(r"^memfree_at_init_kb +\d+\n", 120)
        rows = {name: float(value) for name, value in re.findall(r"^([a-z]\w+) +([0-9.]+)$", m.console, re.M)}
        took = rows.get("boot_to_init_us", 0)
        tap.check(0 < took <= limit_us, f"{mem}: {took} us to init (at most {limit_us})", m.console)
        return rows, m.console


def kernel_memory(tap):
    rows, console = boot(tap, "1G", 30000)
    used = (1 << 20) - rows.get("memfree_at_init_kb", 0)
    tap.check(used <= KERNEL_KB, f"1G: {used:g} kB are not free at init (at most {KERNEL_KB})", console)
    tap.check("struct page is 64 bytes" in console, "boot says that struct page is 64 bytes", console)


def memory_types(tap):
    """Kernel tests look at every device mapping's entry; here, that the hart's extension was found at all."""
    for setting, pattern in (("true", r"^Machine: .* with Svpbmt,"), ("false", r"^Machine: (?!.*Svpbmt)")):
        with Machine("-cpu", f"rv64,svpbmt={setting}", append="panic=-1", smp=2, mem="128M") as m:
            m.wait_end(60)
            tap.check(re.search(pattern, TIMESTAMP.sub("", m.console), re.M), f"svpbmt={setting} is seen", m.console)
    # Its ids are those of harts that may want types of their own in entries; older emulators lack the register that tells.
    with Machine("-cpu", "thead-c906", initrd=f"{BUILD}/rootfs.cpio", append="panic=-1", smp=2, mem="128M") as m:
        name = "a hart of T-Head's with MAE off: entries are as everywhere"
        if m.expect("Run /init|unable to find CPU model", 60) and "unable to find" in m.console:
            tap.skip(name, "this QEMU has no such hart")
        else:
            tap.check("Run /init" in m.console and "memory types" not in m.console, name, m.console)


def no_floating_point(tap):
    """A hart without registers for it: programs that use them get SIGILL, the kernel never touches them."""
    with Machine("-cpu", "rv64,d=off", initrd=f"{BUILD}/test.cpio", append="panic=-1", smp=1, mem="128M") as m:
        m.wait_end(60)
        tap.check("Attempted to kill init! exitcode=0x00000004" in m.console, "no double precision: SIGILL", m.console)
    with Machine("-cpu", "rv64,mmu=off", append="panic=-1", smp=1, mem="128M") as m:
        tap.check(m.expect("Kernel panic - not syncing: this hart has no MMU", 30), "no MMU: said so", m.console)


ALL_FREE = """
for i in $($b seq 60); do
	free=$($b awk '/^MemFree/ { print $2 }' /proc/meminfo)
	echo BLOCKS $($b awk '/^Node/ { for (size = 4, i = 5; i <= NF; size *= 2, i++) kb += $i * size } END { printf "%.0f", kb }' \
		/proc/buddyinfo) of $free; $b sleep 1
done
"""


def all_memory(tap, folder):
    """Idle harts make what boot left out, when they come to it: the buddy system then has all of it."""
    show = script_initramfs(folder, "free", ALL_FREE)
    with Machine(*sparse("64G"), initrd=show, append="loglevel=4 panic=-1", smp=2, mem="64G") as m:
        at, blocks, free = 0, 0, 1
        while at >= 0 and not blocks > free * 0.999 > 62 << 20:
            found = m.expect(r"^BLOCKS (\d+) of (\d+)\n", 60, at)
            blocks, free = (int(found[1]), int(found[2])) if found else (0, 1)
            at = found.end() if found else -1
        tap.check(at >= 0, f"64G: {blocks >> 20} GiB come to lie in free blocks", m.console)


def second_controller(tap, folder):
    """The port's interrupt controller is not the first of the tree: its lines have other numbers, and arrive."""
    dtb = f"{folder}/two.dtb"
    with Machine("-machine", f"dumpdtb={dtb}", smp=2, mem="256M", nodes=2) as m:
        m.wait_end(20)
    tree = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", dtb], check=True, capture_output=True, text=True).stdout
    plics = re.findall(r"\t\tplic@\w+ \{.*?\n\t\t\};\n", tree, re.S)
    for plic in plics:
        tree = tree.replace(plic, "")
    at = re.search(r"\tsoc \{\n(\t\t[^\n{]*;\n)*", tree).end()
    tree = tree[:at] + "".join(sorted(plics, reverse=True)) + tree[at:]
    subprocess.run(["dtc", "-f", "-q", "-I", "dts", "-O", "dtb", "-o", dtb], input=tree, text=True, check=True)
    show = script_initramfs(folder, "irq", "echo READY; read a </dev/console; echo GOT $a; $b grep ttyS0 /proc/interrupts")
    with Machine(initrd=show, append="loglevel=4 panic=-1", smp=2, mem="256M", nodes=2, dtb=dtb) as m:
        m.expect("^READY", 60)
        m.send("hello\n")
        m.wait_end(60)
        line = re.search(r"^ *(\d+): +(\d+) +(\d+) .*ttyS0", m.console, re.M)
        tap.check(len(plics) == 2 and "GOT hello" in m.console and line and int(line[1]) > 64 and int(line[2]) + int(line[3]),
                  "the port's interrupt controller is the second of two", m.console)


def main():
    tap = Tap()
    kernel_memory(tap)
    memory_types(tap)
    no_floating_point(tap)
    boot(tap, "8G", 45000)
    boot(tap, "64G", 150000)
    with tempfile.TemporaryDirectory() as folder:
        all_memory(tap, folder)
        second_controller(tap, folder)
    tap.end()


if __name__ == "__main__":
    main()
