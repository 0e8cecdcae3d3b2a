"""What programs learn of the harts of a tree with caches, threads and two sockets; what they see on the tree of QEMU.

The expected words are those that Linux 6.12 has for the same tree.

SPDX-License-Identifier: MIT
"""
import re
import tempfile

from machine import BUILD, Machine, Tap, script_initramfs

# One line a value, each behind the path it is of.
LOOK = """
utest cpu
cd /sys/devices/system/cpu
for f in cpu*/topology/*_list cpu*/topology/*_id cpu*/cache/index*/*; do test -f $f && echo "$f=$($b cat $f)"; done
$b cat /proc/cpuinfo
echo THE END
"""
ISA = "rv64imafdc_zicntr_zicsr_zifencei_"
COMMON = ISA + "zca_zcd_zba_zbkb_zbkc_sstc"
EVEN = ISA + "zca_zcd_zba_zbkb_zbkc_zbkx_zknd_zkne_zknh_sstc"
ODD = ISA + "zihpm_zca_zcb_zcd_zba_zbkb_zbkc_zksed_zksh_sstc"

# By hart id: what topology/ and cache/ say, harts for harts.
TOPOLOGY = {
    "physical_package_id": {0: "0", 1: "1", 2: "0", 3: "1"},
    "core_id": {0: "0", 1: "0", 2: "0", 3: "1"},
    "cluster_id": {h: "0" for h in range(4)},
    "thread_siblings_list": {0: {0, 2}, 1: {1}, 2: {0, 2}, 3: {3}},
    "core_siblings_list": {0: {0, 2}, 1: {1, 3}, 2: {0, 2}, 3: {1, 3}},
    "cluster_cpus_list": {0: {0, 2}, 1: {1, 3}, 2: {0, 2}, 3: {1, 3}},
}
CACHES = {
    "index0/type": {h: "Instruction" for h in range(4)},
    "index1/size": {0: "16K", 1: "32K", 2: "16K", 3: "32K"},
    "index1/ways_of_associativity": {0: "0", 1: "8", 2: "0", 3: "8"},
    "index1/coherency_line_size": {0: "32", 1: "64", 2: "32", 3: "64"},
    "index1/shared_cpu_list": {h: {h} for h in range(4)},
    "index2/size": {0: "512K", 1: "256K", 2: "512K", 3: "256K"},
    "index2/shared_cpu_list": {0: {0, 2}, 1: {1, 3}, 2: {0, 2}, 3: {1, 3}},
    "index3/level": {h: "3" for h in range(4)},
    "index3/shared_cpu_list": {h: {0, 1, 2, 3} for h in range(4)},
}


def cpus(text):
    """The numbers of a list such as 0-2,5."""
    out = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        out |= set(range(int(first), int(last or first) + 1))
    return out


def look(folder, **knobs):
    with Machine(initrd=script_initramfs(folder, "look", LOOK), append="loglevel=4 panic=-1", **knobs) as m:
        m.expect("^THE END", 100)
    values = dict(re.findall(r"^(cpu\d+/\S+)=(.*)$", m.console, re.M))
    harts = {int(cpu): int(hart) for cpu, hart in re.findall(r"^processor\t: (\d+)\nhart\t\t: (\d+)$", m.console, re.M)}
    return m.console, values, harts


def check_files(tap, folder, table, values, harts):
    """@table's words against the files of every hart; sets are of harts, files name processors."""
    for name, want in table.items():
        got = {}
        for cpu, hart in harts.items():
            value = values.get(f"cpu{cpu}/{folder}/{name}", "")
            got[hart] = {harts[c] for c in cpus(value)} if isinstance(want[hart], set) and value else value
        tap.check(got == want, f"{folder}/{name}", f"{got}\n{want}")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        console, values, harts = look(folder, smp=4, mem="512M", dtb=f"{BUILD}/dts/qemu-virt-2socket.dtb")
        tap.check(len(harts) == 4 and not re.search("^not ok|BUG", console, re.M) and re.search(r"^1\.\.[1-9]", console, re.M),
                  "tests of the harts", console)
        check_files(tap, "topology", TOPOLOGY, values, harts)
        check_files(tap, "cache", CACHES, values, harts)
        tap.check(re.findall(r"^isa\t\t: (.*)$", console, re.M) == [COMMON] * 4, "isa is what all harts have", console)
        texts = re.findall(r"^hart isa\t: (.*)$", console, re.M)
        tap.check(texts == [ODD if hart & 1 else EVEN for hart in harts.values()], "hart isa is what each has", texts)
        console, values, harts = look(folder, smp=2, mem="256M")
        tap.check(values.get("cpu1/topology/core_id") and not any("cache" in path for path in values),
                  "QEMU's tree names no caches", console)
        tap.check(not re.search("^not ok|BUG", console, re.M), "tests of the harts on QEMU's tree", console)
    tap.end()


if __name__ == "__main__":
    main()
