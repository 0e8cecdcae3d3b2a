/*
 * drivers/tty/pty.c - pseudo-terminals: a terminal whose device is another process.
 *
 * MODEL     Opening /dev/ptmx makes a pty.  What the master writes is the slave's input, through the line
 *           discipline; what the slave writes, and its echo, goes into a ring that the master reads as it is.
 *           The slave lives as long as files are open on it; with the master's end it is hung up.
 *
 *             master write --> tty_receive(slave) --> slave read
 *             master read  <-- ring               <-- slave write, echo
 *
 * LOCKING   pty_mutex: table, life.  pty->lock: ring; innermost, taken under the slave's tty->lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/pty.h"
#include "fs/chrdev.h"
#include "fs/fasync.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/proc/proc.h"
#include "include/uaccess.h"
#include "include/uapi/poll.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "lib/printk.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

#define PTY_RING	4096u

enum { PKT_FLUSHREAD = 1, PKT_FLUSHWRITE = 2, PKT_STOP = 4, PKT_START = 8 };

struct pty {
	struct tty_struct master, slave;
	atomic_t users;			/* the two terminals' last references */
	unsigned index;			/* (I) */
	bool locked;			/* TIOCSPTLCK */
	bool master_gone;		/* (pty_mutex) */
	spinlock_t lock;
	u32 head, tail;			/* (lock) */
	char name[16];
	char ring[PTY_RING];		/* (lock) */
};

static DEFINE_MUTEX(pty_mutex, RANK_VFS);
static struct pty *ptys[PTY_MAX];
static int pty_limit = PTY_MAX, pty_reserve = PTY_RESERVE, pty_count;	/* count: (pty_mutex) */

static struct pty *to_pty(struct tty_struct *tty) { return tty->driver_data; }
static u32 ring_used(const struct pty *p) { return READ_ONCE(p->head) - READ_ONCE(p->tail); }

/* ---- slave's device: the ring ---------------------------------------------------------------- */

static unsigned pts_write(struct tty_struct *tty, const char *buf, unsigned n)
{
	struct pty *p = to_pty(tty);
	unsigned long irq;

	spin_lock_irqsave(&p->lock, irq);
	n = min(n, PTY_RING - (p->head - p->tail));
	for (unsigned i = 0; i < n; i++)
		p->ring[p->head++ % PTY_RING] = buf[i];
	spin_unlock_irqrestore(&p->lock, irq);
	if (n && waitqueue_active(&p->master.read_wait))
		wake_up_poll(&p->master.read_wait, EPOLLIN | EPOLLRDNORM);
	if (n)
		tty_kill_fasync(&p->master, POLL_IN);
	return n;
}

static unsigned pts_write_room(struct tty_struct *tty)
{
	return tty->stopped ? 0 : PTY_RING - ring_used(to_pty(tty));
}

static void packet_event(struct pty *p, unsigned set, unsigned clear)
{
	if (!p->master.packet)
		return;
	p->master.pkt_status = (p->master.pkt_status & ~clear) | set;
	wake_up_poll(&p->master.read_wait, EPOLLPRI | EPOLLIN);
}

/* What is in the ring has reached the master already: it is only told. */
static void pts_flush_buffer(struct tty_struct *tty)
{
	packet_event(to_pty(tty), PKT_FLUSHWRITE, 0);
}

static void pts_stop(struct tty_struct *tty) { packet_event(to_pty(tty), PKT_STOP, PKT_START); }

static void pts_start(struct tty_struct *tty)
{
	packet_event(to_pty(tty), PKT_START, PKT_STOP);
	tty_wakeup(tty);
}

/* The slave has read: the master may write more. */
static void pts_unthrottle(struct tty_struct *tty)
{
	tty_wakeup(&to_pty(tty)->master);
}

static int pts_open(struct tty_struct *tty)
{
	struct pty *p = to_pty(tty);

	if (p->locked || p->master_gone)
		return -EIO;
	p->master.other_closed = false;
	return 0;
}

static void pts_close(struct tty_struct *tty)
{
	struct pty *p = to_pty(tty);

	p->master.other_closed = true;
	wake_up_all(&p->master.read_wait);
	wake_up_all(&p->master.write_wait);
}

static const struct tty_operations pts_ops = {
	.write = pts_write,
	.write_room = pts_write_room,
	.flush_buffer = pts_flush_buffer,
	.stop = pts_stop,
	.start = pts_start,
	.unthrottle = pts_unthrottle,
	.open = pts_open,
	.close = pts_close,
};

/* ---- master ---------------------------------------------------------------------------------- */

static unsigned take_ring(struct pty *p, char *buf, unsigned n)
{
	unsigned long irq;

	spin_lock_irqsave(&p->lock, irq);
	n = min(n, p->head - p->tail);
	for (unsigned i = 0; i < n; i++)
		buf[i] = p->ring[p->tail++ % PTY_RING];
	spin_unlock_irqrestore(&p->lock, irq);
	return n;
}

static bool master_readable(struct pty *p)
{
	return ring_used(p) || (p->master.packet && p->master.pkt_status);
}

/* 0: there is something to read. */
static int master_wait(struct pty *p, struct file *f)
{
	int rc = 0;

	if (!master_readable(p) && !p->master.other_closed) {
		if (f->f_flags & O_NONBLOCK)
			return -EAGAIN;
		rc = wait_event_interruptible(p->master.read_wait,
					      master_readable(p) || p->master.other_closed);
	}
	return !rc && !master_readable(p) ? -EIO : rc;
}

static ssize_t ptm_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct pty *p = to_pty(file_tty(f));
	ssize_t done = 0;
	char buf[256];
	unsigned n;
	int rc;

	(void)pos;
	if (!to->count)
		return 0;
	rc = master_wait(p, f);
	if (rc)
		return rc;
	if (p->master.packet) {
		char status = xchg(&p->master.pkt_status, 0);

		if (copy_to_iter(&status, 1, to) != 1)
			return -EFAULT;
		if (status)
			return 1;
		done = 1;
	}
	while (to->count && (n = take_ring(p, buf, min(to->count, sizeof(buf))))) {
		if (copy_to_iter(buf, n, to) != n)
			return done ? done : -EFAULT;
		done += n;
	}
	tty_wakeup(&p->slave);
	return done;
}

static ssize_t ptm_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct pty *p = to_pty(file_tty(f));
	ssize_t done = 0;
	char buf[256];
	int rc = 0;

	(void)pos;
	while (from->count && !rc) {
		unsigned n = min(from->count, sizeof(buf));

		n = min(n, tty_receive_room(&p->slave));
		if (!n) {
			rc = f->f_flags & O_NONBLOCK ? -EAGAIN :
			     wait_event_interruptible(p->master.write_wait, tty_receive_room(&p->slave));
			continue;
		}
		if (copy_from_iter(buf, n, from) != n) {
			rc = -EFAULT;
			break;
		}
		tty_receive(&p->slave, buf, n);
		done += n;
	}
	return done ? done : rc;
}

static unsigned ptm_poll(struct file *f, struct poll_table *pt)
{
	struct pty *p = to_pty(file_tty(f));
	unsigned mask = 0;

	poll_wait(f, &p->master.read_wait, pt);
	poll_wait(f, &p->master.write_wait, pt);
	if (master_readable(p))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (p->master.packet && p->master.pkt_status)
		mask |= EPOLLPRI;
	if (p->master.other_closed)
		mask |= EPOLLHUP;
	if (tty_receive_room(&p->slave))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static int ptm_get_peer(struct pty *p, int flags)
{
	int fd = get_unused_fd_flags(flags);
	struct file *file;

	if (fd < 0)
		return fd;
	file = devpts_open_slave(p->index, flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

static int ptm_flush(struct pty *p, unsigned long what)
{
	unsigned long irq;

	if (what > TCIOFLUSH)
		return -EINVAL;
	if (what != TCOFLUSH) {
		spin_lock_irqsave(&p->lock, irq);
		p->tail = p->head;
		spin_unlock_irqrestore(&p->lock, irq);
		tty_wakeup(&p->slave);
	}
	if (what != TCIFLUSH) {
		spin_lock_irqsave(&p->slave.lock, irq);
		n_tty_flush_input(&p->slave);
		spin_unlock_irqrestore(&p->slave.lock, irq);
	}
	return 0;
}

static int ptm_ioctl(struct tty_struct *tty, unsigned cmd, unsigned long arg)
{
	struct pty *p = to_pty(tty);
	int value;

	switch (cmd) {
	case TIOCGPTN:
		return put_user(p->index, (unsigned __user *)arg);
	case TIOCSPTLCK:
		if (get_user(value, (int __user *)arg))
			return -EFAULT;
		p->locked = value;
		return 0;
	case TIOCGPTLCK:
		return put_user((int)p->locked, (int __user *)arg);
	case TIOCPKT:
		if (get_user(value, (int __user *)arg))
			return -EFAULT;
		tty->pkt_status = 0;
		tty->packet = value;
		return 0;
	case TIOCGPKT:
		return put_user((int)tty->packet, (int __user *)arg);
	case TIOCGPTPEER:
		return ptm_get_peer(p, arg);
	case TIOCSIG:
		if (arg != SIGINT && arg != SIGQUIT && arg != SIGTSTP)
			return -EINVAL;
		if (p->slave.pgrp)
			kill_pgrp(p->slave.pgrp, arg, 1);
		return 0;
	case FIONREAD:
		return put_user((int)ring_used(p), (int __user *)arg);
	case TCFLSH:
		return ptm_flush(p, arg);
	case TIOCSTI:
	case TIOCVHANGUP:
		return -EPERM;
	default:
		return -ENOIOCTLCMD;
	}
}

static unsigned ptm_ops_write(struct tty_struct *tty, const char *buf, unsigned n)
{
	return tty_receive(&to_pty(tty)->slave, buf, n);
}

static unsigned ptm_ops_room(struct tty_struct *tty)
{
	return tty_receive_room(&to_pty(tty)->slave);
}

static const struct tty_operations ptm_ops = {
	.write = ptm_ops_write,
	.write_room = ptm_ops_room,
	.ioctl = ptm_ioctl,
};

/* ---- life ------------------------------------------------------------------------------------ */

/* One of the two terminals has no reference any more. */
static void pty_put(struct tty_struct *tty)
{
	struct pty *p = to_pty(tty);
	unsigned long irq;
	struct task_struct *t;

	if (!atomic_dec_and_test(&p->users))
		return;
	write_lock_irqsave(&tasklist_lock, irq);
	for_each_process(t)
		if (t->signal->tty == &p->slave)
			t->signal->tty = NULL;
	write_unlock_irqrestore(&tasklist_lock, irq);
	kfree(p->master.read_buf);
	kfree(p->master.eol);
	kfree(p->slave.read_buf);
	kfree(p->slave.eol);
	kfree(p);
}

static int pty_setup(struct pty *p)
{
	int rc = tty_init_struct(&p->master, &ptm_ops, "ptm", PTMX_DEV, p);

	if (rc)
		return rc;
	snprintf(p->name, sizeof(p->name), "pts/%u", p->index);
	rc = tty_init_struct(&p->slave, &pts_ops, p->name, PTS_DEV(p->index), p);
	if (rc) {
		kfree(p->master.read_buf);
		kfree(p->master.eol);
		return rc;
	}
	p->master.is_master = true;
	p->master.link = &p->slave;
	p->slave.link = &p->master;
	p->master.free = p->slave.free = pty_put;
	p->locked = true;
	atomic_set(&p->users, 2);
	spin_lock_init(&p->lock, RANK_NONE);
	return 0;
}

/* A pty in the table, with its node. */
static int pty_create(struct pty **out)
{
	struct pty *p = kzalloc(sizeof(*p), GFP_KERNEL);
	unsigned i;
	int rc;

	if (!p)
		return -ENOMEM;
	mutex_lock(&pty_mutex);
	for (i = 0; i < PTY_MAX && ptys[i]; i++)
		;
	p->index = i;
	rc = i < PTY_MAX && pty_count < READ_ONCE(pty_limit) ? pty_setup(p) : -ENOSPC;
	if (rc)
		goto undo_alloc;
	rc = register_chrdev(PTS_DEV(i), NULL, &tty_fops, 0);
	if (rc)
		goto undo_setup;
	rc = devpts_add(i, current_fsuid(), current_fsgid());
	if (rc)
		goto undo_chrdev;
	ptys[i] = p;
	pty_count++;
	mutex_unlock(&pty_mutex);
	*out = p;
	return 0;

undo_chrdev:
	unregister_chrdev(PTS_DEV(i));
undo_setup:
	kfree(p->master.read_buf);
	kfree(p->master.eol);
	kfree(p->slave.read_buf);
	kfree(p->slave.eol);
undo_alloc:
	mutex_unlock(&pty_mutex);
	kfree(p);
	return rc;
}

/* The master is closed. */
static void pty_destroy(struct pty *p)
{
	mutex_lock(&pty_mutex);
	p->master_gone = true;
	ptys[p->index] = NULL;
	pty_count--;
	devpts_remove(p->index);
	unregister_chrdev(PTS_DEV(p->index));
	mutex_unlock(&pty_mutex);
	p->slave.other_closed = true;
	tty_hangup(&p->slave);
	tty_put(&p->slave);
}

struct tty_struct *pty_slave_by_dev(dev_t dev)
{
	struct tty_struct *tty = NULL;

	mutex_lock(&pty_mutex);
	if (MAJOR(dev) == MAJOR(PTS_DEV(0)) && MINOR(dev) < PTY_MAX && ptys[MINOR(dev)]) {
		tty = &ptys[MINOR(dev)]->slave;
		atomic_inc(&tty->refs);
	}
	mutex_unlock(&pty_mutex);
	return tty;
}

static int ptmx_open(struct inode *inode, struct file *f)
{
	struct pty *p;
	int rc = pty_create(&p);

	(void)inode;
	if (rc)
		return rc;
	rc = tty_open_file(&p->master, f, false);
	if (rc)
		pty_destroy(p);
	return rc;
}

static void ptmx_release(struct inode *inode, struct file *f)
{
	struct tty_file *tf = f->private_data;
	struct pty *p = to_pty(tf->tty);

	(void)inode;
	kfree(tf);
	pty_destroy(p);
	tty_put(&p->master);
}

static const struct file_operations ptmx_fops = {
	.llseek = noop_llseek,
	.read = ptm_read,
	.write = ptm_write,
	.poll = ptm_poll,
	.ioctl = tty_ioctl,
	.fasync = tty_fasync,
	.open = ptmx_open,
	.release = ptmx_release,
};

/* reserve: of max, what only the first instance of devpts may use.  There is one instance: it may use all. */
static const struct ctl_table pty_table[] = {
	{ .name = "max", .data = &pty_limit, .maxlen = sizeof(int), .mode = 0644, .handler = proc_dointvec,
	  .min = 0, .max = PTY_MAX },
	{ .name = "reserve", .data = &pty_reserve, .maxlen = sizeof(int), .mode = 0644, .handler = proc_dointvec,
	  .min = 0, .max = INT32_MAX },
	{ .name = "nr", .data = &pty_count, .maxlen = sizeof(int), .mode = 0444, .handler = proc_dointvec },
};

void __init pty_init(void)
{
	(void)register_sysctl("kernel/pty", pty_table, ARRAY_SIZE(pty_table));
	devpts_init();
	register_chrdev_major(128, "ptm");
	register_chrdev_major(136, "pts");
	if (register_chrdev(PTMX_DEV, "ptmx", &ptmx_fops, 0666))
		pr_err("/dev/ptmx cannot be registered\n");
}
