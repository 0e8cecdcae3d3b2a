"""Debugging aids: kernel and user tests with every one of them on, and with allocations that fail on purpose.

SPDX-License-Identifier: MIT
"""
import re
import tempfile

from machine import BUILD, Machine, Tap, script_initramfs

ALL_ON = "debug_pagealloc=on page_poison=1 page_owner=on"


def tap_run(tap, name, **knobs):
    """A machine that prints TAP, none of it `not ok`, and finds nothing corrupt."""
    with Machine(**knobs) as m:
        ended = m.wait_end(300)
        bad = re.search(r"^(\[[ 0-9.]+\] )?(not ok.*|BUG:.*|WARNING.*|pagealloc:.*)", m.console, re.M)
        done = re.search(r"1\.\.(\d+)$", m.console, re.M)
        tap.check(ended is not None and done and not bad, f"{name}: {done and done.group(1)} tests",
                  m.console[max(0, bad.start() - 1000):] if bad else m.console)


def free_kb(console):
    return [int(kb) for kb in re.findall(r"^FREE +(\d+)", console, re.M)]


# Each child of `utest` meets failures; what they make it do is its own affair, 15 s at most, but the machine
# survives and gets all its memory back.
FAILING = """
$b mount -t debugfs none /sys/kernel/debug
cd /sys/kernel/debug/{what}
echo N >ignore-gfp-wait; test ! -e min-order || echo 0 >min-order; echo Y >task-filter; echo -1 >times
show() {{ sync; echo 3 >/proc/sys/vm/drop_caches; $b sleep 1; echo FREE $($b awk '/^(MemFree|Cached|SReclaimable):/ {{ n += $2 }} END {{ print n }}' /proc/meminfo); }}
run() {{ echo {percent} >probability; $b sh -c 'echo 1 >/proc/self/make-it-fail; exec utest -t 15 {tests}' >/tmp/out 2>&1; echo 0 >probability; }}
run; show; run; $b grep -c ok /tmp/out; show; run; show
echo ENDED $($b grep -c '^not ok' /tmp/out) of $($b grep -c 'ok [0-9]' /tmp/out); $b rm /tmp/out
"""


def failing(tap, folder, what, percent, tests):
    init = script_initramfs(folder, f"fail{percent}", FAILING.format(what=what, percent=percent, tests=tests))
    with Machine(initrd=init, append="loglevel=3 panic=-1 page_owner=on", smp=2, mem="256M") as m:
        m.wait_end(500)
        bad = re.search(r"BUG:|WARNING|corruption|Oops|panic|deadlock", m.console)
        ended = re.search(r"^ENDED (\d+) of (\d+)", m.console, re.M)
        name = f"{what}, {percent} %"
        tap.check(ended and not bad, f"{name}: the machine survives, {ended and ended.group(0)} tests fail", m.console)
        free = free_kb(m.console)
        tap.check(len(free) == 3 and free[1] - free[2] < 300, f"{name}: nothing leaks, free kB {free}", m.console)


def main():
    tap = Tap()
    tap_run(tap, "kernel tests", kernel=f"{BUILD}/debug/Image", smp=2, mem="256M", append=f"panic=-1 ktest {ALL_ON}")
    tap_run(tap, "user tests", initrd=f"{BUILD}/test.cpio", smp=2, mem="512M",
            append=f"loglevel=4 panic=-1 {ALL_ON} tests=mmap,process")
    tap_run(tap, "locks of faults", kernel=f"{BUILD}/debug/Image", initrd=f"{BUILD}/test.cpio", smp=8, mem="512M",
            append="loglevel=4 panic=-1 tests=faultlocks,mmrace")
    with tempfile.TemporaryDirectory() as folder:
        failing(tap, folder, "fail_page_alloc", 1, "mmap process file abi")
        failing(tap, folder, "fail_page_alloc", 10, "mmap process")
        failing(tap, folder, "failslab", 2, "mmap process file slab")
    tap.end()


if __name__ == "__main__":
    main()
