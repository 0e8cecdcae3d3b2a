"""What is still allocated when programs have ended: with tracks on every slab cache and page_owner, the user tests run
several times, and no cache, nor the pages in all, may grow each time.  Who allocated what is left is printed.

The runner of the user tests (test/user/main.c) compares free memory, to 256 kB; this counts objects.

SPDX-License-Identifier: MIT
"""
import re
import sys
import tempfile

from machine import Machine, Tap, script_initramfs

ROUNDS = 2
TESTS = sys.argv[1:] or ["abi", "exec", "file", "mmap", "numa", "process", "signal", "slab", "tty", "unix", "vfs"]
SCRIPT = """
pages='BEGIN {{ p[0] = 1; for (i = 1; i < 16; i++) p[i] = 2 * p[i - 1] }}
/^Page allocated via order/ {{ n += p[$5 + 0] }} END {{ print n }}'
$b mount -t debugfs none /sys/kernel/debug
counts() {{
	for i in 1 2 3; do sync; echo 3 >/proc/sys/vm/drop_caches; $b sleep 1; done
	cd /sys/kernel/slab; for c in *; do test -L $c || echo "COUNT $c $($b cut -d' ' -f1 $c/objects)"; done
	echo "COUNT pages $($b awk "$pages" /sys/kernel/debug/page_owner)"
	cd /
}}
run() {{ utest {tests} >/tmp/out 2>&1; echo "ROUND $($b grep -c 'ok [0-9]' /tmp/out) tests"; $b rm /tmp/out; }}
run; counts
for i in {rounds}; do run; counts; done
echo THE END; while read what cache; do $b cat /sys/kernel/debug/slab/$cache/alloc_traces 2>/dev/null || $b cat /sys/kernel/debug/page_owner; echo SHOWN; done
"""


def counts(console):
    """Of each look, the objects in use by cache; the pages in use as "pages"."""
    looks = []
    for part in re.split(r"^ROUND \d+ tests$", console, flags=re.M)[1:]:
        looks.append({name: int(n) for name, n in re.findall(r"^COUNT (\S+) (\d+)$", part, re.M)})
    return looks


def growing(looks):
    """Caches that have more objects after every round; with how many each time."""
    series = {name: [look.get(name, 0) for look in looks] for name in looks[0]}
    return {name: n for name, n in series.items() if all(a < b for a, b in zip(n, n[1:]))}


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        script = SCRIPT.format(tests=" ".join(TESTS), rounds=" ".join(map(str, range(ROUNDS))))
        initrd = script_initramfs(folder, "leaks", script)
        with Machine(initrd=initrd, append="loglevel=3 panic=-1 page_owner=on slab_debug=U", smp=1, nodes=1,
                     mem="512M") as m:
            ended = m.expect(r"^THE END", 550)
            looks = counts(m.console)
            ran = set(re.findall(r"^ROUND (\d+) tests", m.console, re.M))
            tap.check(ended and len(looks) == ROUNDS + 1 and len(looks[0]) > 20 and len(ran) == 1 and ran != {"0"},
                      f"{' '.join(ran)} user tests run {ROUNDS + 1} times with every object tracked", m.console)
            grown = growing(looks) if ended else {}
            for name in grown:
                at = len(m.console)
                m.send(f"leak {name}\n")
                m.expect(r"^SHOWN", 60, at)
                print("# " + m.console[at:].replace("\n", "\n# "))
            tap.check(ended and not grown, f"nothing grows with each run: {grown}")
    tap.end()


if __name__ == "__main__":
    main()
