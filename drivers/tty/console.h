/*
 * drivers/tty/console.h - which device the kernel's messages and /dev/console go to.
 *
 * MODEL     A driver offers each terminal that can be a console.  console=NAME (the last one that exists is
 *           /dev/console, all that exist show the log) chooses; without it, the device that
 *           /chosen/stdout-path names, else the first offered, the firmware's console last.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TTY_CONSOLE_H
#define VELLUM_TTY_CONSOLE_H

#include "drivers/tty/tty.h"
#include "lib/printk.h"

/* @node of the device tree, or -1: the firmware's. */
void console_offer(struct tty_struct *tty, struct console *con, int node);
void console_choose(void);
struct tty_struct *console_tty(void);	/* or NULL */
/* Show the log through the firmware until a real console comes. */
void early_console_init(void);
void sbi_con_write(struct console *con, const char *text, size_t n);

#endif
