"""Lists as long as a user likes do not stop a hart: test/user/t_hoglists.c under -icount.

SPDX-License-Identifier: MIT
"""
import sys

from hog import run

if __name__ == "__main__":
    sys.exit(run("hoglists", "hoglists"))
