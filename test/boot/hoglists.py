"""Lists as long as a user likes do not stop a hart: test/user/t_hoglists.c under -icount.

SPDX-License-Identifier: MIT
"""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    return subprocess.call([f"{TOP}/tools/boot-test", "--name", "hoglists", "--icount", "--smp", "1", "--mem", "1G",
                            "--limit", "560", "--append", "hog tests=hoglists"])


if __name__ == "__main__":
    sys.exit(main())
