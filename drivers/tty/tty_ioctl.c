/*
 * drivers/tty/tty_ioctl.c - settings and sizes of terminals.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/tty.h"
#include "include/uaccess.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"

#define TIOCM_DTR	0x002
#define TIOCM_RTS	0x004
#define TIOCM_CAR	0x040

/* Wait until all output is sent; -ERESTARTSYS. */
static int tty_wait_until_sent(struct tty_struct *tty)
{
	if (!tty->ops->chars_in_buffer)
		return 0;
	return wait_event_interruptible(tty->write_wait, !tty->ops->chars_in_buffer(tty));
}

static void flush_input(struct tty_struct *tty)
{
	unsigned long irq;

	spin_lock_irqsave(&tty->lock, irq);
	n_tty_flush_input(tty);
	spin_unlock_irqrestore(&tty->lock, irq);
	if (tty->ops->unthrottle)
		tty->ops->unthrottle(tty);
}

static void flush_output(struct tty_struct *tty)
{
	if (tty->ops->flush_buffer)
		tty->ops->flush_buffer(tty);
	tty_wakeup(tty);
}

/* ---- termios --------------------------------------------------------------------------------- */

#define SET_WAIT	1
#define SET_FLUSH	2

static const unsigned bauds[] = { 0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600,
				  19200, 38400 };
static const unsigned high_bauds[] = { 0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000,
				       1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000 };
#define CBAUDEX		0010000

/* The speed that c_cflag names, for the old interfaces, which have no number for it. */
static unsigned termios_speed(unsigned cflag, unsigned now)
{
	if (!(cflag & CBAUDEX))
		return bauds[cflag & 017];
	return (cflag & 017) ? high_bauds[cflag & 017] : now;	/* BOTHER */
}

void tty_set_speed(struct tty_struct *tty, unsigned baud)
{
	unsigned flag = 0;

	for (unsigned i = 1; i < ARRAY_SIZE(bauds); i++) {
		flag = bauds[i] == baud ? i : flag;
		flag = high_bauds[i] == baud ? i | CBAUDEX : flag;
	}
	if (!flag)
		return;
	tty->termios.c_cflag = (tty->termios.c_cflag & ~CBAUD) | flag;
	tty->termios.c_ispeed = tty->termios.c_ospeed = baud;
}

/* Give @new back from @old what is locked. */
static void unset_locked_termios(struct ktermios *new, const struct ktermios *old, const struct ktermios *locked)
{
	new->c_iflag = (old->c_iflag & locked->c_iflag) | (new->c_iflag & ~locked->c_iflag);
	new->c_oflag = (old->c_oflag & locked->c_oflag) | (new->c_oflag & ~locked->c_oflag);
	new->c_cflag = (old->c_cflag & locked->c_cflag) | (new->c_cflag & ~locked->c_cflag);
	new->c_lflag = (old->c_lflag & locked->c_lflag) | (new->c_lflag & ~locked->c_lflag);
	new->c_line = locked->c_line ? old->c_line : new->c_line;
	for (int i = 0; i < NCCS; i++)
		new->c_cc[i] = locked->c_cc[i] ? old->c_cc[i] : new->c_cc[i];
}

static long set_locked_termios(struct tty_struct *tty, const struct termios __user *arg)
{
	struct ktermios locked = { 0 };
	unsigned long irq;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&locked, arg, sizeof(*arg)))
		return -EFAULT;
	spin_lock_irqsave(&tty->lock, irq);
	tty->termios_locked = locked;
	spin_unlock_irqrestore(&tty->lock, irq);
	return 0;
}

static long set_termios(struct tty_struct *tty, const struct ktermios *new, int opt)
{
	struct ktermios old;
	unsigned long irq;
	long rc;

	if (opt & SET_WAIT) {
		rc = tty_wait_until_sent(tty);
		if (rc)
			return rc;
	}
	if (opt & SET_FLUSH)
		flush_input(tty);
	spin_lock_irqsave(&tty->lock, irq);
	old = tty->termios;
	tty->termios = *new;
	unset_locked_termios(&tty->termios, &old, &tty->termios_locked);
	n_tty_set_termios(tty, &old);
	spin_unlock_irqrestore(&tty->lock, irq);
	if (tty->ops->set_termios)
		tty->ops->set_termios(tty);
	wake_up_all(&tty->read_wait);
	return 0;
}

static long tcsets(struct tty_struct *tty, const void __user *arg, size_t size, int opt)
{
	struct ktermios k = tty->termios;
	long rc = tty_check_change(tty, SIGTTOU);

	if (rc)
		return rc;
	if (copy_from_user(&k, arg, size))
		return -EFAULT;
	if (size == sizeof(struct termios))
		k.c_ispeed = k.c_ospeed = termios_speed(k.c_cflag, k.c_ospeed);
	return set_termios(tty, &k, opt);
}

static long tcseta(struct tty_struct *tty, const struct termio __user *arg, int opt)
{
	struct ktermios k = tty->termios;
	struct termio t;
	long rc = tty_check_change(tty, SIGTTOU);

	if (rc)
		return rc;
	if (copy_from_user(&t, arg, sizeof(t)))
		return -EFAULT;
	k.c_iflag = (k.c_iflag & ~0xffffu) | t.c_iflag;
	k.c_oflag = (k.c_oflag & ~0xffffu) | t.c_oflag;
	k.c_cflag = (k.c_cflag & ~0xffffu) | t.c_cflag;
	k.c_lflag = (k.c_lflag & ~0xffffu) | t.c_lflag;
	k.c_line = t.c_line;
	for (int i = 0; i < NCC; i++)
		k.c_cc[i] = t.c_cc[i];
	k.c_ispeed = k.c_ospeed = termios_speed(k.c_cflag, k.c_ospeed);
	return set_termios(tty, &k, opt);
}

static long tcgeta(struct tty_struct *tty, struct termio __user *arg)
{
	const struct ktermios *k = &tty->termios;
	struct termio t = { k->c_iflag, k->c_oflag, k->c_cflag, k->c_lflag, k->c_line, { 0 } };

	for (int i = 0; i < NCC; i++)
		t.c_cc[i] = k->c_cc[i];
	return copy_to_user(arg, &t, sizeof(t)) ? -EFAULT : 0;
}

static long termios_ioctl(struct tty_struct *tty, unsigned cmd, void __user *arg)
{
	switch (cmd) {
	case TCGETS:
		return copy_to_user(arg, &tty->termios, sizeof(struct termios)) ? -EFAULT : 0;
	case TCGETS2:
		return copy_to_user(arg, &tty->termios, sizeof(struct ktermios)) ? -EFAULT : 0;
	case TCSETS:
		return tcsets(tty, arg, sizeof(struct termios), 0);
	case TCSETSW:
		return tcsets(tty, arg, sizeof(struct termios), SET_WAIT);
	case TCSETSF:
		return tcsets(tty, arg, sizeof(struct termios), SET_WAIT | SET_FLUSH);
	case TCSETS2:
		return tcsets(tty, arg, sizeof(struct ktermios), 0);
	case TCSETSW2:
		return tcsets(tty, arg, sizeof(struct ktermios), SET_WAIT);
	case TCSETSF2:
		return tcsets(tty, arg, sizeof(struct ktermios), SET_WAIT | SET_FLUSH);
	case TIOCGLCKTRMIOS:
		return copy_to_user(arg, &tty->termios_locked, sizeof(struct termios)) ? -EFAULT : 0;
	case TIOCSLCKTRMIOS:
		return set_locked_termios(tty, arg);
	case TCGETA:
		return tcgeta(tty, arg);
	case TCSETA:
		return tcseta(tty, arg, 0);
	case TCSETAW:
		return tcseta(tty, arg, SET_WAIT);
	case TCSETAF:
		return tcseta(tty, arg, SET_WAIT | SET_FLUSH);
	default:
		return -ENOIOCTLCMD;
	}
}

/* ---- flow, window ---------------------------------------------------------------------------- */

static void set_stopped(struct tty_struct *tty, bool stopped)
{
	unsigned long irq;

	spin_lock_irqsave(&tty->lock, irq);
	tty->stopped = stopped;
	spin_unlock_irqrestore(&tty->lock, irq);
	if (stopped && tty->ops->stop)
		tty->ops->stop(tty);
	if (!stopped && tty->ops->start)
		tty->ops->start(tty);
}

static long tcxonc(struct tty_struct *tty, unsigned long arg)
{
	char c;

	switch (arg) {
	case TCOOFF:
	case TCOON:
		set_stopped(tty, arg == TCOOFF);
		return 0;
	case TCIOFF:
	case TCION:
		c = tty->termios.c_cc[arg == TCIOFF ? VSTOP : VSTART];
		if (c)
			tty->ops->write(tty, &c, 1);
		return 0;
	default:
		return -EINVAL;
	}
}

static long tcflsh(struct tty_struct *tty, unsigned long arg)
{
	if (arg > TCIOFLUSH)
		return -EINVAL;
	if (arg != TCOFLUSH)
		flush_input(tty);
	if (arg != TCIFLUSH)
		flush_output(tty);
	return 0;
}

static long set_winsize(struct tty_struct *tty, struct tty_struct *real, const struct winsize __user *arg)
{
	struct winsize ws;
	unsigned long irq;
	bool changed;

	if (copy_from_user(&ws, arg, sizeof(ws)))
		return -EFAULT;
	spin_lock_irqsave(&real->lock, irq);
	changed = ws.ws_row != real->winsize.ws_row || ws.ws_col != real->winsize.ws_col ||
		  ws.ws_xpixel != real->winsize.ws_xpixel || ws.ws_ypixel != real->winsize.ws_ypixel;
	real->winsize = ws;
	spin_unlock_irqrestore(&real->lock, irq);
	if (tty != real)
		tty->winsize = ws;
	if (changed && real->pgrp)
		kill_pgrp(real->pgrp, SIGWINCH, 1);
	return 0;
}

static long tiocsti(struct tty_struct *tty, const char __user *arg)
{
	char c;

	if (current->signal->tty != tty && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (get_user(c, arg))
		return -EFAULT;
	tty_receive(tty, &c, 1);
	return 0;
}

static long simple_ioctl(struct tty_struct *tty, struct tty_struct *real, unsigned cmd, unsigned long arg)
{
	long rc;

	switch (cmd) {
	case TCXONC:
	case TCFLSH:
	case TCSBRK:
	case TCSBRKP:
		rc = tty_check_change(tty, SIGTTOU);
		if (rc)
			return rc;
		if (cmd == TCXONC)
			return tcxonc(tty, arg);
		return cmd == TCFLSH ? tcflsh(tty, arg) : tty_wait_until_sent(tty);
	case TIOCSBRK:
	case TIOCCBRK:
		return 0;
	case TIOCGWINSZ:
		return copy_to_user((void __user *)arg, &real->winsize, sizeof(struct winsize)) ? -EFAULT : 0;
	case TIOCSWINSZ:
		return set_winsize(tty, real, (const void __user *)arg);
	case FIONREAD:
		return put_user((int)n_tty_inq(tty), (int __user *)arg);
	case TIOCOUTQ:
		rc = tty->ops->chars_in_buffer ? tty->ops->chars_in_buffer(tty) : 0;
		return put_user((int)rc, (int __user *)arg);
	case TIOCSTI:
		return tiocsti(tty, (const char __user *)arg);
	case TIOCEXCL:
	case TIOCNXCL:
		tty->exclusive = cmd == TIOCEXCL;
		return 0;
	case TIOCGETD:
		return put_user(N_TTY, (int __user *)arg);
	case TIOCSETD:
		if (get_user(rc, (int __user *)arg))
			return -EFAULT;
		return (int)rc == N_TTY ? 0 : -EINVAL;
	case TIOCGSOFTCAR:
		return put_user((int)!!(tty->termios.c_cflag & CLOCAL), (int __user *)arg);
	case TIOCSSOFTCAR:
		return 0;
	case TIOCMGET:
		return put_user(TIOCM_DTR | TIOCM_RTS | TIOCM_CAR, (int __user *)arg);
	case TIOCGDEV:
		return put_user((unsigned)encode_dev(real->dev), (unsigned __user *)arg);
	case TIOCVHANGUP:
		if (!capable(CAP_SYS_ADMIN))
			return -EPERM;
		tty_hangup(tty);
		return 0;
	default:
		return -ENOIOCTLCMD;
	}
}

long tty_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct tty_struct *tty = file_tty(f);
	struct tty_struct *real = tty->is_master ? tty->link : tty;
	long rc;

	if (tty_hung_up(f))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	rc = tty_jobctrl_ioctl(tty, real, f, cmd, arg);
	if (rc == -ENOIOCTLCMD && tty->ops->ioctl)
		rc = tty->ops->ioctl(tty, cmd, arg);
	if (rc == -ENOIOCTLCMD)
		rc = termios_ioctl(real, cmd, (void __user *)arg);
	if (rc == -ENOIOCTLCMD)
		rc = simple_ioctl(tty, real, cmd, arg);
	return rc == -ENOIOCTLCMD ? -ENOTTY : rc;
}
