/*
 * drivers/tty/console.c - choosing consoles.  Theory: console.h
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/console.h"
#include "arch/riscv/sbi.h"
#include "include/machine.h"
#include "lib/cmdline.h"
#include "lib/fdt.h"
#include "lib/kstrtox.h"
#include "lib/string.h"

#define MAX_OFFERS	16
#define MAX_WANTED	8

static struct offer {
	struct tty_struct *tty;
	struct console *con;
	int node;
} offers[MAX_OFFERS];
static unsigned nr_offers;

static char wanted[MAX_WANTED][16];
static unsigned wanted_baud[MAX_WANTED];	/* 0: not said */
static unsigned nr_wanted;
static struct tty_struct *chosen_tty;

/* console=ttyS0,115200n8: the line keeps the speed that the firmware set; its termios say this one. */
static int __init set_console(const char *value)
{
	size_t n = strcspn(value, ",");

	if (nr_wanted == MAX_WANTED)
		return -ENOSPC;
	if (n >= sizeof(wanted[0]))
		return -EINVAL;
	memcpy(wanted[nr_wanted], value, n);
	if (value[n])
		wanted_baud[nr_wanted] = simple_strtoul(value + n + 1, NULL, 10);
	wanted[nr_wanted++][n] = '\0';
	return 0;
}
PARAM("console", set_console);

static int __init set_earlycon(const char *value)
{
	(void)value;		/* the firmware's console is always shown early */
	return 0;
}
PARAM("earlycon", set_earlycon);

void console_offer(struct tty_struct *tty, struct console *con, int node)
{
	if (nr_offers < MAX_OFFERS)
		offers[nr_offers++] = (struct offer){ tty, con, node };
}

struct tty_struct *console_tty(void)
{
	return chosen_tty;
}

static struct offer *__init offer_by_name(const char *name)
{
	for (unsigned i = 0; i < nr_offers; i++)
		if (!strcmp(offers[i].tty->name, name))
			return &offers[i];
	return NULL;
}

static struct offer *__init default_offer(void)
{
	struct fdt_chosen c;
	struct fdt f;
	int node = -1;

	if (!nr_offers)
		return NULL;
	if (!fdt_init(&f, boot_dtb, boot_dtb_bytes)) {
		fdt_chosen(&f, &c);
		if (c.stdout_path)
			node = fdt_path(&f, c.stdout_path);
	}
	for (unsigned i = 0; node >= 0 && i < nr_offers; i++)
		if (offers[i].node == node)
			return &offers[i];
	for (unsigned i = 0; i < nr_offers; i++)
		if (offers[i].node >= 0)
			return &offers[i];
	return &offers[0];
}

void __init console_choose(void)
{
	struct offer *o, *last = NULL;

	for (unsigned i = 0; i < nr_wanted; i++) {
		o = offer_by_name(wanted[i]);
		if (!o) {
			pr_warn("console=%s: there is no such device\n", wanted[i]);
			continue;
		}
		if (!(o->con->flags & CON_ENABLED))
			register_console(o->con);
		if (wanted_baud[i])
			tty_set_speed(o->tty, wanted_baud[i]);
		last = o;
	}
	if (!last) {
		last = default_offer();
		if (last)
			register_console(last->con);
	}
	if (last) {
		chosen_tty = last->tty;
		pr_info("printk: console [%s] enabled\n", last->tty->name);
	}
}

/* ---- the firmware's -------------------------------------------------------------------------- */

static struct console early_console = { .name = "sbi", .write = sbi_con_write, .flags = CON_BOOT };

void __init early_console_init(void)
{
	if (sbi_has_console())
		register_console(&early_console);
}
