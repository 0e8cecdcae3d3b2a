"""The interactive console: line editing, history, Ctrl-C, Ctrl-Z, jobs, poweroff.

SPDX-License-Identifier: MIT
"""
from machine import BUILD, Machine, Tap

PROMPT = r"vellum:\S*# $"


class Shell(Machine):
    def command(self, keys, answer, seconds=20):
        """Type @keys and wait for @answer and then a prompt, in what comes after."""
        since = len(self.console)
        self.send(keys)
        found = self.expect(answer, seconds, since)
        return found and self.expect(PROMPT, seconds, found.end())


def main():
    tap = Tap()
    with Shell(initrd=f"{BUILD}/rootfs.cpio", append="loglevel=4", smp=2, mem="256M") as m:
        tap.check(m.expect(PROMPT, 60), "a prompt comes", m.console)
        tap.check(m.command("echo $((6*7))\n", r"^42$"), "a command runs", m.console)
        tap.check(m.command("echo wrogn\x7f\x7fng\n", r"^wrong$"), "backspace edits", m.console)
        tap.check(m.command("\x1b[A\n", r"^wrong$"), "history comes back", m.console)
        since = len(m.console)
        m.send("sleep 100\n")
        m.expect(r"sleep 100", 5, since)
        m.read(1)
        tap.check(m.command("\x03", r"\^C"), "Ctrl-C ends a program", m.console)
        m.send("sleep 101\n")
        m.read(1)
        tap.check(m.command("\x1a", r"Stopped"), "Ctrl-Z stops a program", m.console)
        tap.check(m.command("jobs\n", r"Stopped.*sleep 101"), "it is in the list of jobs", m.console)
        tap.check(m.command("bg\n", r"sleep 101"), "bg lets it go on", m.console)
        tap.check(m.command("kill %1; wait; echo gone\n", r"^gone$"), "it can be killed", m.console)
        tap.check(m.command("cat\nhello\n\x04", r"hello\n.*hello"), "Ctrl-D ends input", m.console)
        tap.check(m.command("stty -a | head -n 1\n", r"speed \d+ baud"), "stty reads the terminal", m.console)
        m.send("poweroff\n")
        tap.check(m.wait_end(30) == 0, "poweroff ends QEMU", m.console)
    tap.end()


if __name__ == "__main__":
    main()
