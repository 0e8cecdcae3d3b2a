"""A clock that tells how long a process could run, on a host that others load as well.

A limit in seconds is to catch what hangs.  On a host that is busy with other things a process that does not
hang needs longer, and a limit by the host's clock fails it.  Here a second of a host with idle processors
counts whole; of a busy one only what the process itself computed, and at least a twentieth, so that a
process that sleeps for ever is found there as well.

SPDX-License-Identifier: MIT
"""
import os
import time

TICK = os.sysconf("SC_CLK_TCK")
LEAST = 0.05		# of a second on a host that is all busy


def idle_and_all():
    """Ticks that the host's processors were idle, and all that passed."""
    with open("/proc/stat", encoding="ascii") as f:
        ticks = [int(n) for n in f.readline().split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def computed(pid):
    """Seconds that the threads of process @pid computed; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            fields = f.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def load_factor():
    """How many times slower than alone things run on this host now: 1, or more."""
    return max(1, round(os.getloadavg()[0] / (os.cpu_count() or 1)))


class HostClock:
    def __init__(self, pid):
        self.pid = pid
        self.counted = 0.0
        self.last = (time.monotonic(), computed(pid), *idle_and_all())

    def seconds(self):
        """Seconds that process @pid had since this object was made."""
        now = (time.monotonic(), computed(self.pid), *idle_and_all())
        wall, work, idle, total = (a - b for a, b in zip(now, self.last))
        if total <= 0:
            return self.counted + wall		# no tick yet: counted with the next
        share = min(1.0, max(0.0, idle / total))
        self.counted += wall * share + max(min(work, wall), wall * LEAST) * (1 - share)
        self.last = now
        return self.counted
