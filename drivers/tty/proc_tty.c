/*
 * drivers/tty/proc_tty.c - /proc/tty/drivers and /proc/consoles: from these, ps and others name terminals.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/console.h"
#include "drivers/tty/tty.h"
#include "fs/proc/proc.h"
#include "lib/string.h"

static void show_driver(struct seq_file *m, const char *driver, const char *name, unsigned major,
			unsigned first, unsigned last, const char *type)
{
	seq_printf(m, "%-20s /dev/%-8s %3u ", driver, name, major);
	if (first == last)
		seq_printf(m, "%7u", first);
	else
		seq_printf(m, "%u-%u", first, last);
	seq_printf(m, " %s\n", type);
}

/* The serial ports of one major number are one driver; it is shown when the first of them is met. */
static void show_serial(struct seq_file *m, unsigned i)
{
	struct tty_struct *tty = tty_nth(i), *t;
	unsigned major = MAJOR(tty->dev), first = MINOR(tty->dev), last = first;
	char name[16];

	for (unsigned j = 0; (t = tty_nth(j)); j++) {
		if (MAJOR(t->dev) != major)
			continue;
		if (j < i)
			return;
		last = MINOR(t->dev);
	}
	strscpy(name, tty->name, sizeof(name));
	name[strcspn(name, "0123456789")] = 0;
	show_driver(m, "serial", name, major, first, last, "serial");
}

static int drivers_show(struct seq_file *m, __maybe_unused void *v)
{
	show_driver(m, "/dev/tty", "tty", 5, 0, 0, "system:/dev/tty");
	show_driver(m, "/dev/console", "console", 5, 1, 1, "system:console");
	show_driver(m, "/dev/ptmx", "ptmx", 5, 2, 2, "system");
	for (unsigned i = 0; tty_nth(i); i++)
		show_serial(m, i);
	show_driver(m, "pty_slave", "pts", 136, 0, (1 << 20) - 1, "pty:slave");
	show_driver(m, "pty_master", "ptm", 128, 0, (1 << 20) - 1, "pty:master");
	return 0;
}

/* The one line discipline there is: N_TTY. */
static int ldiscs_show(struct seq_file *m, __maybe_unused void *v)
{
	seq_printf(m, "%-10s %2d\n", "n_tty", 0);
	return 0;
}

/* Written only; enabled, preferred, in use for the log at any time. */
static int consoles_show(struct seq_file *m, __maybe_unused void *v)
{
	struct tty_struct *tty = console_tty();

	if (tty)
		seq_printf(m, "%-20s -W- (EC  p a) %4u:%u\n", tty->name, MAJOR(tty->dev), MINOR(tty->dev));
	return 0;
}

void __init proc_tty_init(void)
{
	struct proc_dir_entry *dir = proc_mkdir("tty", NULL);

	if (dir) {
		proc_create_single("drivers", 0, dir, drivers_show);
		proc_create_single("ldiscs", 0, dir, ldiscs_show);
	}
	proc_create_single("consoles", 0, NULL, consoles_show);
}
