/*
 * drivers/tty/n_tty_input.c - the line discipline's input half: signals, editing, echo.
 *
 * MODEL     Each byte from the device goes through one function, in the order that POSIX implies: literal,
 *           flow control, signal characters, CR and NL, line editing, echo, ring.
 *           In canonical mode the line being typed lies between canon_head and read_head, and editing
 *           takes bytes off its end; a set bit in eol says that a line ends with this byte.  An end of file
 *           is a DISABLED_CHAR with its bit set, which no reader gets.
 * INVARIANTS  Y1, Y2 of tty.h
 * LOCKING   tty->lock, interrupts off: called from handlers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/n_tty.h"
#include "fs/fasync.h"
#include "include/uapi/poll.h"
#include "kernel/signal/signal.h"
#include "lib/ctype.h"
#include "lib/string.h"

static inline char *slot(struct tty_struct *tty, u32 at) { return &tty->read_buf[at % N_TTY_BUF]; }
static inline u32 read_cnt(const struct tty_struct *tty) { return tty->read_head - tty->read_tail; }

void n_tty_flush_input(struct tty_struct *tty)
{
	tty->read_tail = tty->canon_head = tty->read_head;
	tty->lnext = false;
	memset(tty->eol, 0, N_TTY_BUF / 8);
}

/* ---- echo ------------------------------------------------------------------------------------ */

static bool is_ctrl(unsigned char c)
{
	return (c < ' ' || c == 127) && c != '\t';
}

static void echo_char(struct tty_struct *tty, unsigned char c) REQUIRES(tty->lock)
{
	if (L(tty, ECHOCTL) && is_ctrl(c) && c != '\n') {
		n_tty_out(tty, '^');
		n_tty_out(tty, c ^ 0100);
	} else {
		n_tty_out(tty, c);
	}
}

/* Columns that @c takes on the screen. */
static unsigned char_width(struct tty_struct *tty, unsigned char c, unsigned column)
{
	if (c == '\t')
		return 8 - (column & 7);
	if (is_ctrl(c))
		return L(tty, ECHOCTL) ? 2 : 0;
	if (I(tty, IUTF8) && (c & 0xc0) == 0x80)
		return 0;
	return 1;
}

/* Where the cursor was before the last character of the line, which ends before @end. */
static unsigned column_at(struct tty_struct *tty, u32 end)
{
	unsigned column = tty->canon_column;

	for (u32 at = tty->canon_head; at != end; at++)
		column += char_width(tty, *slot(tty, at), column);
	return column;
}

static void erase_on_screen(struct tty_struct *tty, unsigned char c) REQUIRES(tty->lock)
{
	unsigned to = column_at(tty, tty->read_head), width = char_width(tty, c, to);

	while (width-- > 0) {
		n_tty_out_raw(tty, "\b \b", 3);
		if (tty->column)
			tty->column--;
	}
}

/* ---- editing --------------------------------------------------------------------------------- */

/* Take the last character off the line: all its bytes, if it is UTF-8. */
static void erase_one(struct tty_struct *tty) REQUIRES(tty->lock)
{
	unsigned char c;

	do {
		c = *slot(tty, --tty->read_head);
	} while (I(tty, IUTF8) && (c & 0xc0) == 0x80 && tty->read_head != tty->canon_head);
	if (!L(tty, ECHO))
		return;
	if (L(tty, ECHOE))
		erase_on_screen(tty, c);
	else
		echo_char(tty, CC(tty, VERASE));
}

static void erase_word(struct tty_struct *tty) REQUIRES(tty->lock)
{
	bool seen = false;

	while (tty->read_head != tty->canon_head) {
		unsigned char c = *slot(tty, tty->read_head - 1);

		if (isalnum(c) || c == '_')
			seen = true;
		else if (seen)
			break;
		erase_one(tty);
	}
}

static void kill_line(struct tty_struct *tty) REQUIRES(tty->lock)
{
	if (L(tty, ECHO) && !(L(tty, ECHOK) && L(tty, ECHOKE) && L(tty, ECHOE))) {
		tty->read_head = tty->canon_head;
		echo_char(tty, CC(tty, VKILL));
		if (L(tty, ECHOK))
			n_tty_out(tty, '\n');
		return;
	}
	while (tty->read_head != tty->canon_head)
		erase_one(tty);
}

static void reprint_line(struct tty_struct *tty) REQUIRES(tty->lock)
{
	echo_char(tty, CC(tty, VREPRINT));
	n_tty_out(tty, '\n');
	for (u32 at = tty->canon_head; at != tty->read_head; at++)
		echo_char(tty, *slot(tty, at));
}

/* ---- into the ring --------------------------------------------------------------------------- */

static void put_queue(struct tty_struct *tty, unsigned char c)
{
	if (read_cnt(tty) >= N_TTY_BUF)
		return;
	clear_bit(tty->read_head % N_TTY_BUF, tty->eol);
	*slot(tty, tty->read_head++) = c;
}

/* The line is done: @c ends it. */
static void end_line(struct tty_struct *tty, unsigned char c)
{
	if (read_cnt(tty) >= N_TTY_BUF)
		tty->read_head--;		/* the end is worth more than its last byte */
	*slot(tty, tty->read_head) = c;
	set_bit(tty->read_head % N_TTY_BUF, tty->eol);
	tty->canon_head = ++tty->read_head;
	INV(Y1, read_cnt(tty) <= N_TTY_BUF);
}

/* Room for an ordinary byte: a line keeps one free for its end. */
static bool has_room(struct tty_struct *tty) REQUIRES(tty->lock)
{
	if (read_cnt(tty) < N_TTY_BUF - 1)
		return true;
	if (I(tty, IMAXBEL))
		n_tty_out_raw(tty, "\a", 1);
	return false;
}

static void put_echoed(struct tty_struct *tty, unsigned char c) REQUIRES(tty->lock)
{
	if (!has_room(tty))
		return;
	if (L(tty, ECHO)) {
		if (tty->canon_head == tty->read_head)
			tty->canon_column = tty->column;
		echo_char(tty, c);
	}
	if (c == 0xff && I(tty, PARMRK))
		put_queue(tty, c);
	put_queue(tty, c);
}

/* ---- one byte -------------------------------------------------------------------------------- */

static void do_signal(struct tty_struct *tty, int sig, unsigned char c) REQUIRES(tty->lock)
{
	if (!L(tty, NOFLSH)) {
		n_tty_flush_input(tty);
		if (tty->ops->flush_buffer)
			tty->ops->flush_buffer(tty);
	}
	if (I(tty, IXON) && tty->stopped) {
		tty->stopped = false;
		if (tty->ops->start)
			tty->ops->start(tty);
	}
	if (L(tty, ECHO))
		echo_char(tty, c);
	tty_signal(tty, sig);
}

static bool flow_control(struct tty_struct *tty, unsigned char c) REQUIRES(tty->lock)
{
	bool stop;

	if (c == DISABLED_CHAR || (c != CC(tty, VSTART) && c != CC(tty, VSTOP)))
		return false;
	stop = c == CC(tty, VSTOP) && !(c == CC(tty, VSTART) && tty->stopped);
	tty->stopped = stop;
	if (stop && tty->ops->stop)
		tty->ops->stop(tty);
	if (!stop && tty->ops->start)
		tty->ops->start(tty);
	return true;
}

static bool signal_char(struct tty_struct *tty, unsigned char c) REQUIRES(tty->lock)
{
	if (c == DISABLED_CHAR)
		return false;
	if (c == CC(tty, VINTR))
		do_signal(tty, SIGINT, c);
	else if (c == CC(tty, VQUIT))
		do_signal(tty, SIGQUIT, c);
	else if (c == CC(tty, VSUSP))
		do_signal(tty, SIGTSTP, c);
	else
		return false;
	return true;
}

/* Whether @c was an editing character, or ended the line. */
static bool canon_char(struct tty_struct *tty, unsigned char c) REQUIRES(tty->lock)
{
	bool ext = L(tty, IEXTEN), empty = tty->read_head == tty->canon_head;

	if (c == '\n') {
		if (L(tty, ECHO) || L(tty, ECHONL))
			n_tty_out(tty, '\n');
		end_line(tty, c);
		return true;
	}
	if (c == DISABLED_CHAR)
		return false;
	if (c == CC(tty, VERASE)) {
		if (!empty)
			erase_one(tty);
	} else if (c == CC(tty, VKILL)) {
		kill_line(tty);
	} else if (ext && c == CC(tty, VWERASE)) {
		erase_word(tty);
	} else if (ext && c == CC(tty, VLNEXT)) {
		tty->lnext = true;
		if (L(tty, ECHO) && L(tty, ECHOCTL))
			n_tty_out_raw(tty, "^\b", 2);
	} else if (ext && L(tty, ECHO) && c == CC(tty, VREPRINT)) {
		reprint_line(tty);
	} else if (c == CC(tty, VEOF)) {
		end_line(tty, DISABLED_CHAR);
	} else if (c == CC(tty, VEOL) || (ext && c == CC(tty, VEOL2))) {
		if (L(tty, ECHO)) {
			if (empty)
				tty->canon_column = tty->column;
			echo_char(tty, c);
		}
		end_line(tty, c);
	} else {
		return false;
	}
	return true;
}

static void receive_char(struct tty_struct *tty, unsigned char c) REQUIRES(tty->lock)
{
	if (I(tty, ISTRIP))
		c &= 0x7f;
	if (tty->lnext) {
		tty->lnext = false;
		put_echoed(tty, c);
		return;
	}
	if (I(tty, IUCLC) && L(tty, IEXTEN))
		c = tolower(c);
	if (tty->stopped && I(tty, IXON) && I(tty, IXANY) && c != CC(tty, VSTOP)) {
		tty->stopped = false;
		if (tty->ops->start)
			tty->ops->start(tty);
	}
	if (I(tty, IXON) && flow_control(tty, c))
		return;
	if (L(tty, ISIG) && signal_char(tty, c))
		return;
	if (c == '\r') {
		if (I(tty, IGNCR))
			return;
		if (I(tty, ICRNL))
			c = '\n';
	} else if (c == '\n' && I(tty, INLCR)) {
		c = '\r';
	}
	if (L(tty, ICANON) && canon_char(tty, c))
		return;
	put_echoed(tty, c);
}

/* ---- from the driver ------------------------------------------------------------------------- */

unsigned tty_receive_room(struct tty_struct *tty)
{
	u32 used = read_cnt(tty);

	/* A canonical line that fills the ring alone must not stop input: its end would never come. */
	if (L(tty, ICANON) && tty->canon_head == tty->read_tail)
		return N_TTY_BUF;
	return N_TTY_BUF - 1 - min(used, N_TTY_BUF - 1);
}

unsigned tty_receive(struct tty_struct *tty, const char *buf, unsigned n)
{
	unsigned long irq;
	bool ready;

	spin_lock_irqsave(&tty->lock, irq);
	for (unsigned i = 0; i < n; i++)
		receive_char(tty, buf[i]);
	ready = L(tty, ICANON) ? tty->canon_head != tty->read_tail : tty->read_head != tty->read_tail;
	spin_unlock_irqrestore(&tty->lock, irq);
	if (ready && waitqueue_active(&tty->read_wait))
		wake_up_poll(&tty->read_wait, EPOLLIN | EPOLLRDNORM);
	if (ready)
		tty_kill_fasync(tty, POLL_IN);
	return n;
}

/* => tty->lock held; the new settings are in place */
void n_tty_set_termios(struct tty_struct *tty, const struct ktermios *old)
{
	if (!((old->c_lflag ^ tty->termios.c_lflag) & ICANON))
		goto flow;
	memset(tty->eol, 0, N_TTY_BUF / 8);
	if (L(tty, ICANON) && read_cnt(tty))
		set_bit((tty->read_head - 1) % N_TTY_BUF, tty->eol);	/* what is there is a line */
	tty->canon_head = tty->read_head;
	tty->lnext = false;
flow:
	if (!I(tty, IXON) && (old->c_iflag & IXON) && tty->stopped) {
		tty->stopped = false;
		if (tty->ops->start)
			tty->ops->start(tty);
	}
}
