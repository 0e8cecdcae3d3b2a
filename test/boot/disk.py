"""Disks: what is read is what the image has, what is written and synced gets there, in every kind of virtio-blk.

The image is compared with what the guest says of it (sums), and what the guest wrote is looked for in the image after
the machine has gone.  QEMU's blkdebug makes reads and writes fail; one disk is larger than the machine's memory.

SPDX-License-Identifier: MIT
"""
import binascii
import hashlib
import os
import random
import re
import struct
import subprocess
import tempfile

from machine import Machine, Tap, script_initramfs

MIB = 1 << 20
SCRIPT = """
show() {{ echo "$1: $($2)"; }}
cd /dev
for d in vda vda1 vda2 vdb; do [ -b $d ] && echo "SUM $d $($b md5sum <$d)"; done
exec 9<vda; $b cat <&9 >/dev/null; echo "BUFFERS $($b awk '/^Buffers:/ {{ print ($2 >= 8192) }}' /proc/meminfo)"; exec 9<&-
echo "SIZE $($b blockdev --getsz vda) $($b blockdev --getss vda) $($b blockdev --getro vda)"
echo "PART $($b cat /proc/partitions | $b tr -s ' \\n' '  ')"
echo "SYS $($b cat /sys/block/vda/size /sys/block/vda/vda2/start /sys/block/vda/serial | $b tr '\\n' ' ')"
{more}
echo THE END
"""
WRITES = """
$b dd if=/dev/urandom of=/tmp/r bs=1k count=777 2>/dev/null
echo "WROTE $($b md5sum </tmp/r)"
$b dd if=/tmp/r of=vda2 bs=10007 seek=3 conv=fsync 2>/dev/null; echo "DD $?"
$b dd if=/dev/zero of=vda1 bs=1M 2>/tmp/err; echo "FULL $? $($b grep -c 'No space' /tmp/err)"
echo data >vda2; $b sync
: >vda; echo "TRUNC $($b blockdev --getsz vda)"
echo "STAT $($b awk '$3 == "vda" {{ print ($8 > 0), ($6 >= $4), $12 }}' /proc/diskstats)"
$b dd if=/dev/hwrng of=/tmp/h bs=64 count=4 2>/dev/null; echo "RNG $($b wc -c </tmp/h) $($b md5sum </tmp/h)"
lines() { $b awk '/PLIC/ { zero += $2; one += $3 } END { print zero, one }' /proc/interrupts; }
for h in 1 0 1; do
  for i in /proc/irq/[0-9]*; do echo $h >$i/smp_affinity_list; done
  was=$(lines); $b dd if=/dev/hwrng of=/dev/null bs=64 count=20 2>/dev/null; echo "MOVED$h $was $(lines)"
done
"""
BIG = """
$b free -k | $b awk '/Mem:/ {{ print "MEM", $2 }}'
( while [ ! -e /tmp/done ]; do $b awk '/^Dirty:|^Writeback:/ {{ n += $2 }} END {{ print "DIRTY", n }}' /proc/meminfo; $b sleep 1; done ) &
$b dd if=/dev/zero of=vdb bs=64k conv=fsync 2>/dev/null; echo "BIG $?"
$b cmp -n {big} vdb /dev/zero && echo "SAME"
: >/tmp/done; wait
"""
ERRORS = """
$b dd if=vdb of=/dev/null bs=4k count=4 2>/dev/null; echo "GOOD $?"
$b dd if=vdb of=/dev/null bs=4k skip=16 count=1 2>/dev/null; echo "BAD $?"
$b dd if=vdb of=/dev/null bs=4k skip=32 count=4 2>/dev/null; echo "AFTER $?"
$b dd if=/dev/zero of=vdb bs=4k seek=16 count=1 conv=fsync 2>/dev/null; echo "BADWRITE $?"
$b dd if=/dev/zero of=vdb bs=4k seek=40 count=1 conv=fsync 2>/dev/null; echo "GOODWRITE $?"
"""


def gpt(sectors, parts):
    """The first 34 sectors of a disk with @parts, and the last 33."""
    entries = bytearray(128 * 128)
    for i, (start, nr) in enumerate(parts):
        entries[128 * i:128 * i + 48] = b"\xaf" * 16 + bytes([i]) * 16 + struct.pack("<QQ", start, start + nr - 1)

    def header(my, other, at):
        h = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, my, other, 34, sectors - 34, b"g" * 16,
                        at, 128, 128, binascii.crc32(entries))
        return (h[:16] + struct.pack("<I", binascii.crc32(h)) + h[20:]).ljust(512, b"\0")

    mbr = bytearray(512)
    mbr[446:462] = struct.pack("<8BII", 0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, sectors - 1)
    mbr[510:512] = b"\x55\xaa"
    return bytes(mbr) + header(1, sectors - 1, 2) + entries, entries + header(sectors - 1, 1, sectors - 33)


PARTS = ((2048, 6000), (9001, 7001))


def make_image(path, seed):
    """8 MiB of noise with two partitions, one of which is no whole number of pages."""
    sectors = 8 * MIB // 512
    data = bytearray(random.Random(seed).randbytes(8 * MIB))
    first, last = gpt(sectors, PARTS)
    data[:len(first)] = first
    data[-len(last):] = last
    with open(path, "wb") as f:
        f.write(data)
    return data


def md5(data):
    return hashlib.md5(data).hexdigest()


def part(data, n):
    start, nr = PARTS[n]
    return data[512 * start:512 * (start + nr)]


def drive(path, n, *options):
    return ("-drive", f"file={path},if=none,format=raw,id=d{n}",
            "-device", ",".join(["virtio-blk-device", f"drive=d{n}", *options]))


def boot(folder, more, *qemu_args, limit=120, mem="128M", smp=2, nodes=1, append="", icount=""):
    initrd = script_initramfs(folder, "disk", SCRIPT.format(more=more))
    with Machine(*qemu_args, initrd=initrd, append=f"loglevel=6 panic=-1 {append}", smp=smp, nodes=nodes, mem=mem,
                 icount=icount) as m:
        ended = m.expect(r"^THE END", limit)
        m.expect(r"Power down", 20)
        return ended, m.console


def said(console, word):
    """What the guest said after @word, the last time."""
    lines = [line[len(word):].strip() for line in console.replace("\r", "").splitlines() if line.startswith(word + " ")]
    return lines[-1] if lines else None


def sum_of(console, name):
    return (said(console, f"SUM {name}") or "").split(" ")[0]


VARIANTS = (
    ("legacy", ()),
    ("modern", ("-global", "virtio-mmio.force-legacy=false")),
    ("without indirect descriptors", ("-global", "virtio-blk-device.indirect_desc=off")),
    ("without event indices, few segments", ("-global", "virtio-blk-device.event_idx=off",
                                             "-global", "virtio-blk-device.seg-max-adjust=off",
                                             "-global", "virtio-blk-device.queue-size=8")),
)


def test_variant(tap, folder, name, args):
    path = f"{folder}/a.img"
    data = make_image(path, name)
    ended, console = boot(folder, WRITES, *args, *drive(path, 0, "serial=S-1"), "-device", "virtio-rng-device")
    with open(path, "rb") as f:
        after = f.read()
    good = ended and (sum_of(console, "vda"), sum_of(console, "vda1"), sum_of(console, "vda2")) == \
        (md5(data), md5(part(data, 0)), md5(part(data, 1)))
    tap.check(good, f"{name}: the disk and its partitions read as they are", console)
    tap.check(said(console, "SIZE") == "16384 512 0" and said(console, "SYS") == "16384 9001 S-1",
              f"{name}: size, start and serial number", console)
    tap.check(said(console, "BUFFERS") == "1", f"{name}: pages of a disk are Buffers", console)
    tap.check("254 0 8192 vda 254 1 3000 vda1 254 2 3500 vda2" in (said(console, "PART") or ""),
              f"{name}: /proc/partitions", console)
    two = part(after, 1)
    wrote = md5(two[3 * 10007:3 * 10007 + 777 * 1024])
    tap.check(said(console, "DD") == "0" and said(console, "WROTE").split()[0] == wrote and two.startswith(b"data\n"),
              f"{name}: what was written at odd places is in the image", console)
    tap.check(two[5:3 * 10007] == part(data, 1)[5:3 * 10007] and two[-100000:] == part(data, 1)[-100000:],
              f"{name}: and what was not written is as before")
    tap.check(said(console, "FULL") == "1 1" and part(after, 0) == bytes(6000 * 512) and
              after[:2048 * 512] == data[:2048 * 512] and after[8048 * 512:9001 * 512] == data[8048 * 512:9001 * 512],
              f"{name}: a partition is full at its end, and its neighbours are whole", console)
    tap.check(said(console, "TRUNC") == "16384" and said(console, "STAT") == "1 1 0",
              f"{name}: O_TRUNC changes nothing; figures of the disk", console)
    tap.check((said(console, "RNG") or "").startswith("256 ") and md5(bytes(256)) not in console,
              f"{name}: /dev/hwrng", console)
    moved = [[int(n) for n in (said(console, f"MOVED{h}") or "0 0 0 0").split()] for h in (0, 1)]
    # Twenty reads; one interrupt may tell of two that ended.
    tap.check(all(m[2 + h] - m[h] >= 10 and m[3 - h] == m[1 - h] for h, m in enumerate(moved)),
              f"{name}: interrupts go to the hart that they are sent to: {moved}", console)


def test_nodes(tap, folder):
    """QEMU's second node has an interrupt controller of its own, for its harts; the disks are behind that.

    QEMU 7 tells of it and has it, but no interrupt comes from it, whatever the kernel.
    """
    version = subprocess.run([os.environ.get("QEMU", "qemu-system-riscv64"), "--version"], capture_output=True,
                             text=True, check=True).stdout
    if int(re.search(r"version (\d+)", version).group(1)) < 8:
        return
    path = f"{folder}/n.img"
    data = make_image(path, "nodes")
    ended, console = boot(folder, "", *drive(path, 0), nodes=2)
    tap.check(ended and sum_of(console, "vda") == md5(data), "a disk behind another node's harts", console)


def test_blocks(tap, folder):
    path = f"{folder}/b.img"
    data = make_image(path, "blocks")
    ended, console = boot(folder, "", *drive(path, 0, "logical_block_size=4096", "physical_block_size=4096"))
    tap.check(ended and said(console, "SIZE") == "16384 4096 0" and sum_of(console, "vda") == md5(data),
              "blocks of 4096 bytes", console)
    ended, console = boot(folder, "echo x >vda; echo RO $?", "-drive",
                          f"file={path},if=none,format=raw,id=d0,readonly=on", "-device", "virtio-blk-device,drive=d0")
    tap.check(ended and said(console, "SIZE") == "16384 512 1" and said(console, "RO") == "1" and
              sum_of(console, "vda") == md5(data), "a read-only disk", console)


def test_big(tap, folder):
    path, big = f"{folder}/c.img", f"{folder}/big.img"
    make_image(path, "big")
    with open(big, "wb") as f:
        f.truncate(200 * MIB)
        f.seek(0)
        f.write(b"x" * MIB)
    ended, console = boot(folder, BIG.format(big=200 * MIB), *drive(path, 0), *drive(big, 1), mem="64M", limit=300)
    dirty = [int(line.split()[1]) for line in console.replace("\r", "").splitlines() if line.startswith("DIRTY ")]
    mem = int(said(console, "MEM") or 0)
    tap.check(ended and said(console, "BIG") == "1" and "SAME" in console and "Out of memory" not in console,
              "a disk of 200 MiB is filled and read on a machine of 64", console)
    tap.check(dirty and max(dirty) < mem // 2, f"at most half of memory is dirty: {max(dirty, default=0)} of {mem} kB",
              console)


def test_errors(tap, folder):
    path, bad, conf = f"{folder}/d.img", f"{folder}/bad.img", f"{folder}/blkdebug.conf"
    make_image(path, "errors")
    with open(bad, "wb") as f:
        f.truncate(MIB)
    with open(conf, "w", encoding="ascii") as f:
        for event in ("read_aio", "write_aio"):
            f.write(f'[inject-error]\nevent = "{event}"\nerrno = "5"\nsector = "128"\nonce = "off"\n')
    ended, console = boot(folder, ERRORS, *drive(path, 0), "-drive",
                          f"file=blkdebug:{conf}:{bad},if=none,format=raw,id=d1,werror=report,rerror=report",
                          "-device", "virtio-blk-device,drive=d1")
    tap.check(ended and [said(console, w) for w in ("GOOD", "BAD", "AFTER", "BADWRITE", "GOODWRITE")] ==
              ["0", "1", "0", "1", "0"], "a sector that cannot be read or written is an error, its neighbours are not",
              console)


SLOW = """
$b dd if=/dev/zero of=vdb bs=64k count=4 conv=fsync 2>/dev/null; echo "SLOW $?"
echo 3 >/proc/sys/vm/drop_caches
$b dd if=vdb bs=64k count=4 2>/dev/null | $b md5sum | $b sed 's/^/SLOWSUM /'
"""


def test_slow(tap, folder):
    """Time is counted in instructions, and flies while all harts sleep: minutes, for a device that takes seconds."""
    path, slow = f"{folder}/e.img", f"{folder}/slow.img"
    make_image(path, "slow")
    with open(slow, "wb") as f:
        f.write(b"s" * MIB)
    ended, console = boot(folder, SLOW, *drive(path, 0), "-drive",
                          f"file={slow},if=none,format=raw,id=d1,throttling.bps-total=200000", "-device",
                          "virtio-blk-device,drive=d1", smp=1, icount="1", limit=300)
    with open(slow, "rb") as f:
        after = f.read()
    tap.check(ended and said(console, "SLOW") == "0" and after == bytes(4 * 65536) + b"s" * (MIB - 4 * 65536) and
              f"SLOWSUM {md5(bytes(4 * 65536))}" in console, "a device that is late is waited for", console)
    tap.check("a request was not answered for" in console and "the device is gone" not in console,
              "and the log tells of it", console)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        for name, args in VARIANTS:
            test_variant(tap, folder, name, args)
        test_nodes(tap, folder)
        test_blocks(tap, folder)
        test_big(tap, folder)
        test_errors(tap, folder)
        test_slow(tap, folder)
    tap.end()


if __name__ == "__main__":
    main()
