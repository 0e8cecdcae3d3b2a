/*
 * drivers/tty/tty.h - a terminal: line discipline, job control, and the device behind it.
 *
 * MODEL     input:  the device's handler calls tty_receive(); n_tty edits and echoes it into the ring
 *                   read_buf; read() takes lines (canonical) or bytes from there.
 *           output: write() processes (ONLCR...) into ops->write(), which takes what it has room for
 *                   and calls tty_wakeup() when there is more.
 * INVARIANTS
 *   Y1  read_tail <= canon_head <= read_head, as counters that only grow; head - tail <= N_TTY_BUF.
 *   Y2  In canonical mode only bytes below canon_head are readable.
 * LOCKING   tty->lock, a spin lock taken by handlers, guards input, termios and echo.
 *           tty->write_lock, a mutex, keeps one write() whole against others.
 *           pgrp and session are guarded by tasklist_lock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TTY_H
#define VELLUM_TTY_H

#include "fs/fasync.h"
#include "include/fs.h"
#include "include/uapi/termios.h"
#include "kernel/task/task.h"
#include "kernel/workqueue.h"

#define N_TTY_BUF	4096u

struct tty_operations {
	/* Take up to @n bytes; how many.  => tty->lock may be held; any context, does not sleep */
	unsigned (*write)(struct tty_struct *tty, const char *buf, unsigned n);
	unsigned (*write_room)(struct tty_struct *tty);
	unsigned (*chars_in_buffer)(struct tty_struct *tty);
	void (*flush_buffer)(struct tty_struct *tty);		/* drop what is not sent; or NULL */
	void (*set_termios)(struct tty_struct *tty);		/* or NULL */
	int (*open)(struct tty_struct *tty);			/* first open; or NULL */
	void (*close)(struct tty_struct *tty);			/* last close; or NULL */
	int (*ioctl)(struct tty_struct *tty, unsigned cmd, unsigned long arg);	/* -ENOIOCTLCMD */
	void (*unthrottle)(struct tty_struct *tty);		/* input has room again; or NULL */
	void (*resize)(struct tty_struct *tty);			/* or NULL */
	void (*stop)(struct tty_struct *tty);			/* ^S, or NULL */
	void (*start)(struct tty_struct *tty);			/* ^Q, or NULL */
};

struct tty_struct {
	const struct tty_operations *ops;	/* (I) */
	void *driver_data;			/* (I) */
	const char *name;			/* (I) "ttyS0" */
	dev_t dev;				/* (I) */
	atomic_t refs;				/* ptys are freed with the last one */
	void (*free)(struct tty_struct *tty);	/* (I) or NULL: static */
	int open_count;				/* (open_lock) */
	struct mutex open_lock, write_lock;
	spinlock_t lock;
	struct ktermios termios;		/* (lock) */
	struct ktermios termios_locked;		/* (lock) what is not 0 here does not change there */
	struct winsize winsize;			/* (lock) */
	bool stopped;				/* (lock) ^S */
	unsigned hangups;			/* (lock) how often; files opened before the last are dead */
	bool other_closed;			/* pty: the peer is gone */
	bool packet;				/* pty master: TIOCPKT */
	bool exclusive;
	bool lnext;				/* (lock) next byte is literal */
	bool is_master;				/* pty master: no job control, raw */
	unsigned char pkt_status;
	pid_t pgrp, session;			/* (T) 0: none */

	char *read_buf;				/* (lock) ring of N_TTY_BUF */
	unsigned long *eol;			/* (lock) bitmap: a line ends after this byte */
	u32 read_head, read_tail, canon_head;	/* (lock) */
	unsigned column, canon_column;		/* (lock) of the output; where the edited line began */
	struct tty_struct *link;		/* pty: the other end */
	wait_queue_head_t read_wait, write_wait;
	struct fasync_list fasync;		/* files that tell of it by signals */
	bool wants_room;			/* (A) some of these could not write all: POLL_OUT is to come */
	struct work_struct tell_work;		/* holds a reference while it waits: */
	unsigned long untold_bands, untold_signals;	/* (A) what it is to tell them, and the group */
};

/* Ready @tty's fields; -ENOMEM.  Then tty_register() makes /dev/@name. */
int tty_init_struct(struct tty_struct *tty, const struct tty_operations *ops, const char *name,
		    dev_t dev, void *driver_data);
int tty_register(struct tty_struct *tty);
struct tty_struct *tty_nth(unsigned i);		/* of those that were registered, in order; or NULL */
void proc_tty_init(void);			/* /proc/tty, /proc/consoles */
/* What the termios of a new @tty say of its speed; one that has no name changes nothing. */
void tty_set_speed(struct tty_struct *tty, unsigned baud);
/* @n bytes arrived from the device.  Any context.  How many were taken. */
unsigned tty_receive(struct tty_struct *tty, const char *buf, unsigned n);
unsigned tty_receive_room(struct tty_struct *tty);
/* Signals to files' owners, POLL_*, and to the foreground group.  Any context; where they are many, a bit later. */
void tty_kill_fasync(struct tty_struct *tty, int band);
void tty_signal(struct tty_struct *tty, int sig);
void tty_tell_room(struct tty_struct *tty);	/* POLL_OUT, once, if a write has left something */
/* The device has room again. */
void tty_wakeup(struct tty_struct *tty);
int tty_fasync(int fd, struct file *f, bool on);
/* The line is gone: readers see the end, writers EIO, the session SIGHUP. */
void tty_hangup(struct tty_struct *tty);
void tty_put(struct tty_struct *tty);
void tty_init(void);			/* /dev/tty, /dev/console, ptys */
/* The controlling terminal of the running task's session leader that exits, or setsid(). */
void disassociate_ctty(bool on_exit);
void proc_clear_tty(struct task_struct *p);
/* For /proc/PID/stat: encoded device number of the controlling terminal, its group. */
dev_t tty_nr(struct task_struct *p);
pid_t tty_pgrp_nr(struct task_struct *p);

/* drivers/tty/n_tty.c */
ssize_t n_tty_read(struct tty_struct *tty, struct file *f, struct iov_iter *to);
ssize_t n_tty_write(struct tty_struct *tty, struct file *f, struct iov_iter *from);
unsigned n_tty_poll(struct tty_struct *tty, struct file *f, struct poll_table *pt);
unsigned n_tty_inq(struct tty_struct *tty);
void n_tty_flush_input(struct tty_struct *tty);
void n_tty_set_termios(struct tty_struct *tty, const struct ktermios *old);
/* drivers/tty/tty_ioctl.c */
long tty_ioctl(struct file *f, unsigned cmd, unsigned long arg);
/* drivers/tty/jobctrl.c */
int tty_check_change(struct tty_struct *tty, int sig);
long tiocsctty(struct tty_struct *tty, struct file *f, int force);
void tty_open_proc_set_tty(struct file *f, struct tty_struct *tty);
long tty_jobctrl_ioctl(struct tty_struct *tty, struct tty_struct *real, struct file *f, unsigned cmd,
		       unsigned long arg);

/* private_data of an open terminal. */
struct tty_file {
	struct tty_struct *tty;			/* counted */
	unsigned hangups;			/* of the tty when it was opened */
	bool console;				/* opened as /dev/console: survives hang-ups */
};
static inline struct tty_struct *file_tty(struct file *f)
{ return ((struct tty_file *)f->private_data)->tty; }
static inline bool tty_hung_up(struct file *f)
{
	struct tty_file *tf = f->private_data;

	return tf->hangups != READ_ONCE(tf->tty->hangups) && !tf->console;
}
struct tty_struct *get_current_tty(void);	/* counted, or NULL */
/* Attach @f to @tty, whose reference is taken over: what open() does.  0 or -errno */
int tty_open_file(struct tty_struct *tty, struct file *f, bool console);
extern const struct file_operations tty_fops;
extern const struct ktermios tty_std_termios;
void pty_init(void);
void sbi_console_init(void);

#endif
