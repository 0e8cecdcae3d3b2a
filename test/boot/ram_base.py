"""RAM that begins where no machine of QEMU with devices has it: at 0, and at 1 GiB as on the JH7110.

The machine is a hart and RAM, with a firmware of our own that no tree mentions; the console is the firmware's.

SPDX-License-Identifier: MIT
"""
import os
import re
import subprocess
import tempfile

from machine import BUILD, TIMESTAMP, TOP, Machine, Tap, script_initramfs
from reserved import FILL

TREE = """/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	model = "a hart and RAM";
	chosen { bootargs = "console=hvc0 loglevel=7 panic=-1 %(append)s"; linux,initrd-start = <%(initrd)#x>;
		 linux,initrd-end = <%(initrd_end)#x>; };
	cpus {
		#address-cells = <1>;
		#size-cells = <0>;
		timebase-frequency = <10000000>;
		cpu@0 { device_type = "cpu"; reg = <0>; riscv,isa = "rv64imafdc"; mmu-type = "riscv,sv39"; };
	};
	memory@0 { device_type = "memory"; reg = <0 %(base)#x 0 %(size)#x>; };
};
"""
MIB = 1 << 20


def make_firmware(folder, fw, kernel, dtb):
    out = f"{folder}/fw-{fw:x}"
    subprocess.run(["riscv64-unknown-elf-gcc", "-nostdlib", "-static", "-march=rv64imac_zicsr", "-mabi=lp64", "-mcmodel=medany",
                    f"-Wl,-Ttext={fw:#x}", f"-DFW={fw:#x}", f"-DKERNEL={kernel:#x}", f"-DDTB={dtb:#x}",
                    f"{TOP}/test/boot/ramfw.S", "-o", f"{out}.elf"], check=True)
    subprocess.run(["riscv64-unknown-elf-objcopy", "-O", "binary", f"{out}.elf", out], check=True)
    return out


def machine(folder, base, size, fw, initrd, append=""):
    """RAM from @base on, of @size bytes, with the firmware at @fw in it."""
    kernel, dtb, archive = base + 2 * MIB, base + 48 * MIB, base + 64 * MIB
    tree = f"{folder}/{base:x}.dtb"
    text = TREE % {"append": append, "initrd": archive, "initrd_end": archive + os.path.getsize(initrd), "base": base, "size": size}
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", tree], input=text, text=True, check=True)
    args = ["-M", "none", "-cpu", "rv64", "-m", f"{(base + size) // MIB}M", "-display", "none", "-serial", "none",
            "-monitor", "none", "-chardev", "stdio,id=c", "-semihosting-config", "enable=on,target=native,chardev=c"]
    loads = [(make_firmware(folder, fw, kernel, dtb), fw, ",cpu-num=0"), (f"{BUILD}/Image", kernel, ""), (tree, dtb, ""),
             (initrd, archive, "")]
    for path, at, more in loads:
        args += ["-device", f"loader,file={path},addr={at:#x},force-raw=on{more}"]
    return Machine(bare=args)


def fills(tap, folder, name, base, fw):
    size = 192 * MIB
    with machine(folder, base, size, fw, script_initramfs(folder, "fill", FILL)) as m:
        m.wait_end(120)
    text = TIMESTAMP.sub("", m.console)
    total = re.search(r"MemTotal: +(\d+) kB", text)
    tap.check(total and size // 1024 - (24 << 10) < int(total.group(1)) and "FILLED" in text and "Oops" not in text,
              f"{name}: all of its memory works", text)
    tap.check(f"Memory in {fw:#x}..{fw + 0x10000:#x} cannot be read" in text, f"{name}: the firmware is left alone", text)


def tests(tap, folder, base):
    with machine(folder, base, 384 * MIB, base, f"{BUILD}/test.cpio", "tests=mmap,exec") as m:
        m.wait_end(250)
    done = re.search(r"^1\.\.(\d+)", m.console, re.M)
    tap.check(done and not re.search(r"^not ok|BUG:|panic -", m.console, re.M), f"{done and done.group(1)} tests", m.console)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        fills(tap, folder, "RAM at 0, and its first page is free", 0, MIB)
        fills(tap, folder, "RAM at 1 GiB", 1 << 30, 1 << 30)
        tests(tap, folder, 0)
        tests(tap, folder, 1 << 30)
    tap.end()


if __name__ == "__main__":
    main()
