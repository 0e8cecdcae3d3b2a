/*
 * drivers/tty/tty_io.c - terminals as files: open, read, write, poll, close, hang-up.
 *
 * MODEL     See tty.h.  /dev/tty is the caller's controlling terminal, /dev/console the one that was chosen
 *           at boot.  A hang-up counts up tty->hangups: files that were opened before it read an end
 *           and fail to write from then on; new ones work.
 * LOCKING   tty_list_lock: the list of terminals.  open_lock: first open, last close.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/console.h"
#include "drivers/tty/pty.h"
#include "drivers/tty/tty.h"
#include "fs/chrdev.h"
#include "fs/fasync.h"
#include "fs/file.h"
#include "include/uapi/errno.h"
#include "include/uapi/poll.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "mm/slab/slab.h"

#define TTY_DEV		MKDEV(5, 0)
#define CONSOLE_DEV	MKDEV(5, 1)
#define MAX_TTYS	16

static struct tty_struct *ttys[MAX_TTYS];	/* (I) after start-up; ptys are not in it */

const struct ktermios tty_std_termios = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B38400 | CS8 | CREAD | HUPCL | CLOCAL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = { 3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0 },
	.c_ispeed = 38400,
	.c_ospeed = 38400,
};

/* ---- telling many ---------------------------------------------------------------------------- */

/* What could not be told where it happened, with interrupts off, because there were many to tell. */
static void tty_tell_later(struct work_struct *work)
{
	struct tty_struct *tty = container_of(work, struct tty_struct, tell_work);
	unsigned long bands = xchg(&tty->untold_bands, 0), signals = xchg(&tty->untold_signals, 0);
	pid_t pgrp = READ_ONCE(tty->pgrp);

	for (int sig = 1; signals >> sig; sig++)
		if (pgrp && (signals >> sig & 1))
			(void)kill_pgrp(pgrp, sig, 1);
	for (int band = 1; bands >> band; band++)
		if (bands >> band & 1)
			kill_fasync(&tty->fasync, band);
	tty_put(tty);
}

static void tell_later(struct tty_struct *tty, unsigned long *set, int nr)
{
	set_bit(nr, set);
	atomic_inc(&tty->refs);
	if (!queue_work(&tty->tell_work))
		atomic_dec(&tty->refs);			/* the work that waits has one */
}

void tty_kill_fasync(struct tty_struct *tty, int band)
{
	if (!kill_fasync_few(&tty->fasync, band))
		tell_later(tty, &tty->untold_bands, band);
}

void tty_signal(struct tty_struct *tty, int sig)
{
	pid_t pgrp = READ_ONCE(tty->pgrp);

	if (pgrp && !kill_pgrp_few(pgrp, sig))
		tell_later(tty, &tty->untold_signals, sig);
}

/* ---- life ------------------------------------------------------------------------------------ */

int tty_init_struct(struct tty_struct *tty, const struct tty_operations *ops, const char *name, dev_t dev,
		    void *driver_data)
{
	tty->ops = ops;
	tty->name = name;
	tty->dev = dev;
	tty->driver_data = driver_data;
	atomic_set(&tty->refs, 1);
	mutex_init(&tty->open_lock, RANK_VFS);
	mutex_init(&tty->write_lock, RANK_VFS);
	spin_lock_init(&tty->lock, RANK_FILES);
	tty->termios = tty_std_termios;
	init_waitqueue_head(&tty->read_wait);
	init_waitqueue_head(&tty->write_wait);
	fasync_list_init(&tty->fasync);
	INIT_WORK(&tty->tell_work, tty_tell_later);
	tty->read_buf = kmalloc(N_TTY_BUF, GFP_KERNEL);
	tty->eol = kzalloc(N_TTY_BUF / 8, GFP_KERNEL);
	if (tty->read_buf && tty->eol)
		return 0;
	kfree(tty->read_buf);
	kfree(tty->eol);
	return -ENOMEM;
}

int tty_register(struct tty_struct *tty)
{
	for (unsigned i = 0; i < MAX_TTYS; i++) {
		if (ttys[i])
			continue;
		ttys[i] = tty;
		return register_chrdev(tty->dev, tty->name, &tty_fops, 0600);
	}
	return -ENOSPC;
}

void tty_put(struct tty_struct *tty)
{
	if (atomic_dec_and_test(&tty->refs) && tty->free)
		tty->free(tty);
}

void tty_tell_room(struct tty_struct *tty)
{
	if (xchg(&tty->wants_room, false))
		tty_kill_fasync(tty, POLL_OUT);
}

void tty_wakeup(struct tty_struct *tty)
{
	smp_mb();			/* room first: pairs with want_room() */
	if (unlikely(READ_ONCE(tty->wants_room)))
		tty_tell_room(tty);
	if (waitqueue_active(&tty->write_wait))
		wake_up_poll(&tty->write_wait, EPOLLOUT | EPOLLWRNORM);
}

/* ---- open and close -------------------------------------------------------------------------- */

static struct tty_struct *tty_by_dev(dev_t dev)
{
	for (unsigned i = 0; i < MAX_TTYS && ttys[i]; i++)
		if (ttys[i]->dev == dev)
			return ttys[i];
	return NULL;
}

int tty_open_file(struct tty_struct *tty, struct file *f, bool console)
{
	struct tty_file *tf = kmalloc(sizeof(*tf), GFP_KERNEL);
	int rc = 0;

	if (!tf) {
		tty_put(tty);
		return -ENOMEM;
	}
	mutex_lock(&tty->open_lock);
	if (tty->exclusive && !capable(CAP_SYS_ADMIN))
		rc = -EBUSY;
	else if (tty->open_count == 0 && tty->ops->open)
		rc = tty->ops->open(tty);
	if (!rc)
		tty->open_count++;
	mutex_unlock(&tty->open_lock);
	if (rc) {
		kfree(tf);
		tty_put(tty);
		return rc;
	}
	*tf = (struct tty_file){ tty, tty->hangups, console };
	f->private_data = tf;
	f->f_mode |= FMODE_STREAM;
	f->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD);
	return 0;
}

static int tty_open(struct inode *inode, struct file *f)
{
	bool console = inode->i_rdev == CONSOLE_DEV;
	struct tty_struct *tty;
	int rc;

	if (inode->i_rdev == TTY_DEV) {
		tty = get_current_tty();
		if (!tty)
			return -ENXIO;
	} else {
		tty = console ? console_tty() : tty_by_dev(inode->i_rdev);
		if (tty)
			atomic_inc(&tty->refs);
		else
			tty = pty_slave_by_dev(inode->i_rdev);
		if (!tty)
			return console ? -ENODEV : -EIO;
	}
	rc = tty_open_file(tty, f, console);
	if (!rc && !console && inode->i_rdev != TTY_DEV && !(f->f_flags & O_NOCTTY))
		tty_open_proc_set_tty(f, tty);
	return rc;
}

static void tty_release(struct inode *inode, struct file *f)
{
	struct tty_file *tf = f->private_data;
	struct tty_struct *tty = tf->tty;

	(void)inode;
	mutex_lock(&tty->open_lock);
	if (--tty->open_count == 0) {
		tty->exclusive = false;
		if (tty->ops->close)
			tty->ops->close(tty);
	}
	mutex_unlock(&tty->open_lock);
	kfree(tf);
	tty_put(tty);
}

/* ---- reading and writing --------------------------------------------------------------------- */

static ssize_t tty_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	(void)pos;
	return tty_hung_up(f) ? 0 : n_tty_read(file_tty(f), f, to);
}

static ssize_t tty_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct tty_struct *tty = file_tty(f);
	ssize_t n;

	(void)pos;
	if (tty_hung_up(f))
		return -EIO;
	if (tty->termios.c_lflag & TOSTOP) {
		n = tty_check_change(tty, SIGTTOU);
		if (n)
			return n;
	}
	if (f->f_flags & O_NONBLOCK) {
		if (!mutex_trylock(&tty->write_lock))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&tty->write_lock)) {
		return -ERESTARTSYS;
	}
	n = n_tty_write(tty, f, from);
	mutex_unlock(&tty->write_lock);
	return n;
}

static unsigned tty_poll(struct file *f, struct poll_table *pt)
{
	unsigned ready = n_tty_poll(file_tty(f), f, pt);

	if (tty_hung_up(f))
		return EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDNORM | EPOLLWRNORM;
	return ready;
}

/* The owner of a terminal's signals is, if nobody else was named, whoever has its foreground. */
int tty_fasync(int fd, struct file *f, bool on)
{
	struct tty_struct *tty = file_tty(f);
	pid_t pgrp = READ_ONCE(tty->pgrp);
	int rc = fasync_helper(fd, f, on, &tty->fasync);

	if (rc || !on)
		return rc;
	rc = pgrp ? f_setown(f, F_OWNER_PGRP, pgrp, SETOWN_IF_NONE) :
		    f_setown(f, F_OWNER_PID, current->tgid, SETOWN_IF_NONE);
	if (rc)
		(void)fasync_helper(fd, f, false, &tty->fasync);
	return rc;
}

const struct file_operations tty_fops = {
	.llseek = noop_llseek,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
	.open = tty_open,
	.fasync = tty_fasync,
	.release = tty_release,
};

/* ---- hang-up --------------------------------------------------------------------------------- */

/* Every process of the session forgets @tty; the leader hears of it. */
static void drop_session(struct tty_struct *tty)
{
	struct task_struct *p;
	unsigned long irq;
	pid_t pgrp;

	write_lock_irqsave(&tasklist_lock, irq);
	pgrp = tty->pgrp;
	pid_get(pgrp);					/* nobody else's number meanwhile */
	for_each_process(p) {
		if (p->signal->tty != tty)
			continue;
		p->signal->tty = NULL;
		if (p->signal->leader && p->sighand) {
			do_send_sig_info(SIGHUP, SEND_SIG_PRIV, p, true);
			do_send_sig_info(SIGCONT, SEND_SIG_PRIV, p, true);
		}
	}
	tty->session = tty->pgrp = 0;
	write_unlock_irqrestore(&tasklist_lock, irq);
	if (pgrp) {
		(void)kill_pgrp(pgrp, SIGHUP, 1);
		(void)kill_pgrp(pgrp, SIGCONT, 1);
	}
	pid_put(pgrp);
}

void tty_hangup(struct tty_struct *tty)
{
	unsigned long irq;

	spin_lock_irqsave(&tty->lock, irq);
	tty->hangups++;
	tty->stopped = false;
	if (tty->link)
		tty->termios = tty_std_termios;		/* a port keeps its settings */
	n_tty_flush_input(tty);
	spin_unlock_irqrestore(&tty->lock, irq);
	drop_session(tty);
	wake_up_all(&tty->read_wait);
	wake_up_all(&tty->write_wait);
}

struct tty_struct *tty_nth(unsigned i)
{
	return i < MAX_TTYS ? ttys[i] : NULL;
}

void __init tty_init(void)
{
	register_chrdev_major(4, "ttyS");
	register_chrdev_major(5, "/dev/tty");
	register_chrdev_major(5, "/dev/console");
	register_chrdev_major(5, "/dev/ptmx");
	if (register_chrdev(TTY_DEV, "tty", &tty_fops, 0666) ||
	    register_chrdev(CONSOLE_DEV, "console", &tty_fops, 0600))
		pr_err("tty: cannot register /dev/tty and /dev/console\n");
	sbi_console_init();
	pty_init();
}
