/*
 * drivers/tty/n_tty.c - the line discipline's other half: read(), write(), poll(), output processing.
 *
 * MODEL     read: in canonical mode one line at most, and none but whole ones; else VMIN bytes within VTIME
 *           tenths of a second between two.
 *           write: bytes are transformed under tty->lock straight into what the device has room for,
 *           so that nothing has to be remembered when a writer stops halfway.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/n_tty.h"
#include "include/uapi/errno.h"
#include "include/uapi/poll.h"
#include "kernel/signal/signal.h"
#include "lib/string.h"

#define WRITE_CHUNK	256u
#define DECISECOND	100000000ull
#define FOREVER		(~0ull)

/* ---- output ---------------------------------------------------------------------------------- */

static unsigned process_char(struct tty_struct *tty, unsigned char c, char *out)
{
	unsigned n = 0, spaces;

	switch (c) {
	case '\n':
		if (O(tty, ONLRET))
			tty->column = 0;
		if (O(tty, ONLCR)) {
			out[n++] = '\r';
			tty->column = 0;
		}
		break;
	case '\r':
		if (O(tty, ONOCR) && !tty->column)
			return 0;
		if (O(tty, OCRNL)) {
			c = '\n';
			if (O(tty, ONLRET))
				tty->column = 0;
		} else {
			tty->column = 0;
		}
		break;
	case '\t':
		spaces = 8 - (tty->column & 7);
		tty->column += spaces;
		if (O(tty, TABDLY) == XTABS) {
			memset(out, ' ', spaces);
			return spaces;
		}
		break;
	case '\b':
		if (tty->column)
			tty->column--;
		break;
	default:
		if (c >= ' ' && c != 127) {
			if (O(tty, OLCUC) && c >= 'a' && c <= 'z')
				c -= 'a' - 'A';
			if (!(I(tty, IUTF8) && (c & 0xc0) == 0x80))
				tty->column++;
		}
	}
	out[n++] = c;
	return n;
}

unsigned n_tty_process(struct tty_struct *tty, const char *in, unsigned n, char *out)
{
	unsigned to = 0;

	for (unsigned i = 0; i < n; i++)
		to += process_char(tty, in[i], out + to);
	return to;
}

void n_tty_out_raw(struct tty_struct *tty, const char *s, unsigned n)
{
	tty->ops->write(tty, s, n);
}

void n_tty_out(struct tty_struct *tty, unsigned char c)
{
	char out[N_TTY_EXPAND];

	if (!O(tty, OPOST))
		n_tty_out_raw(tty, (const char *)&c, 1);
	else
		n_tty_out_raw(tty, out, process_char(tty, c, out));
}

/* Give the device what it takes of @n bytes; how many of them. */
static unsigned write_some(struct tty_struct *tty, const char *buf, unsigned n)
{
	char out[WRITE_CHUNK * 2];
	unsigned long irq;
	unsigned room, expand = 1;

	spin_lock_irqsave(&tty->lock, irq);
	room = min(tty->ops->write_room(tty), (unsigned)sizeof(out));
	if (O(tty, OPOST))
		expand = O(tty, TABDLY) == XTABS ? N_TTY_EXPAND : 2;
	n = min(n, room / expand);
	if (n && expand == 1)
		n = tty->ops->write(tty, buf, n);
	else if (n)
		tty->ops->write(tty, out, n_tty_process(tty, buf, n, out));
	spin_unlock_irqrestore(&tty->lock, irq);
	return n;
}

static bool line_dead(struct tty_struct *tty, struct file *f)
{
	return tty_hung_up(f) || READ_ONCE(tty->other_closed);
}

/* Wait until the device has room; 0 or -errno. */
static int wait_for_room(struct tty_struct *tty, struct file *f)
{
	if (f->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(tty->write_wait,
					tty->ops->write_room(tty) >= N_TTY_EXPAND || line_dead(tty, f));
}

/* Some bytes are left: who is told of @tty by signals hears when there is room, which may have come meanwhile. */
static void want_room(struct tty_struct *tty)
{
	WRITE_ONCE(tty->wants_room, true);
	smp_mb();			/* pairs with that in tty_wakeup() */
	if (tty->ops->write_room(tty) >= N_TTY_EXPAND)
		tty_tell_room(tty);
}

ssize_t n_tty_write(struct tty_struct *tty, struct file *f, struct iov_iter *from)
{
	char buf[WRITE_CHUNK];
	ssize_t done = 0;
	int rc = 0;

	while (from->count) {
		struct iov_iter mark = *from;
		unsigned n = min(from->count, sizeof(buf)), sent = 0;

		if (line_dead(tty, f)) {
			rc = -EIO;
			break;
		}
		if (copy_from_iter(buf, n, from) != n) {
			rc = -EFAULT;
			break;
		}
		while (sent < n && !rc) {
			unsigned took = write_some(tty, buf + sent, n - sent);

			sent += took;
			if (!took)
				rc = wait_for_room(tty, f);
			if (line_dead(tty, f))
				rc = rc ? rc : -EIO;
		}
		done += sent;
		if (rc) {
			iov_iter_advance(&mark, sent);
			*from = mark;
			break;
		}
	}
	if (unlikely(from->count && fasync_any(&tty->fasync)))
		want_room(tty);
	return done ? done : rc;
}

/* ---- input ----------------------------------------------------------------------------------- */

static bool input_available(struct tty_struct *tty, bool poll)
{
	u32 want = poll && !CC(tty, VTIME) && CC(tty, VMIN) ? CC(tty, VMIN) : 1;

	if (L(tty, ICANON))
		return READ_ONCE(tty->canon_head) != tty->read_tail;	/* Y2 */
	return READ_ONCE(tty->read_head) - tty->read_tail >= want;
}

unsigned n_tty_inq(struct tty_struct *tty)
{
	unsigned long irq;
	unsigned n = 0;

	spin_lock_irqsave(&tty->lock, irq);
	if (!L(tty, ICANON)) {
		n = tty->read_head - tty->read_tail;
	} else {
		for (u32 at = tty->read_tail; at != tty->canon_head; at++)
			if (!test_bit(at % N_TTY_BUF, tty->eol) || tty->read_buf[at % N_TTY_BUF] != DISABLED_CHAR)
				n++;
	}
	spin_unlock_irqrestore(&tty->lock, irq);
	return n;
}

/* Up to @n bytes of one line to @buf; *end: the line is complete. */
static unsigned take_line(struct tty_struct *tty, char *buf, unsigned n, bool *end)
{
	unsigned got = 0;

	*end = false;
	while (tty->read_tail != tty->canon_head && !*end) {
		unsigned at = tty->read_tail % N_TTY_BUF;
		char c = tty->read_buf[at];
		bool eol = test_bit(at, tty->eol), eof = eol && c == DISABLED_CHAR;

		if (got == n && !eof)
			break;
		tty->read_tail++;
		if (eol)
			clear_bit(at, tty->eol);
		*end = eol;
		if (!eof)
			buf[got++] = c;
	}
	return got;
}

static unsigned take_raw(struct tty_struct *tty, char *buf, unsigned n)
{
	unsigned got = min(n, tty->read_head - tty->read_tail);

	for (unsigned i = 0; i < got; i++)
		buf[i] = tty->read_buf[(tty->read_tail + i) % N_TTY_BUF];
	tty->read_tail += got;
	tty->canon_head = tty->read_head;
	return got;
}

/* Move what is ready to the reader.  Bytes, or -EFAULT; *end: a line (or end of file) was complete. */
static ssize_t copy_ready(struct tty_struct *tty, struct iov_iter *to, bool *end)
{
	char buf[256];
	ssize_t done = 0;

	*end = false;
	while (to->count && !*end) {
		unsigned want = min(to->count, sizeof(buf)), n;
		unsigned long irq;

		spin_lock_irqsave(&tty->lock, irq);
		n = L(tty, ICANON) ? take_line(tty, buf, want, end) : take_raw(tty, buf, want);
		spin_unlock_irqrestore(&tty->lock, irq);
		if (!n)
			break;
		if (copy_to_iter(buf, n, to) != n)
			return done ? done : -EFAULT;
		done += n;
	}
	if (tty->ops->unthrottle)
		tty->ops->unthrottle(tty);
	return done;
}

struct read_wait {
	u64 timeout;		/* ns left to wait, FOREVER */
	u64 between;		/* after the first byte */
	unsigned minimum;	/* bytes that end the read */
};

static void read_limits(struct tty_struct *tty, struct read_wait *w)
{
	*w = (struct read_wait){ FOREVER, 0, 1 };
	if (L(tty, ICANON))
		return;
	if (CC(tty, VMIN)) {
		w->minimum = CC(tty, VMIN);
		w->between = CC(tty, VTIME) * DECISECOND;
	} else {
		w->timeout = CC(tty, VTIME) * DECISECOND;
	}
}

/* Why a read that found nothing has to end: 1 with *rc set, or 0: sleep. */
static bool read_over(struct tty_struct *tty, struct file *f, const struct read_wait *w, ssize_t *rc)
{
	*rc = 0;
	if (tty_hung_up(f) || !w->timeout)
		return true;
	if (tty->other_closed)
		return true;
	if (f->f_flags & O_NONBLOCK)
		*rc = -EAGAIN;
	else if (signal_pending())
		*rc = -ERESTARTSYS;
	else
		return false;
	return true;
}

ssize_t n_tty_read(struct tty_struct *tty, struct file *f, struct iov_iter *to)
{
	ssize_t done = 0, rc;
	struct read_wait w;
	bool end;
	DEFINE_WAIT(wait);

	rc = tty_check_change(tty, SIGTTIN);
	if (rc)
		return rc;
	read_limits(tty, &w);
	while (to->count) {
		prepare_to_wait(&tty->read_wait, &wait, TASK_INTERRUPTIBLE);
		if (!input_available(tty, false)) {
			if (read_over(tty, f, &w, &rc)) {
				done = done ? done : rc;
				break;
			}
			w.timeout = schedule_timeout(w.timeout);
			continue;
		}
		finish_wait(&tty->read_wait, &wait);
		rc = copy_ready(tty, to, &end);
		if (rc < 0) {
			done = done ? done : rc;
			break;
		}
		done += rc;
		if (end || L(tty, ICANON) || done >= w.minimum)
			break;
		if (w.between)
			w.timeout = w.between;
	}
	finish_wait(&tty->read_wait, &wait);
	return done;
}

unsigned n_tty_poll(struct tty_struct *tty, struct file *f, struct poll_table *pt)
{
	unsigned mask = 0;

	poll_wait(f, &tty->read_wait, pt);
	poll_wait(f, &tty->write_wait, pt);
	if (input_available(tty, true))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (tty->other_closed)
		mask |= EPOLLHUP;
	if (tty->ops->write_room(tty) > 0)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}
