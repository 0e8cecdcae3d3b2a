"""Initramfs of every packing: what is taken, what follows what, what is refused and with which words.

SPDX-License-Identifier: MIT
"""
import os
import subprocess
import tempfile

from machine import BUILD, Machine, Tap, script_initramfs

SCRIPT = """
echo EARLY $($b cat /early/note 2>/dev/null) LATE $($b cat /late/note 2>/dev/null) SUM $($b md5sum </usr/bin/busybox)
"""


def run(command, **more):
    return subprocess.run(command, shell=True, check=True, capture_output=True, **more).stdout


def note(folder, name):
    """A small archive with the file NAME/note."""
    os.makedirs(f"{folder}/{name}/{name}", exist_ok=True)
    with open(f"{folder}/{name}/{name}/note", "w", encoding="ascii") as f:
        f.write(name.upper())
    return run(f"cd {folder}/{name} && find . | cpio --quiet -o -H newc")


def pad(data, to=512):
    return data + bytes(-len(data) % to)


def boots(tap, folder, name, archive, pattern, mem="256M"):
    path = f"{folder}/initrd"
    with open(path, "wb") as f:
        f.write(archive)
    with Machine(initrd=path, append="panic=-1", smp=1, mem=mem) as m:
        m.expect("EARLY.*\n|Attempted to kill init|No working init", 60)
        tap.check(m.expect(pattern, 1), name, m.console)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        plain = open(script_initramfs(folder, "all", SCRIPT), "rb").read()
        md5 = run(f"md5sum <{BUILD}/debs/root/usr/bin/busybox").split()[0].decode()
        early, late = note(folder, "early"), note(folder, "late")
        packed = {how: run(how, input=plain) for how in
                  ("gzip -9", "zstd -q -19", "zstd -q -1 --no-check", "lz4 -l -c", "xz", "xz --format=lzma")}
        for how in ("gzip -9", "zstd -q -19", "zstd -q -1 --no-check", "lz4 -l -c"):
            boots(tap, folder, how, packed[how], f"^EARLY LATE SUM {md5}")
        boots(tap, folder, "a plain archive, zeros, then zstd", pad(early) + packed["zstd -q -19"],
              f"^EARLY EARLY LATE SUM {md5}")
        boots(tap, folder, "zstd, zeros, then a plain archive and gzip",
              pad(packed["zstd -q -19"]) + pad(early, 4) + run("gzip", input=late), f"^EARLY EARLY LATE LATE SUM {md5}")
        boots(tap, folder, "lz4, zeros, then zstd and more zeros",
              pad(run("lz4 -l -c", input=early)) + pad(packed["zstd -q -19"]), f"^EARLY EARLY LATE SUM {md5}")
        for how, command in (("xz", "xz -dc"), ("xz --format=lzma", "xz --format=lzma -dc")):
            boots(tap, folder, f"{how}: how to pack it anew", packed[how], f"packed anew: {command} INITRD")
        broken = bytearray(packed["zstd -q -19"])
        broken[len(broken) // 2] ^= 0xff
        boots(tap, folder, "broken zstd", bytes(broken), "invalid zstd data")
        bomb = run("head -c 4G /dev/zero | zstd -q -19")
        boots(tap, folder, "a bomb: 4 GiB of zeros", bomb, "4096 MiB unpacked, and [0-9]* MiB of memory are free")
        bomb = run("head -c 1G /dev/zero | gzip")
        boots(tap, folder, "a bomb of gzip", bomb, "1024 MiB unpacked, and [0-9]* MiB of memory are free")
    tap.end()


if __name__ == "__main__":
    main()
