/*
 * drivers/tty/n_tty.h - what the input and output halves of the line discipline share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_N_TTY_H
#define VELLUM_N_TTY_H

#include "drivers/tty/tty.h"

#define L(tty, flag)	((tty)->termios.c_lflag & (flag))
#define I(tty, flag)	((tty)->termios.c_iflag & (flag))
#define O(tty, flag)	((tty)->termios.c_oflag & (flag))
#define CC(tty, which)	((tty)->termios.c_cc[which])
#define DISABLED_CHAR	'\0'

/* Put one character on the output as OPOST says, drop it when there is no room.  => tty->lock held */
void n_tty_out(struct tty_struct *tty, unsigned char c) REQUIRES(tty->lock);
/* The same, untouched. */
void n_tty_out_raw(struct tty_struct *tty, const char *s, unsigned n) REQUIRES(tty->lock);
/* Transform @n bytes at @in into @out (room for 2 each, 8 with tabs expanded); bytes of output. */
unsigned n_tty_process(struct tty_struct *tty, const char *in, unsigned n, char *out) REQUIRES(tty->lock);
#define N_TTY_EXPAND	8	/* most bytes that one byte of output becomes */

#endif
