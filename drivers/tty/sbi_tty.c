/*
 * drivers/tty/sbi_tty.c - the firmware's console as a terminal: hvc0.
 *
 * MODEL     Output goes out at once.  Input has no interrupt: while the terminal is open a timer asks the
 *           firmware, often when something came lately and slowly when not.  What comes faster than the firmware
 *           is asked is lost where its device holds one character only (QEMU's spike: typed text arrives,
 *           pasted text does not).
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/sbi.h"
#include "drivers/tty/console.h"
#include "drivers/tty/tty.h"
#include "kernel/time/hrtimer.h"
#include "lib/printk.h"

#define POLL_FAST	5000000ull	/* ns */
#define POLL_SLOW	40000000ull
#define SLOW_AFTER	200		/* empty looks */

static struct tty_struct sbi_tty;
static struct hrtimer sbi_timer;
static unsigned idle_looks;

static unsigned sbi_tty_write(struct tty_struct *tty, const char *buf, unsigned n)
{
	(void)tty;
	sbi_console_write(buf, n);
	return n;
}

static unsigned sbi_tty_room(struct tty_struct *tty)
{
	return tty->stopped ? 0 : 4096;
}

static void sbi_tty_start(struct tty_struct *tty)
{
	tty_wakeup(tty);
}

static enum hrtimer_restart sbi_poll(struct hrtimer *t)
{
	char buf[32];
	unsigned n = 0;
	int c;

	while (n < sizeof(buf) && tty_receive_room(&sbi_tty) > n && (c = sbi_console_getchar()) >= 0)
		buf[n++] = c;
	idle_looks = n ? 0 : idle_looks + 1;
	if (n)
		tty_receive(&sbi_tty, buf, n);
	hrtimer_forward(t, ktime_get(), idle_looks < SLOW_AFTER ? POLL_FAST : POLL_SLOW);
	return HRTIMER_RESTART;
}

static int sbi_tty_open(struct tty_struct *tty)
{
	(void)tty;
	hrtimer_start(&sbi_timer, POLL_FAST, HRTIMER_MODE_REL);
	return 0;
}

static void sbi_tty_close(struct tty_struct *tty)
{
	(void)tty;
	hrtimer_cancel(&sbi_timer);
}

static const struct tty_operations sbi_tty_ops = {
	.write = sbi_tty_write,
	.write_room = sbi_tty_room,
	.start = sbi_tty_start,
	.open = sbi_tty_open,
	.close = sbi_tty_close,
};

void sbi_con_write(struct console *con, const char *text, size_t n)
{
	size_t from = 0;

	(void)con;
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '\n')
			continue;
		sbi_console_write(text + from, i - from);
		sbi_console_write("\r\n", 2);
		from = i + 1;
	}
	sbi_console_write(text + from, n - from);
}

static struct console sbi_console = { .name = "hvc0", .write = sbi_con_write };

void __init sbi_console_init(void)
{
	if (!sbi_has_console())
		return;
	hrtimer_init(&sbi_timer, sbi_poll);
	if (tty_init_struct(&sbi_tty, &sbi_tty_ops, "hvc0", MKDEV(229, 0), NULL) || tty_register(&sbi_tty)) {
		pr_err("hvc0: cannot be registered\n");
		return;
	}
	console_offer(&sbi_tty, &sbi_console, -1);
}
