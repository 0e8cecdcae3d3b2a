"""More memory wanted than there is: one program is killed, with Linux's report; the shell goes on; all memory is back.

`tail /dev/zero` wants all that it can get.  The program that the machine runs as /init is a shell script.

SPDX-License-Identifier: MIT
"""
import re
import tempfile

from machine import BUILD, Machine, Tap, script_initramfs

MACHINES = (("64M", 1), ("64M", 4), ("1G", 1), ("1G", 4))
LOST_KB = 512			# what hart lists and caches may keep

HUNGRY = """
free() { $b sync; echo 3 >/proc/sys/vm/drop_caches; echo FREE $($b awk '/^(MemFree|Cached|SReclaimable):/ { n += $2 } END { print n }' /proc/meminfo); }
$b tail /dev/zero; free
for i in 1 2 3; do $b tail /dev/zero; echo STATUS $?; done
free; $b grep oom_kill /proc/vmstat; echo SHELL LIVES
"""

# What Linux 6.12 says, in this order.
REPORT = (
    r"busybox invoked oom-killer: gfp_mask=0x\w+\(GFP_\S+\), order=0, oom_score_adj=0$",
    r"Mem-Info:$",
    r"active_anon:\d+ inactive_anon:\d+ isolated_anon:\d+$",
    r" active_file:\d+ inactive_file:\d+ isolated_file:\d+$",
    r" unevictable:\d+ dirty:\d+ writeback:\d+$",
    r" slab_reclaimable:\d+ slab_unreclaimable:\d+$",
    r" mapped:\d+ shmem:\d+ pagetables:\d+$",
    r" free:\d+ free_pcp:\d+ free_cma:0$",
    r"Node 0 active_anon:\d+kB .* all_unreclaimable\? (yes|no)$",
    r"Node 0 DMA32 free:\d+kB boost:\d+kB min:\d+kB low:\d+kB high:\d+kB reserved_highatomic:\d+KB .* free_cma:0kB$",
    r"lowmem_reserve\[\]: [0-9 ]+$",
    r"Node 0 DMA32: \d+\*4kB .* = \d+kB$",
    r"\d+ total pagecache pages$",
    r"\d+ pages RAM$",
    r"\d+ pages reserved$",
    r"Tasks state \(memory values in pages\):$",
    r"\[  pid  \]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name$",
    r"\[ +\d+\] +0 +\d+ +\d+ .* busybox$",
    r"oom-kill:constraint=CONSTRAINT_NONE,nodemask=\(null\),.*task=busybox,pid=\d+,uid=0$",
    r"Out of memory: Killed process \d+ \(busybox\) total-vm:\d+kB, anon-rss:\d+kB, file-rss:\d+kB, shmem-rss:\d+kB, "
    r"UID:0 pgtables:\d+kB oom_score_adj:0$",
)


def reported(console):
    """How many lines of REPORT come one after the other in @console."""
    at = 0
    for i, line in enumerate(REPORT):
        found = re.compile(rf"^(?:\[ *\d+\.\d+\] )?{line}", re.M).search(console, at)
        if not found:
            return i
        at = found.end()
    return len(REPORT)


def hungry(tap, folder, mem, smp):
    init = script_initramfs(folder, f"hungry-{mem}-{smp}", HUNGRY)
    with Machine(initrd=init, append="panic=-1", smp=smp, mem=mem) as m:
        m.wait_end(300)
        name = f"{mem}, {smp} harts"
        kills = re.search(r"^oom_kill (\d+)", m.console, re.M)
        ends = re.findall(r"^STATUS (\d+)", m.console, re.M)
        tap.check("SHELL LIVES" in m.console and ends == ["137"] * 3 and kills and kills.group(1) == "4",
                  f"{name}: the hungry die, one each time, and the shell lives", m.console)
        free = [int(kb) for kb in re.findall(r"^FREE (\d+)", m.console, re.M)]
        tap.check(len(free) == 2 and free[0] - free[1] < LOST_KB, f"{name}: memory is back, free kB {free}", m.console)
        lines = reported(m.console)
        tap.check(lines == len(REPORT), f"{name}: Linux's report, {lines} of {len(REPORT)} lines",
                  REPORT[lines] if lines < len(REPORT) else "")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        for mem, smp in MACHINES:
            hungry(tap, folder, mem, smp)
    tap.end()


if __name__ == "__main__":
    main()
