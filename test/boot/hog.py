"""One call never has a hart to itself: t_hog.c and t_hog_calls.c under -icount, where time counts instructions.

SPDX-License-Identifier: MIT
"""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(name, tests):
    return subprocess.call([f"{TOP}/tools/boot-test", "--name", name, "--icount", "--smp", "1", "--mem", "1G",
                            "--limit", "560", "--append", f"hog tests={tests}"])


if __name__ == "__main__":
    sys.exit(run("hog", "hog.,hog_calls."))
