"""Allocations that fail on purpose, under the user tests: whatever a program makes of it, the machine lives, and
all memory comes back.

A test may fail when memory fails.  What may not: a crash, a warning, a page that stays allocated when every
process but /init is gone.  /init, a shell, runs nothing but builtins while its own allocations may fail.

SPDX-License-Identifier: MIT
"""
import re
import sys
import tempfile

from machine import BUILD, Machine, Tap, script_initramfs

LEFT_PAGES = 128		# what hart lists and caches of the kernel may keep, of 60,000 pages

SETUP = """
$b mount -t debugfs none /sys/kernel/debug
F=/sys/kernel/debug/fail_page_alloc
put() { until echo $2 >$F/$1; do :; done; }
put ignore-gfp-wait N; put ignore-gfp-highmem N; put min-order 0; put times -1; put verbose 0
# Pages that somebody owns, by the stacks that allocated them; without caches, which the other figure takes as free:
# a test that is killed leaves files in /tmp behind, and their names.
owners() {
	$b awk '/^Page allocated via order/ { p = 1; for (i = 0; i < $5 + 0; i++) p *= 2; kept = !/RECLAIMABLE/; s = "" }
		/^PFN/ { kept = kept && !/lru|swapbacked/ }
		/^ / { s = s " " $1 }
		/^$/ { if (kept) { n[s] += p; all += p } }
		END { for (s in n) print "OWNS" NAME, n[s] s; print "OWNED", all }' NAME=$1 /sys/kernel/debug/page_owner
}
look() {
	kill -9 -1; $b sleep 1; $b sync; echo 3 >/proc/sys/vm/drop_caches
	echo LEFT $($b awk '/^(MemFree|Cached|SReclaimable):/ { n += $2 } END { print n }' /proc/meminfo)
	owners $1
}
count() { echo COUNT $1 $($b grep -c '^ok' /tmp/out) $($b grep -c '^not ok' /tmp/out); $b rm -f /tmp/out; }
# A fault that finds no memory comes again, as on Linux: nobody could live with a hundred percent for ever.
# Tests that fail and leave processes behind on purpose would go on for ever: `look` ends them.
filtered() { put task-filter Y; utest -w /proc/self/make-it-fail 1 -t 20 $2 >/tmp/out 2>&1; put probability 0; count $1; }
everyone() { put task-filter N; utest -w $F/probability $2 -t 20 $3 >/tmp/out 2>&1; put probability 0; count $1; }
"""

# Every test is run once to fill caches, then again: the second time nothing may be left.
SCRIPT = SETUP + """
put probability 1; filtered warm-up "mmap process file exec vfs"; look 0
for t in {tests}; do put probability 1; filtered percent:$t $t; done
put probability 100; put interval 100; filtered interval "mmap process file"; put interval 1
put probability 100; put interval 20; put times 30; filtered times "mmap vfs"; echo TIMES $($b cat $F/times)
put times 0; put probability 100; filtered none-left "abi"; put times 100; put interval 1
put space 4000000; put probability 100; filtered space "abi mmap"; echo SPACE $($b cat $F/space); put space 0; put times -1
everyone everyone 1 "mmap process exec vfs"
everyone everyone-5 5 "mmap unix"
look 1; echo ENDED
"""

ALL = "abi exec file mmap numa process procmm sched signal tty unix vfs"
BAD = re.compile(r"BUG:|WARNING|corruption|Oops|panic|deadlock|Unable to handle|not ok.*lock", re.I)


def more_than_before(console):
    """The stacks that have allocated more pages at the second look than at the first, those with most more last."""
    pages = [{stack: int(n) for n, stack in re.findall(rf"^OWNS{look} (\d+) (.*)", console, re.M)} for look in (0, 1)]
    more = sorted((n - pages[0].get(stack, 0), stack) for stack, n in pages[1].items())
    return "\n".join(f"{n:+} {stack}" for n, stack in more if n > 0)


def under_failures(tap, folder, tests, image, smp):
    init = script_initramfs(folder, f"faults-{smp}", SCRIPT.replace("{tests}", tests))
    with Machine(initrd=init, kernel=image, append="loglevel=3 panic=-1 page_owner=on", smp=smp, mem="256M") as m:
        m.wait_end(550)
    name = f"{smp} harts"
    bad = BAD.search(m.console)
    tap.check("ENDED" in m.console and not bad, f"{name}: the machine lives",
              m.console[max(0, bad.start() - 1500):bad.start() + 3000] if bad else m.console)
    counts = {what: (int(ok), int(not_ok)) for what, ok, not_ok in
              re.findall(r"^COUNT (\S+) (\d+) (\d+)", m.console, re.M)}
    failed = sum(not_ok for _, not_ok in counts.values())
    ran = sum(ok for ok, _ in counts.values()) + failed
    print(f"# {counts}")
    tap.check(failed > 10 and ran > 100, f"{name}: {failed} of {ran} tests met failures", m.console)
    left = [int(kb) for kb in re.findall(r"^LEFT (\d+)", m.console, re.M)]
    owned = [int(pages) for pages in re.findall(r"^OWNED (\d+)", m.console, re.M)]
    tap.check(len(left) == len(owned) == 2 and left[0] - left[1] < 4 * LEFT_PAGES and owned[1] - owned[0] < LEFT_PAGES,
              f"{name}: nothing leaks: free kB were and are {left}, pages with owners {owned}",
              more_than_before(m.console))
    tap.check(re.search(r"^TIMES 0$", m.console, re.M) and counts.get("none-left", (0, 1))[1] == 0,
              f"{name}: after `times` failures there are none", m.console)
    tap.check(re.search(r"^SPACE -?\d{1,5}$", m.console, re.M), f"{name}: `space` is used up first", m.console)


def from_boot(tap):
    """The boot parameter, with the filters that Linux starts with: orders above 0 that cannot wait."""
    with Machine(initrd=f"{BUILD}/test.cpio", append="loglevel=3 panic=-1 fail_page_alloc=1,20,0,-1 tests=mmap,process,vfs",
                 smp=2, mem="256M") as m:
        m.wait_end(200)
    done = re.search(r"^1\.\.(\d+)", m.console, re.M)
    tap.check(done and not BAD.search(m.console) and not re.search(r"^not ok", m.console, re.M),
              f"fail_page_alloc= on the command line: {done and done.group(1)} tests", m.console)


def main():
    tap = Tap()
    image = sys.argv[1] if len(sys.argv) > 1 else f"{BUILD}/debug/Image"
    with tempfile.TemporaryDirectory() as folder:
        under_failures(tap, folder, ALL, image, 2)
    from_boot(tap)
    tap.end()


if __name__ == "__main__":
    main()
