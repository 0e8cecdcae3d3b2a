"""ext2: what mke2fs made is read, what is written is whole to e2fsck and to debugfs, damage is an error, and what was
fsynced before the power went is there.

e2fsprogs is the oracle.  Random file operations are made by the guest (user/fsops.c) from a seed; the tree that
it says it left is compared with what debugfs takes out of the image.
EXT2_SEEDS, EXT2_DAMAGED, EXT2_CUTS in the environment: how many of each (more than CI has time for).

SPDX-License-Identifier: MIT
"""
import hashlib
import os
import random
import re
import shutil
import struct
import subprocess
import tempfile
import time
import zlib

from machine import BUILD, Machine, Tap, script_initramfs

SEEDS = int(os.environ.get("EXT2_SEEDS", "1"))
DAMAGED = int(os.environ.get("EXT2_DAMAGED", "16"))
CUTS = int(os.environ.get("EXT2_CUTS", "2"))

VARIANTS = (
    ("rev 0, 1k", "-r 0 -b 1024 -O none"),
    ("rev 0, 4k", "-r 0 -b 4096 -O none"),
    ("1k", "-b 1024"),
    ("2k", "-b 2048"),
    ("4k", "-b 4096"),
    ("1k, 128-byte inodes, few of them", "-b 1024 -I 128 -i 65536"),
    ("4k, large inodes", "-b 4096 -I 512"),
    ("1k, small groups", "-b 1024 -g 1024"),
    ("4k, every group has a super block", "-b 4096 -O ^sparse_super,^resize_inode -g 2048"),
    ("1k, without filetype", "-b 1024 -O ^filetype"),
    ("2k, without dir_index, resize_inode and ext_attr", "-b 2048 -O ^dir_index,^resize_inode,^ext_attr"),
    ("1k, meta_bg", "-b 1024 -O meta_bg,^resize_inode -g 1024"),
)
REFUSED = (
    ("ext3", "-t ext3 -b 1024", "it becomes an ext2 by: tune2fs -O ^has_journal /dev/vd"),
    ("ext4", "-t ext4 -b 1024", "extents"),
    ("an unknown feature", "-t ext2 -b 1024 -O inline_data", "inline_data"),
    ("quota", "-t ext2 -b 1024 -O quota", "quota"),
)


def make_tree(folder, seed):
    """A tree of its own for each seed: small and large files, holes, links, a directory of many names."""
    rng = random.Random(seed)
    os.makedirs(f"{folder}/many")
    os.makedirs(f"{folder}/a/b/c/d")
    for i in range(300):
        with open(f"{folder}/many/{'n' * (i % 40)}{i}", "wb") as f:
            f.write(rng.randbytes(i % 50))
    for i, size in enumerate((0, 1, 1000, 4096, 12 * 1024, 12 * 1024 + 1, 300000, 2 << 20)):
        with open(f"{folder}/a/{i}", "wb") as f:
            f.write(rng.randbytes(size))
    with open(f"{folder}/a/b/sparse", "wb") as f:
        for at in (0, 50000, 1 << 20, 70 << 20):
            f.seek(at)
            f.write(b"here")
    os.symlink("../a", f"{folder}/a/b/fast")
    os.symlink("x" * 59, f"{folder}/a/b/c/59")
    os.symlink("y" * 60, f"{folder}/a/b/c/60")
    os.symlink("z" * 900, f"{folder}/a/b/c/slow")
    os.link(f"{folder}/a/3", f"{folder}/a/b/c/d/hard")


def files_of(folder):
    """The regular files and links below @folder: {name: MD5, or the link's target}."""
    found = {}
    for top, dirs, names in os.walk(folder):
        dirs[:] = [d for d in dirs if d != "lost+found"]
        for name in names + [d for d in dirs if os.path.islink(f"{top}/{d}")]:
            path = f"{top}/{name}"
            key = os.path.relpath(path, folder)
            if os.path.islink(path):
                found[key] = "-> " + os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as f:
                    found[key] = hashlib.md5(f.read()).hexdigest()
    return found


def mke2fs(image, options, size="24M", tree=None):
    kind = [] if "-t" in options else ["-t", "ext2"]
    subprocess.run(["mke2fs", "-q", "-F", *kind, *options.split(), *(["-d", tree] if tree else []), image, size],
                   check=True, capture_output=True)


def fsck(image, *options):
    done = subprocess.run(["e2fsck", "-f", *options, image], capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def rdump(image, folder):
    """The tree of @image, as debugfs sees it."""
    os.makedirs(folder)
    subprocess.run(["debugfs", "-R", f"rdump / {folder}", image], capture_output=True, check=False, timeout=300)
    return files_of(folder)


def drives(images):
    args = []
    for n, image in enumerate(images):
        args += ["-drive", f"file={image},if=none,format=raw,id=d{n}", "-device", f"virtio-blk-device,drive=d{n}"]
    return args


def start(folder, name, script, images, mem="192M"):
    initrd = script_initramfs(folder, name, "$b mkdir -p /m\ncd /\n" + script, [f"{BUILD}/user/fsops=usr/bin/fsops"])
    return Machine(*drives(images), initrd=initrd, append="loglevel=6 panic=-1", smp=2, nodes=1, mem=mem)


def boot(folder, name, script, images, limit=300):
    """The console, and whether the machine came to its end."""
    with start(folder, name, script + "\necho THE END", images) as m:
        ended = m.expect(r"^THE END", limit)
        m.expect(r"Power down", 30)
        m.wait_end(10)
        return bool(ended), m.console


def section(console, word):
    """What stands between the lines "BEGIN word" and "END word"."""
    text = console.split(f"BEGIN {word}\n", 1)
    return text[1].split(f"END {word}", 1)[0] if len(text) == 2 else ""


# ---- reading ------------------------------------------------------------------------------------------------

READ = """
for d in {disks}; do
    $b mount -t ext2 -o ro /dev/$d /m || continue
    echo "BEGIN $d"
    cd /m; $b find . -type f -exec $b md5sum {{}} +
    $b find . -type l -exec $b sh -c 'for l; do echo "-> $l $($b readlink $l)"; done' x {{}} +
    cd /; echo "END $d"
    $b umount /m
done
"""


def listed(text):
    found = {}
    for line in text.splitlines():
        words = line.split()
        if line.startswith("-> ") and len(words) == 3:
            found[words[1][2:]] = "-> " + words[2]
        elif len(words) == 2 and len(words[0]) == 32:
            found[words[1][2:]] = words[0]
    return found


def letters(n):
    return ["vd" + chr(ord("a") + i) for i in range(n)]


def test_variants(tap, folder):
    """Each variant of image is read; then a seed of file operations is made in it, and it is whole."""
    tree = f"{folder}/tree"
    make_tree(tree, 1)
    images = [f"{folder}/v{i}.img" for i in range(len(VARIANTS))]
    for image, (_, options) in zip(images, VARIANTS):
        mke2fs(image, options, tree=tree)
    want = files_of(tree)
    for first in range(0, len(images), 6):
        some, names = images[first:first + 6], letters(6)[:len(images[first:first + 6])]
        ended, console = boot(folder, f"read{first}", READ.format(disks=" ".join(names)), some)
        for i, name in enumerate(names):
            got = listed(section(console, name))
            wrong = sorted(k for k in want.keys() | got.keys() if want.get(k) != got.get(k))
            tap.check(ended and not wrong, f"{VARIANTS[first + i][0]}: every file is read as it is",
                      f"{wrong[:5]}\n{console[-1500:]}")
    for image, (name, _) in zip(images, VARIANTS):
        rc, text = fsck(image, "-n")
        tap.check(rc == 0, f"{name}: and nothing is changed by that", text)
    return images


OPS = """
for d in {disks}; do
    $b mount -t ext2 /dev/$d /m || continue
    echo "BEGIN $d"; fsops /m {seed} {steps}; echo "END $d"
    $b umount /m || echo "STILL BUSY"
    $b mount -t ext2 -o ro /dev/$d /m; echo "BEGIN again $d"; fsops /m; echo "END again $d"; $b umount /m
done
"""


def said_tree(text):
    """Lines "NAME TYPE SIZE SUM" of fsops."""
    return sorted(line for line in text.splitlines() if line.startswith("= "))


def tree_lines(folder):
    """The same of a tree of the host."""
    lines = []
    for top, dirs, names in os.walk(folder):
        dirs[:] = [d for d in dirs if d != "lost+found"]
        for name in names + dirs:
            path = f"{top}/{name}"
            key = os.path.relpath(path, folder)
            if os.path.islink(path):
                lines.append(f"= {key} l {os.readlink(path)}")
            elif os.path.isdir(path):
                lines.append(f"= {key} d")
            elif os.path.isfile(path):
                with open(path, "rb") as f:
                    data = f.read()
                lines.append(f"= {key} f {len(data)} {zlib.crc32(data)}")
    return sorted(lines)


def test_operations(tap, folder, images, seed, steps=500):
    for first in range(0, len(images), 6):
        some, names = images[first:first + 6], letters(6)[:len(images[first:first + 6])]
        script = OPS.format(disks=" ".join(names), seed=seed, steps=steps)
        ended, console = boot(folder, f"ops{seed}-{first}", script, some)
        for i, name in enumerate(names):
            title = f"{VARIANTS[first + i][0]}, seed {seed}"
            said, again = said_tree(section(console, name)), said_tree(section(console, f"again {name}"))
            rc, text = fsck(some[i], "-n")
            tap.check(ended and said and rc == 0, f"{title}: e2fsck finds nothing after {steps} operations",
                      text + console[-1500:])
            out = f"{folder}/out-{seed}-{first}-{i}"
            rdump(some[i], out)
            got = tree_lines(out)
            wrong = [line for line in got if line not in said] + [line for line in said if line not in got]
            tap.check(said == again and not wrong, f"{title}: debugfs takes out what was put in",
                      f"{wrong[:6]} of {len(said)}, {len(again)}")
            subprocess.run(["rm", "-rf", out], check=False)


# ---- refused and damaged ---------------------------------------------------------------------------------------

def test_refused(tap, folder):
    images = [f"{folder}/r{i}.img" for i in range(len(REFUSED))]
    for image, (_, options, _) in zip(images, REFUSED):
        mke2fs(image, options, size="16M")
    script = "".join(f"$b mount -t ext2 /dev/{d} /m; echo RC-{d} $?\n" for d in letters(len(images)))
    ended, console = boot(folder, "refused", script + "$b grep ext2 /proc/filesystems", images)
    for d, (name, _, word) in zip(letters(len(images)), REFUSED):
        said = [line for line in console.splitlines() if f"EXT2-fs ({d})" in line]
        tap.check(ended and f"RC-{d} 0" not in console and any(word in line for line in said),
                  f"{name}: refused, and the log says why", "\n".join(said))
    tap.check(not any(fsck(image, "-n")[0] for image in images), "and not touched")


DAMAGE_SCRIPT = """
for d in {disks}; do
    if $b mount -t ext2 -o errors=continue /dev/$d /m; then
        cd /m
        $b find . -xdev >/tmp/list 2>/dev/null; $b wc -l </tmp/list
        $b timeout 20 $b find . -xdev -type f -size -6000k -exec $b md5sum {{}} + >/dev/null 2>&1
        fsops /m 7 60 >/dev/null 2>&1; $b timeout 20 $b rm -rf a many >/dev/null 2>&1
        echo x >new; $b mkdir dir; $b sync
        cd /; $b umount /m || $b umount -l /m
    fi
    echo "DONE $d"
done
"""


def damage(image, rng):
    """Change metadata of @image at random: mostly super block, descriptors, bitmaps, tables, directories."""
    with open(image, "r+b") as f:
        data = bytearray(f.read(1 << 20))
        for _ in range(rng.choice((1, 1, 3, 20, 200))):
            where = rng.choice((1024 + rng.randrange(264), 2048 + rng.randrange(1024), rng.randrange(2048, 1 << 20)))
            kind = rng.randrange(3)
            if kind == 0:
                data[where] ^= 1 << rng.randrange(8)
            elif kind == 1:
                data[where & ~3:(where & ~3) + 4] = struct.pack("<I", rng.choice((0, 1, 5, 11, 200, 0xffffffff,
                                                                                 rng.randrange(30000))))
            else:
                data[where] = rng.randrange(256)
        if rng.randrange(4):
            data[1024 + 56:1024 + 58] = b"\x53\xef"
        f.seek(0)
        f.write(data)


def test_damaged(tap, folder):
    tree, good = f"{folder}/tree", f"{folder}/good.img"
    for first in range(0, DAMAGED, 8):
        images = []
        for seed in range(first, min(first + 8, DAMAGED)):
            image = f"{folder}/bad{seed - first}.img"
            mke2fs(good, VARIANTS[seed % len(VARIANTS)][1], tree=tree)
            os.replace(good, image)
            damage(image, random.Random(seed))
            images.append(image)
        names = letters(len(images))
        ended, console = boot(folder, f"bad{first}", DAMAGE_SCRIPT.format(disks=" ".join(names)), images, limit=600)
        bad = "Unable to handle" in console or "ASSERT" in console or "panic" in console.replace("panic=-1", "")
        tap.check(ended and not bad and all(f"DONE {d}" in console for d in names),
                  f"damaged images {first} to {first + len(images) - 1}: errors, and no more than that",
                  console[-3000:])


# ---- power cut --------------------------------------------------------------------------------------------------

CUT = """
$b mount -t ext2 /dev/vda /m
{beside}
fsops -r /m {seed}
"""
SYNCING = "while :; do $b sync; done &"		# every second time: others write the same pages at the same time


def safe_records(console):
    """{file: (records, bytes of each)} that the guest told of in whole lines: the power may go amidst one."""
    said = re.findall(r"^SAFE (log\d) (\d+) (\d+)\n", console, re.M)
    return {name: (int(nr), int(size)) for name, nr, size in said}


def lost_records(out, safe):
    """What is not in the folder @out as it was when its fsync returned."""
    lost = []
    for name, (nr, size) in safe.items():
        want = b"".join(bytes((i * 7 + k + ord(name[-1])) & 0xff for k in range(size)) for i in range(nr))
        data = b""
        if os.path.exists(f"{out}/{name}"):
            with open(f"{out}/{name}", "rb") as f:
                data = f.read()
        if data[:len(want)] != want:
            at = next((i for i, (x, y) in enumerate(zip(want, data)) if x != y), len(data))
            lost.append(f"{name}: {len(data)} bytes, {nr} records of {size} are {len(want)}; differs at {at}, "
                        f"{data[at:at + 16].hex()} for {want[at:at + 16].hex()}")
    return lost


def facts_of(image, names):
    """What the image has of files, for who looks why something is lost."""
    commands = [f"stat {name}" for name in names] + ["ls -l /"]
    text = ""
    for command in commands:
        done = subprocess.run(["debugfs", "-R", command, image], capture_output=True, text=True, check=False)
        text += done.stdout
    return text


def test_cut(tap, folder, seed):
    """Records are appended to files and fsynced; the guest tells of each that is safe.  Then the power goes."""
    rng = random.Random(seed)
    image = f"{folder}/cut.img"
    mke2fs(image, rng.choice(("-b 1024", "-b 4096")), size="24M")
    script = CUT.format(seed=seed, beside=SYNCING if seed % 2 else "")
    with start(folder, "cut", script, [image]) as m:
        begun = m.expect(r"^SAFE ", 120)
        end = time.monotonic() + 0.2 + 4 * rng.random()
        while time.monotonic() < end and m.read(0.05):
            pass
        m.process.kill()
        m.process.wait()
        while m.read(0.2):
            pass
        console = m.console
    shutil.copy(image, f"{folder}/cut-before.img")
    rc, text = fsck(image, "-y")
    tap.check(begun and rc < 4 and fsck(image, "-n")[0] == 0, f"power cut {seed}: e2fsck repairs it", text[-2000:])
    out = f"{folder}/cut{seed}"
    rdump(image, out)
    safe = safe_records(console)
    lost = lost_records(out, safe)
    name = f"power cut {seed}: all {sum(nr for nr, _ in safe.values())} records whose fsync returned are there"
    if not tap.check(begun and safe and not lost, name, "\n".join(lost) or console[-1500:]):
        names = [line.split(":")[0] for line in lost]
        for line in ("BEFORE:\n" + facts_of(f"{folder}/cut-before.img", names) + "E2FSCK:\n" + text + "AFTER:\n" +
                     facts_of(image, names) + "CONSOLE:\n" + console[-1500:]).splitlines():
            print(f"#   {line}", flush=True)


SYNCFS = """
$b mount -t ext2 /dev/vda /m
$b dd if=/dev/zero bs=64k count=320 2>/dev/null | $b tr '\\0' x >/m/big; echo kept >/m/small
fsops -s /m
"""


def test_syncfs(tap, folder):
    """syncfs(2) writes files, not only the device; a page that could not be written is told of, once."""
    image = f"{folder}/syncfs.img"
    mke2fs(image, "-b 4096", size="48M")
    with start(folder, "syncfs", SYNCFS, [image]) as m:
        said = m.expect(r"^SYNCFS 0 0\n", 120)
        m.process.kill()
        m.process.wait()
    fsck(image, "-y")
    rdump(image, f"{folder}/syncfs")
    sizes = {}
    for name in ("big", "small"):
        path = f"{folder}/syncfs/{name}"
        data = open(path, "rb").read() if os.path.exists(path) else b""
        sizes[name] = (len(data), data[:1] + data[-2:-1])
    tap.check(said and sizes == {"big": (320 << 16, b"xx"), "small": (5, b"kt")}, "after syncfs the power may go", sizes)
    mke2fs(image, "-b 4096", size="48M")
    conf = f"{folder}/syncfs.conf"
    with open(conf, "w", encoding="ascii") as f:
        f.write('[inject-error]\nevent = "write_aio"\nerrno = "5"\nsector = "20000"\nonce = "off"\n')
    initrd = script_initramfs(folder, "syncbad", "$b mkdir -p /m\ncd /\n" + SYNCFS,
                              [f"{BUILD}/user/fsops=usr/bin/fsops"])
    with Machine("-drive", f"file=blkdebug:{conf}:{image},if=none,format=raw,id=d0,werror=report,rerror=report",
                 "-device", "virtio-blk-device,drive=d0", initrd=initrd, append="loglevel=6 panic=-1", smp=2, nodes=1,
                 mem="192M") as m:
        said = m.expect(r"^SYNCFS \d+ \d+\n", 120)
        tap.check(said and "SYNCFS 5 0" in m.console, "syncfs tells of a page that could not be written, once",
                  m.console[-1500:])
        m.process.kill()
        m.process.wait()


DIRECT = """
$b mount -t ext2 /dev/vda /m
for seed in 1 2 3; do echo "BEGIN $seed"; dio /m/f$seed $seed 1500; echo "END $seed"; done
echo "BEGIN device"; dio -b /dev/vdb 4 1500; echo "END device"
echo "BEGIN forks"; dio -f /m/forks 5 1500; echo "END forks"
$b umount /m
"""


def test_direct(tap, folder):
    """O_DIRECT beside calls through the cache and mappings; and what lies on the device afterwards."""
    images = [f"{folder}/direct{i}.img" for i in range(2)]
    for image, size in zip(images, ("1024", "4096")):
        mke2fs(image, f"-b {size}")
    initrd = script_initramfs(folder, "direct", "$b mkdir -p /m\ncd /\n" + DIRECT,
                              [f"{BUILD}/user/dio=usr/bin/dio"])
    with Machine(*drives(images), initrd=initrd, append="loglevel=6 panic=-1", smp=2, nodes=1, mem="192M") as m:
        m.expect(r"Power down", 300)
        m.wait_end(10)
        said = {word: section(m.console, word).split() for word in ("1", "2", "3", "device", "forks")}
    for word, line in said.items():
        tap.check(line[:2] == ["DIO", "good"], f"direct I/O, {word}: as the shadow says", line)
    rdump(images[0], f"{folder}/direct")
    lines = tree_lines(f"{folder}/direct")
    wrong = [w for w in ("1", "2", "3") if f"= f{w} f {' '.join(said[w][2:])}" not in lines]
    rc, text = fsck(images[0], "-n")
    tap.check(not wrong and rc == 0, "and so says the device; e2fsck finds nothing", f"{wrong} {lines}\n{text}")


FLUSHER = """
figure() { $b awk "/^$1/ { print \\$2 }" $2; }
$b mount -t ext2 /dev/vda /m
cd /proc/sys/vm; echo 360000 >dirty_expire_centisecs; echo 50 >dirty_writeback_centisecs; cd /
in=$(figure 'pgpgin' /proc/vmstat); mine=$(figure 'read_bytes' /proc/$$/io); cut=$(figure cancelled /proc/$$/io)
$b dd if=/dev/zero of=/m/f bs=64k count=32 2>/dev/null
$b sleep 3; echo "KEPT $(figure Dirty: /proc/meminfo)"
echo 30 >/proc/sys/vm/dirty_expire_centisecs
while [ $(figure Dirty: /proc/meminfo) -gt 64 ]; do $b sleep 1; done
echo WRITTEN
echo lines >/m/g; $b sync; echo 3 >/proc/sys/vm/drop_caches
while read line; do :; done </m/g; $b cat /m/f >/dev/null
echo "READ $(( $(figure pgpgin /proc/vmstat) - in )) $(( $(figure read_bytes /proc/$$/io) - mine ))"
echo 360000 >/proc/sys/vm/dirty_expire_centisecs
for i in 1 2 3 4 5 6 7 8 9; do echo more; done >/m/h; : >/m/h
echo "CUT $(( $(figure cancelled /proc/$$/io) - cut ))"
$b umount /m
"""


def test_flusher(tap, folder):
    """What is dirty is kept as long as dirty_expire_centisecs says; /proc/PID/io and pgpgin count what devices gave."""
    image = f"{folder}/flusher.img"
    mke2fs(image, "-b 4096")
    ended, console = boot(folder, "flusher", FLUSHER, [image])
    kept = re.search(r"^KEPT (\d+)", console, re.M)
    read = re.search(r"^READ (\d+) (\d+)", console, re.M)
    tap.check(ended and kept and int(kept[1]) >= 2048, "what is dirty for a short time is not written", console[-800:])
    tap.check(ended and "\nWRITTEN" in console, "and is, when it is old enough", console[-800:])
    tap.check(read and int(read[1]) >= 2048 and int(read[2]) >= 4096, "reads are counted by device and by task",
              console[-800:])
    tap.check(re.search(r"^CUT 4096$", console, re.M), "so is what was cut off before it was written", console[-800:])


ROOT_INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
echo "ROOT $($b grep ' / ' /proc/mounts)"; echo data >/written; [ -c /dev/null ] && echo DEV
$b poweroff -f
"""


def test_root(tap, folder):
    """A disk as the root, without an initramfs; it is left as if it had been unmounted."""
    tree, image = f"{folder}/root", f"{folder}/root.img"
    for name in ("bin", "dev", "proc", "sbin"):
        os.makedirs(f"{tree}/{name}")
    shutil.copy(f"{BUILD}/debs/root/usr/bin/busybox", f"{tree}/bin/busybox")
    with open(f"{tree}/sbin/init", "w", encoding="ascii") as f:
        f.write(ROOT_INIT)
    os.chmod(f"{tree}/sbin/init", 0o755)
    mke2fs(image, "-b 1024", tree=tree)
    append = "root=/dev/vda rootfstype=ext2 rw rootwait init=/sbin/init panic=-1"
    with Machine(*drives([image]), initrd="", append=append, smp=2, nodes=1, mem="128M") as m:
        ended = m.expect(r"Power down", 120)
        m.wait_end(10)
        console = m.console
    tap.check(ended and "ROOT /dev/root / ext2 rw,relatime,errors=continue 0 0" in console and "DEV\n" in console,
              "root=/dev/vda: init runs from the disk", console[-2000:])
    rc, text = fsck(image, "-n")
    with open(image, "rb") as f:
        f.seek(1024 + 58)
        state = f.read(2)
    tap.check(rc == 0 and state == b"\x01\0" and "written" in rdump(image, f"{folder}/root-out"),
              "and is clean after the machine was switched off", text)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        images = test_variants(tap, folder)
        for seed in range(SEEDS):
            test_operations(tap, folder, images, seed)
        test_root(tap, folder)
        test_syncfs(tap, folder)
        test_direct(tap, folder)
        test_flusher(tap, folder)
        test_refused(tap, folder)
        test_damaged(tap, folder)
        for seed in range(CUTS):
            test_cut(tap, folder, seed)
    tap.end()


if __name__ == "__main__":
    main()
