"""The interactive console: line editing, history, Ctrl-C, Ctrl-Z, jobs, poweroff.

SPDX-License-Identifier: MIT
"""
from machine import BUILD, Machine, Tap

PROMPT = r"vellum:\S*# "


class Shell(Machine):
    def command(self, keys, answer, seconds=20):
        """Type @keys and wait for @answer and then a prompt, in what comes after."""
        since = len(self.console)
        self.send(keys)
        found = self.expect(answer, seconds, since)
        return found and self.expect(PROMPT, seconds, found.end())

    def start(self, program):
        """Run @program in the foreground and wait until it has the terminal."""
        since = len(self.console)
        self.send(f"sh -c 'echo on it; exec {program}'\n")
        return self.expect(r"^on it$", 20, since)

    def patiently(self, keys, answer):
        """As command(), in three tries: on a loaded host an escape sequence may fall apart in the emulator."""
        return any(self.command(keys, answer, 8) for _ in range(3))


def main():
    tap = Tap()
    with Shell(initrd=f"{BUILD}/rootfs.cpio", append="loglevel=4", smp=2, mem="256M") as m:
        tap.check(m.expect(PROMPT, 60), "a prompt comes", m.console)
        tap.check(m.command("echo $((6*7))\n", r"^42$"), "a command runs", m.console)
        tap.check(m.patiently("echo wrogn\x7f\x7fng\n", r"^wrong$"), "backspace edits", m.console)
        tap.check(m.patiently("\x1b[A\n", r"^wrong$"), "history comes back", m.console)
        m.start("sleep 100")
        tap.check(m.command("\x03", r"\^C"), "Ctrl-C ends a program", m.console)
        m.start("sleep 101")
        tap.check(m.command("\x1a", r"Stopped"), "Ctrl-Z stops a program", m.console)
        tap.check(m.command("jobs\n", r"Stopped.*sleep 101"), "it is in the list of jobs", m.console)
        tap.check(m.command("bg\n", r"sleep 101"), "bg lets it go on", m.console)
        tap.check(m.command("kill %1; wait; echo gone\n", r"^gone$"), "it can be killed", m.console)
        m.start("cat")
        m.send("hello\n")
        m.expect(r"^hello\nhello$")
        tap.check(m.command("\x04", r""), "Ctrl-D ends input", m.console)
        tap.check(m.command("stty -a | head -n 1\n", r"speed \d+ baud"), "stty reads the terminal", m.console)
        m.send("poweroff\n")
        tap.check(m.wait_end(30) == 0, "poweroff ends QEMU", m.console)
    # No PLIC: whose interrupts the port would get is unknown.
    with Shell("-machine", "virt,aia=aplic", initrd=f"{BUILD}/rootfs.cpio", append="loglevel=4", mem="256M") as m:
        tap.check(m.expect(PROMPT, 60), "a prompt comes without interrupts", m.console)
        tap.check(m.command("seq -s, 400 | md5sum\n", "^b6245eb3"), "the port is polled", m.console)
        m.send("poweroff\n")
        tap.check(m.wait_end(30) == 0, "poweroff ends QEMU", m.console)
    tap.end()


if __name__ == "__main__":
    main()
