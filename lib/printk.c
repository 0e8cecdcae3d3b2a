/*
 * lib/printk.c - the kernel's log: a ring of lines, and the consoles that show them.
 *
 * MODEL     The ring holds records, each a header and the text, contiguous; one that does not fit before
 *           the end leaves a gap (a header with len WRAP) and starts at 0.  [first, next) are the
 *           sequence numbers that are in the ring, first_off and next_off where they begin.
 *           The text of a line is put together in line_buf, which survives between calls of printk()
 *           while there is no newline (KERN_CONT).  Every console has a sequence number of its own and
 *           is brought up to date after each line.
 * INVARIANTS
 *   K1  first <= next; first == next iff the ring is empty.
 *   K2  Records do not overlap and are in order from first_off, wrapping at most once.
 * LOCKING   log_lock (rank console), irqs off, around everything, output included: lines of different
 *           harts never mix.  Recursion on one hart (a console that faults) and a panic do not wait.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/current.h"
#include "include/uapi/errno.h"
#include "kernel/sync/spinlock.h"
#include "lib/printk.h"
#include "lib/string.h"

#define RING_BYTES	(64 * 1024u)
#define PREFIX_MAX	48		/* "<6>[12345.123456] " and the newline, generously */
#define WRAP		0xffff
#define NO_HART		(~0u)

struct record {
	u64 ts_ns;
	u16 len;			/* of the text; WRAP: nothing here, go on at 0 */
	u8 level;
	u8 facility;
	u32 bytes;			/* with header and padding */
};

static u8 ring[RING_BYTES] __aligned(8);
static u64 first_seq, next_seq;			/* (log_lock) */
static u32 first_off, next_off;			/* (log_lock) */

static char line_buf[LOG_LINE_MAX];		/* (log_lock) the line in the making */
static unsigned line_len, line_level;
static u64 line_ts;

static DEFINE_SPINLOCK(log_lock, RANK_CONSOLE);
static unsigned log_holder = NO_HART;		/* hart inside the lock */
static bool in_panic;

static struct console *consoles;		/* (log_lock) */
static u64 (*clock_ns)(void);

int console_loglevel = 7, console_loglevel_default = 7, console_loglevel_min = 1;
bool ignore_loglevel, keep_bootcon;

/* ---- the lock -------------------------------------------------------------------------------- */

/* Whether the lock was taken: not when this hart is inside already, or the kernel is panicking. */
static bool log_enter(unsigned long *flags) NO_LOCK_ANALYSIS
{
	*flags = arch_irq_save();
	if (unlikely(READ_ONCE(in_panic) || READ_ONCE(log_holder) == this_hart()))
		return false;
	spin_lock(&log_lock);
	log_holder = this_hart();
	return true;
}

static void log_leave(bool locked, unsigned long flags) NO_LOCK_ANALYSIS
{
	if (locked) {
		log_holder = NO_HART;
		spin_unlock(&log_lock);
	}
	arch_irq_restore(flags);
}

/* ---- the ring -------------------------------------------------------------------------------- */

static inline struct record *record_at(u32 off) { return (struct record *)&ring[off]; }

/* The offset where the record at or behind @off really is, and the one behind it. */
static inline u32 settle(u32 off)
{
	if (off + sizeof(struct record) > RING_BYTES || record_at(off)->len == WRAP)
		return 0;
	return off;
}

static void drop_first(void)
{
	INV(K1, first_seq < next_seq);
	first_off += record_at(first_off)->bytes;
	if (++first_seq == next_seq)
		first_off = next_off = 0;
	else
		first_off = settle(first_off);	/* now: the mark there may be overwritten */
}

/* Contiguous bytes from next_off that hold no record. */
static u32 room_at_next(void)
{
	if (first_seq == next_seq || first_off < next_off)
		return RING_BYTES - next_off;
	return first_off - next_off;
}

/* A place for a record of @bytes: old ones go as needed. */
static struct record *make_room(u32 bytes)
{
	while (room_at_next() < bytes) {
		if (first_seq == next_seq || first_off < next_off) {
			/* The tail end is too short: leave it. */
			if (next_off + sizeof(struct record) <= RING_BYTES)
				record_at(next_off)->len = WRAP;
			next_off = 0;
		} else {
			drop_first();
		}
	}
	return record_at(next_off);
}

static void store_line(u64 ts, unsigned level, unsigned facility, const char *text, size_t len)
{
	u32 bytes = ALIGN(sizeof(struct record) + len, 8);
	struct record *rec = make_room(bytes);

	*rec = (struct record){ .ts_ns = ts, .len = len, .level = level, .facility = facility, .bytes = bytes };
	memcpy(rec + 1, text, len);
	if (first_seq == next_seq)
		first_off = next_off;
	next_off += bytes;
	next_seq++;
	INV(K2, next_off <= RING_BYTES);
}

/* The record with number @seq, which is in the ring.  Walks from the oldest: readers are rare. */
static const struct record *find_record(u64 seq)
{
	/* A reader's next line is mostly where its last one ended. */
	static u64 hint_seq;
	static u32 hint_off;
	u64 at = first_seq;
	u32 off = first_off;

	if (hint_seq >= first_seq && hint_seq <= seq && hint_seq) {
		at = hint_seq;
		off = hint_off;
	}
	for (; at < seq; at++)
		off = settle(off + record_at(off)->bytes);
	hint_seq = at;
	hint_off = off;
	return record_at(off);
}

/* ---- consoles -------------------------------------------------------------------------------- */

static struct log_line facts(const struct record *rec, u64 seq)
{
	return (struct log_line){ .seq = seq, .ts_ns = rec->ts_ns, .level = rec->level,
				  .facility = rec->facility, .len = rec->len };
}

int log_format(const struct log_line *line, const char *text, bool with_level, char *buf, size_t n)
{
	u64 us = line->ts_ns / 1000;
	int at = 0;

	if (with_level)
		at = scnprintf(buf, n, "<%u>", line->facility << 3 | line->level);
	at += scnprintf(buf + at, n - at, "[%5lu.%06lu] ", us / 1000000, us % 1000000);
	at += scnprintf(buf + at, n - at, "%.*s\n", (int)line->len, text);
	return at;
}

/* Write what @con has not shown yet.  => log_lock held, or panicking */
static void bring_up_to_date(struct console *con)
{
	static char out[LOG_LINE_MAX + PREFIX_MAX];

	if (con->seq < first_seq)
		con->seq = first_seq;
	for (; con->seq < next_seq; con->seq++) {
		const struct record *rec = find_record(con->seq);
		struct log_line line = facts(rec, con->seq);

		if (line.level < console_loglevel || ignore_loglevel || in_panic)
			con->write(con, out, log_format(&line, (const char *)(rec + 1), false, out, sizeof(out)));
	}
}

static void show(void)
{
	for (struct console *con = consoles; con; con = con->next)
		if (con->flags & CON_ENABLED)
			bring_up_to_date(con);
}

/* ---- printk ---------------------------------------------------------------------------------- */

void printk_set_clock(u64 (*clock)(void))
{
	clock_ns = clock;
}

u64 printk_clock(void)
{
	return clock_ns ? clock_ns() : 0;
}

/* The line in the making is complete. */
static void end_line(void)
{
	store_line(line_ts, line_level, 0, line_buf, line_len);
	line_len = 0;
}

/* Level marks at *text: the level, -1 for none, 'c' for a continuation. */
static int parse_level(const char **text)
{
	int level = -1;

	while ((*text)[0] == '\001' && (*text)[1]) {
		level = (*text)[1] == 'c' ? 'c' : (*text)[1] - '0';
		*text += 2;
	}
	return level;
}

/* Add @text, which may have several lines, to the log. */
static void add_text(const char *text)
{
	int level = parse_level(&text);

	if (level != 'c' && line_len)
		end_line();		/* somebody's line was left open */
	if (!line_len)
		line_level = level >= 0 && level <= LOGLEVEL_DEBUG ? level : LOGLEVEL_DEFAULT;
	for (; *text; text++) {
		if (!line_len)
			line_ts = printk_clock();
		if (*text == '\n')
			end_line();
		else if (line_len < LOG_LINE_MAX)
			line_buf[line_len++] = *text;
	}
}

int printk_ratelimit_seconds = 5, printk_ratelimit_burst = 10, printk_delay_msec;

static void printk_delay(void)
{
	u64 end = printk_clock() + READ_ONCE(printk_delay_msec) * 1000000ull;

	while (printk_clock() < end)
		;
}

int vprintk(const char *fmt, va_list args)
{
	static char text[LOG_LINE_MAX + 2];
	unsigned long flags;
	bool locked = log_enter(&flags);
	int n;

	n = vscnprintf(text, sizeof(text), fmt, args);
	if (n == LOG_LINE_MAX + 1)
		text[n - 1] = '\n';	/* cut, but still a line */
	add_text(text);
	if (locked || in_panic)		/* else the one that we interrupted shows it */
		show();
	log_leave(locked, flags);
	if (unlikely(printk_delay_msec))
		printk_delay();
	return n;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vprintk(fmt, args);
	va_end(args);
	return n;
}

void printk_enter_panic(void)
{
	WRITE_ONCE(in_panic, true);
}

bool ___ratelimit(struct ratelimit_state *rs, u64 interval_ns, unsigned burst)
{
	u64 t = printk_clock();

	if (!interval_ns)
		return true;
	if (t - rs->begin_ns > interval_ns || !rs->begin_ns) {
		unsigned missed = __atomic_exchange_n(&rs->missed, 0, __ATOMIC_RELAXED);

		rs->begin_ns = t + !t;
		rs->printed = 0;
		if (missed)
			pr_warn("%u messages like the next were suppressed\n", missed);
	}
	if (__atomic_fetch_add(&rs->printed, 1, __ATOMIC_RELAXED) < burst)
		return true;
	__atomic_fetch_add(&rs->missed, 1, __ATOMIC_RELAXED);
	return false;
}

bool __ratelimit(struct ratelimit_state *rs, unsigned burst)
{
	return ___ratelimit(rs, 5000000000ull, burst);
}

bool printk_ratelimit(void)
{
	static struct ratelimit_state rs;

	return ___ratelimit(&rs, READ_ONCE(printk_ratelimit_seconds) * 1000000000ull,
			    max(READ_ONCE(printk_ratelimit_burst), 0));
}

bool printk_has_console(void) { return READ_ONCE(consoles) != NULL; }

/* ---- registration ---------------------------------------------------------------------------- */

static void unlink_console(struct console *con)
{
	for (struct console **p = &consoles; *p; p = &(*p)->next)
		if (*p == con) {
			*p = con->next;
			con->flags &= ~CON_ENABLED;
			return;
		}
}

/*
 * Show the log on @con from now on.  It starts with what the ring holds, or where a boot console,
 * which it replaces, has got to.
 */
void register_console(struct console *con)
{
	struct console *boot, *next;
	unsigned long flags;
	bool locked = log_enter(&flags);

	for (boot = consoles; boot; boot = next) {
		next = boot->next;
		if (!(boot->flags & CON_BOOT) || con->flags & CON_BOOT)
			continue;
		con->seq = max(con->seq, boot->seq);
		if (!keep_bootcon)
			unlink_console(boot);
	}
	con->flags |= CON_ENABLED;
	con->next = consoles;
	consoles = con;
	bring_up_to_date(con);
	log_leave(locked, flags);
}

void unregister_console(struct console *con)
{
	unsigned long flags;
	bool locked = log_enter(&flags);

	unlink_console(con);
	log_leave(locked, flags);
}

/* ---- readers --------------------------------------------------------------------------------- */

int log_read(u64 *seq, struct log_line *line, char *buf, size_t n)
{
	const struct record *rec;
	unsigned long flags;
	bool locked = log_enter(&flags);
	int len = -EAGAIN;

	if (*seq < first_seq)
		*seq = first_seq;
	if (*seq < next_seq) {
		rec = find_record(*seq);
		*line = facts(rec, *seq);
		len = n ? min((size_t)rec->len, n - 1) : 0;
		memcpy(buf, rec + 1, len);
		if (n)
			buf[len] = 0;
		line->len = len;
		++*seq;
	}
	log_leave(locked, flags);
	return len;
}

u64 log_first_seq(void) { return READ_ONCE(first_seq); }
u64 log_next_seq(void) { return READ_ONCE(next_seq); }
size_t log_size(void) { return RING_BYTES; }

void log_store_user(unsigned facility, unsigned level, const char *text, size_t n)
{
	unsigned long flags;
	bool locked = log_enter(&flags);

	while (n && text[n - 1] == '\n')
		n--;
	store_line(printk_clock(), level & 7, facility, text, min(n, (size_t)LOG_LINE_MAX));
	show();
	log_leave(locked, flags);
}
