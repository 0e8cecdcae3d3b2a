"""Bad input: broken device trees, initramfs, programs; too little memory; programs that want all of it.

Each must end in a clear message, never in a hang or a wrong continuation.

SPDX-License-Identifier: MIT
"""
import gzip
import lzma
import os
import random
import subprocess
import tempfile

from machine import BUILD, TOP, Machine, Tap

KERNEL_AT, DTB_AT = 0x84000000, 0x88000000
PANIC = r"Kernel panic - not syncing: .*"


def make_shim(folder, dtb):
    """A kernel that starts the one at KERNEL_AT with @dtb in a1."""
    shim = f"{folder}/shim-{dtb:x}"
    subprocess.run(["riscv64-unknown-elf-gcc", "-nostdlib", "-static", "-march=rv64imac", "-mabi=lp64",
                    "-Wl,-Ttext=0", f"-DKERNEL={KERNEL_AT:#x}", f"-DDTB={dtb:#x}", f"{TOP}/test/boot/shim.S",
                    "-o", f"{shim}.elf"], check=True)
    # Flat: the segment of an ELF would begin with its headers.
    subprocess.run(["riscv64-unknown-elf-objcopy", "-O", "binary", f"{shim}.elf", shim], check=True)
    return shim


def shim_machine(folder, dtb_at, blob=None, **knobs):
    args = ["-device", f"loader,file={BUILD}/Image,addr={KERNEL_AT:#x},force-raw=on"]
    if blob:
        args += ["-device", f"loader,file={blob},addr={dtb_at:#x},force-raw=on"]
    return Machine(*args, kernel=make_shim(folder, dtb_at), smp=1, mem="256M", **knobs)


def qemu_tree(folder):
    path = f"{folder}/virt.dtb"
    with Machine("-machine", f"dumpdtb={path}", append="panic=-1", smp=1, mem="256M") as m:
        m.wait_end(20)
    return path


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def device_trees(tap, folder):
    good = open(qemu_tree(folder), "rb").read()
    with shim_machine(folder, DTB_AT, write(f"{folder}/good.dtb", good)) as m:
        tap.check(m.expect(PANIC + "init", 30), "an untouched tree boots from any 2 MiB boundary", m.console)
    with shim_machine(folder, 0) as m:
        tap.check(m.expect(PANIC + "device tree", 30), "no device tree: said so", m.console)
    with shim_machine(folder, 0x7000000000) as m:
        tap.check(m.expect(PANIC + "device tree", 30), "a device tree where nothing is: said so", m.console)
    with shim_machine(folder, DTB_AT, write(f"{folder}/bad.dtb", b"\0" * 4096)) as m:
        tap.check(m.expect(PANIC + "device tree", 30), "a blob without magic: said so", m.console)
    with shim_machine(folder, DTB_AT, write(f"{folder}/cut.dtb", good[:0x200])) as m:
        tap.check(m.expect(PANIC + "device tree", 30), "a truncated tree: said so", m.console)
    rng = random.Random(1)
    survived = 0
    for seed in range(12):
        blob = bytearray(good)
        for _ in range(1 << (seed % 6)):
            blob[rng.randrange(len(good))] = rng.randrange(256)
        with shim_machine(folder, DTB_AT, write(f"{folder}/m{seed}.dtb", bytes(blob))) as m:
            # It boots as far as a kernel without init can, or says what is wrong.
            survived += bool(m.expect(PANIC + r"|device tree|reboot: ", 30))
    tap.check(survived == 12, f"{survived} of 12 mutated trees end in a message")


def cpio(folder, name, files):
    stage = f"{folder}/{name}.d"
    os.makedirs(stage, exist_ok=True)
    for path, (data, mode) in files.items():
        os.makedirs(os.path.dirname(f"{stage}/{path}") or stage, exist_ok=True)
        write(f"{stage}/{path}", data)
        os.chmod(f"{stage}/{path}", mode)
    out = f"{folder}/{name}.cpio"
    subprocess.run(f"find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0 > {out}", shell=True, cwd=stage, check=True)
    return out


def expect_end(tap, name, pattern, **knobs):
    with Machine(append="panic=-1 " + knobs.pop("more", ""), smp=1, **{"mem": "128M", **knobs}) as m:
        found = m.expect(pattern, 40)
        code = m.wait_end(20)
        tap.check(found and code is not None, name, m.console)


def initramfs(tap, folder):
    expect_end(tap, "no initrd and no root", PANIC)
    expect_end(tap, "a panic that tells of tasks and memory", PANIC + r"(.*\n)+.*task:init state:R pid:1 tgid:1 ppid:0\n"
               r"(.*\n)*.*task:kswapd0 state:\w .*\n(.*\n)*.*Mem-Info:(.*\n)*.*end Kernel panic", more="panic_print=3")
    expect_end(tap, "an initrd that is not a cpio archive", r"(?i)initramfs.*(\n.*)*" + PANIC,
               initrd=write(f"{folder}/junk", os.urandom(100000)))
    whole = open(cpio(folder, "whole", {"a": (b"x" * 5000, 0o644), "init": (b"#!/x\n", 0o755)}), "rb").read()
    expect_end(tap, "a truncated cpio archive", r"(?i)initramfs.*(\n.*)*" + PANIC,
               initrd=write(f"{folder}/cut.cpio", whole[:3000]))
    packed = gzip.compress(whole)
    expect_end(tap, "a gzipped archive", r"Failed to execute /init \(error -2\)(.*\n)*.*" + PANIC,
               initrd=write(f"{folder}/whole.gz", packed))
    expect_end(tap, "plain archives and gzipped ones in a row", r"Failed to execute /init \(error -2\)(.*\n)*.*" + PANIC,
               initrd=write(f"{folder}/row", open(cpio(folder, "one", {"b": (b"b", 0o644)}), "rb").read() + packed + packed))
    expect_end(tap, "a truncated gzip member", r"Initramfs unpacking failed: invalid gzip data(.*\n)*.*" + PANIC,
               initrd=write(f"{folder}/cut.gz", packed[:len(packed) // 2]))
    expect_end(tap, "a gzip member that becomes more than there is",
               r"Initramfs unpacking failed: \d+ MiB unpacked, and \d+ MiB of memory are free(.*\n)*.*" + PANIC,
               initrd=write(f"{folder}/bomb.gz", gzip.compress(bytes(200 << 20))))
    expect_end(tap, "another compression", r"compression method xz not configured(.*\n)*.*" + PANIC,
               initrd=write(f"{folder}/whole.xz", lzma.compress(whole)))
    expect_end(tap, "the old cpio format", r"incorrect cpio method used(.*\n)*.*" + PANIC,
               initrd=write(f"{folder}/odc", b"070707" + whole[6:]))
    expect_end(tap, "no /init in the archive", PANIC + "init",
               initrd=cpio(folder, "empty", {"etc/motd": (b"hi\n", 0o644)}))
    elf = open(f"{BUILD}/user/init", "rb").read()
    expect_end(tap, "an /init that is no program", PANIC, initrd=cpio(folder, "text", {"init": (b"garbage" * 99, 0o755)}))
    expect_end(tap, "an /init that is cut short", PANIC, initrd=cpio(folder, "short", {"init": (elf[:2000], 0o755)}))
    expect_end(tap, "an /init whose interpreter is missing", PANIC,
               initrd=cpio(folder, "script", {"init": (b"#!/bin/nothing\n", 0o755)}))
    rng = random.Random(2)
    ended = 0
    for seed in range(6):
        bad = bytearray(elf)
        for _ in range(8):
            bad[rng.randrange(0x200)] = rng.randrange(256)
        with Machine(append="panic=-1", smp=1, mem="128M", initrd=cpio(folder, f"elf{seed}", {"init": (bytes(bad), 0o755)})) as m:
            ended += bool(m.expect(PANIC + r"|Welcome", 40))
    tap.check(ended == 6, f"{ended} of 6 mutated ELF headers end in a message or a program")


def initrd_outside_ram(tap, folder):
    tree = qemu_tree(folder)
    for prop, value in (("linux,initrd-start", "0x7f000000"), ("linux,initrd-end", "0x7f100000")):
        subprocess.run(["fdtput", "-t", "x", tree, "/chosen", prop, value], check=True)
    subprocess.run(["fdtput", "-t", "s", tree, "/chosen", "bootargs", "panic=-1"], check=True)
    expect_end(tap, "an initrd outside RAM", r"(?i)initrd.*(\n.*)*" + PANIC, dtb=tree, mem="256M")


def memory(tap):
    for mem in ("3M", "4M", "6M"):
        with Machine(append="panic=-1", smp=1, mem=mem, initrd=f"{BUILD}/rootfs.cpio") as m:
            # QEMU itself refuses what its firmware and image do not fit into.
            tap.check(m.expect(PANIC + r"|qemu-system|not enough|Welcome", 40), f"{mem} of RAM: a message", m.console)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        device_trees(tap, folder)
        initramfs(tap, folder)
        initrd_outside_ram(tap, folder)
        memory(tap)
    tap.end()


if __name__ == "__main__":
    main()
