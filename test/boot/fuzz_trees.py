"""Device trees with properties and nodes that are gone, cut, doubled or full of other numbers.

The firmware gets a good tree, the kernel the changed one, in which nothing speaks of the firmware's memory.  It comes as
far as a kernel without a program to start can, or says what is wrong; it never hangs.  FUZZ_TREES= and FUZZ_SEED= choose
how many and which.

SPDX-License-Identifier: MIT
"""
import os
import random
import re
import subprocess
import tempfile

from machine import Tap
from bad_input import DTB_AT, PANIC, qemu_tree, shim_machine

NUMBERS = ("0x00", "0x01", "0x02", "0x03", "0x10", "0x1000", "0x7fffffff", "0x80000000", "0x80200000", "0xfffff000", "0xffffffff")
END = PANIC + r"|reboot: "


def change_numbers(rng, line):
    cells = re.findall(r"0x[0-9a-f]+", line)
    if not cells:
        return line
    old = rng.choice(cells)
    return line.replace(old, rng.choice(NUMBERS), 1)


def change_value(rng, line):
    """A property of another length, or without a value."""
    name = line.split("=")[0].strip()
    value = rng.choice(("", ' = ""', " = <0x00>", ' = "okay"', " = <0x01 0x02 0x03 0x04 0x05>", " = [ff]"))
    return f"{name}{value};"


def mutate(rng, lines):
    """One change of the tree's text that dtc accepts: every line with ';' but no brace is a property."""
    out = list(lines)
    props = [i for i, line in enumerate(out) if line.strip().endswith(";") and "}" not in line and "/" != line.strip()[0]]
    i = rng.choice(props)
    kind = rng.randrange(5)
    if kind == 0:
        out[i] = ""
    elif kind <= 2:
        out[i] = change_numbers(rng, out[i])
    elif kind == 3:
        out[i] = change_value(rng, out[i])
    else:			# a whole node: from its line to the brace that closes it
        opens = [k for k, line in enumerate(out) if line.strip().endswith("{") and k > 3]
        start = rng.choice(opens)
        depth = 0
        for end in range(start, len(out)):
            depth += out[end].count("{") - out[end].count("}")
            if not depth:
                del out[start:end + 1]
                break
    return out


def changed_tree(rng, lines, path):
    """Some changes; the tree is at @path, or it was refused by dtc."""
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        lines = mutate(rng, lines)
    done = subprocess.run(["dtc", "-f", "-q", "-I", "dts", "-O", "dtb", "-o", path], input="\n".join(lines), text=True,
                          capture_output=True, check=False)
    return done.returncode == 0 and os.path.exists(path)


def main():
    tap = Tap()
    count, seed = int(os.environ.get("FUZZ_TREES", "25")), int(os.environ.get("FUZZ_SEED", "1"))
    rng = random.Random(seed)
    ended, tried, silent = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        good = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", qemu_tree(folder)], check=True, capture_output=True,
                              text=True).stdout.replace("chosen {", 'chosen {\n\t\tbootargs = "panic=-1 console=ttyS0";')
        while tried < count:
            path = f"{folder}/{tried}.dtb"
            if not changed_tree(rng, good.splitlines(), path):
                continue
            tried += 1
            with shim_machine(folder, DTB_AT, path) as m:
                if m.expect(END, 40):
                    ended += 1
                    if "cannot be read" not in m.console and "panic - not syncing: the" not in m.console:
                        silent.append(m.console[-600:])
                else:
                    os.makedirs("build/logs", exist_ok=True)
                    os.replace(path, f"build/logs/fuzz-{seed}-{tried}.dtb")
                    print(f"# tree {tried}:\n# " + "\n# ".join(m.console.splitlines()[-12:]), flush=True)
    tap.check(ended == count, f"{ended} of {count} changed trees end in a message")
    tap.check(len(silent) * 2 < count, f"firmware's memory was found in all but {len(silent)}", "\n".join(silent))
    tap.end()


if __name__ == "__main__":
    main()
