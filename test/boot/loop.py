"""Loop devices: files as disks, on ext2 and on tmpfs, one on the other, let go of by themselves, with little memory.

What was written through them is read back by debugfs, out of the image that lies in the image.

SPDX-License-Identifier: MIT
"""
import os
import re
import subprocess
import tempfile

from ext2 import drives, fsck, mke2fs, rdump, section
from machine import BUILD, Machine, Tap, script_initramfs

SCRIPT = """
$b mkdir -p /m /a /c
$b mount -t ext2 /dev/vda /m
echo "BEGIN mount"
$b mount -o loop /m/inner /a && $b losetup -a
$b cp /usr/bin/busybox /a/busybox; $b md5sum /usr/bin/busybox; $b sync; echo 3 >/proc/sys/vm/drop_caches
$b md5sum /a/busybox
$b umount /a; $b losetup -a; $b umount /m && echo "LET GO"
echo "END mount"
$b mount -t ext2 /dev/vda /m
echo "BEGIN chain"
$b cp /m/small /tmp/small
$b losetup /dev/loop0 /tmp/small; next=$($b losetup -f); $b losetup $next /dev/loop0
$b losetup /dev/loop0 /m/inner || echo BUSY
$b losetup -d /dev/loop0; $b losetup -a
$b mount -t ext2 $next /a && $b cat /a/text
$b losetup -d $next; $b umount /a; $b losetup -a; echo "NONE LEFT"
echo "END chain"
echo "BEGIN itself"
$b losetup /dev/loop0 /m/inner; $b losetup /dev/loop1 /dev/loop0; $b losetup -d /dev/loop0
$b losetup /dev/loop0 /dev/loop1 2>/dev/null || echo REFUSED
$b losetup -d /dev/loop1; $b losetup -a; echo "NONE LEFT"
echo "END itself"
echo "BEGIN part"
$b losetup -r -o 4096 /dev/loop0 /m/digits; $b head -c 8 /dev/loop0; echo
echo x >/dev/loop0 || echo READONLY
$b losetup -d /dev/loop0
echo "END part"
echo "BEGIN much"
$b mount -o loop /m/inner /a
$b dd if=/dev/zero bs=64k count=480 2>/dev/null | $b tr '\\0' y >/a/much && $b sync && $b md5sum /a/much
echo "END much"
echo last >/a/last
"""


def test(tap, folder):
    inner, image, tree = f"{folder}/tree/inner", f"{folder}/outer.img", f"{folder}/tree"
    os.makedirs(tree)
    os.makedirs(f"{folder}/few")
    with open(f"{folder}/few/text", "w", encoding="ascii") as f:
        f.write("a small one\n")
    mke2fs(inner, "-b 1024", size="40M")
    mke2fs(f"{tree}/small", "-b 1024", size="2M", tree=f"{folder}/few")
    with open(f"{tree}/digits", "w", encoding="ascii") as f:
        f.write("".join(f"{i:07}\n" for i in range(2048)))
    mke2fs(image, "-b 4096", size="64M", tree=tree)
    initrd = script_initramfs(folder, "loop", SCRIPT)
    with Machine(*drives([image]), initrd=initrd, append="loglevel=6 panic=-1", smp=2, nodes=1, mem="64M") as m:
        ended = m.expect(r"Power down", 400)
        m.wait_end(10)
        said = {word: section(m.console, word) for word in ("mount", "chain", "itself", "part", "much")}
        console = m.console[-1500:]
    sums = re.findall(r"^([0-9a-f]{32})", said["mount"], re.M)
    tap.check(ended and "/dev/loop0: 0 /m/inner" in said["mount"] and len(sums) == 2 and sums[0] == sums[1],
              "mount -o loop: what was written is read", said["mount"] + console)
    tap.check(said["mount"].endswith("LET GO\n") and said["mount"].count("loop0") == 1,
              "the device lets go of its file at umount", said["mount"])
    tap.check("BUSY" in said["chain"] and "\na small one\n" in said["chain"] and
              said["chain"].endswith("NONE LEFT\n") and len(re.findall(r"^/dev/loop", said["chain"], re.M)) == 2,
              "a device on a device on a file of tmpfs; in use, it stays until its last user goes", said["chain"])
    tap.check(said["itself"].endswith("REFUSED\nNONE LEFT\n"), "none stands on itself", said["itself"])
    tap.check(said["part"].split("\n")[:1] == ["0000512"] and "READONLY" in said["part"],
              "from an offset, read-only", said["part"])
    much = subprocess.run(f"head -c {480 << 16} /dev/zero | tr '\\0' y | md5sum", shell=True, check=True,
                          stdout=subprocess.PIPE, text=True).stdout[:32]
    tap.check(said["much"].startswith(much), "30 MiB go through a device on a machine of 64 MiB", said["much"] + console)
    rc, text = fsck(image, "-n")
    rdump(image, f"{folder}/out")
    rc2, text2 = fsck(f"{folder}/out/inner", "-n")
    tap.check(rc == 0 and rc2 == 0, "both are whole and clean, though the machine went off with them mounted",
              text + text2)
    rdump(f"{folder}/out/inner", f"{folder}/out2")
    with open(f"{folder}/out2/last", encoding="ascii") as f:
        tap.check(f.read() == "last\n", "and hold what was written last")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        test(tap, folder)
    tap.end()


if __name__ == "__main__":
    main()
