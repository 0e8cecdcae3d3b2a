/*
 * lib/printk.h - the kernel's log.
 *
 * MODEL     A line is formatted once, stored in a ring with a sequence number, a level and the time, and
 *           written to every console whose turn it is: those with CON_ENABLED, if the level is below
 *           console_loglevel.  A console that registers late is first given what the ring still holds.
 *           printk("text") without newline waits for the rest, KERN_CONT adds to it.
 * LOCKING   Any context: one lock, rank console, interrupts off.  A panic breaks into it
 *           (printk_enter_panic).  Nothing is woken: readers of the log poll log_next_seq().
 * FAILURE   A line longer than LOG_LINE_MAX is cut.  Old lines give way; readers learn how many they
 *           missed from the sequence numbers.
 * TESTS     test/host/lib/test_printk.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_PRINTK_H
#define VELLUM_PRINTK_H

#include "include/types.h"
#include "lib/vsprintf.h"

#define KERN_SOH	"\001"
#define KERN_EMERG	KERN_SOH "0"
#define KERN_ALERT	KERN_SOH "1"
#define KERN_CRIT	KERN_SOH "2"
#define KERN_ERR	KERN_SOH "3"
#define KERN_WARNING	KERN_SOH "4"
#define KERN_NOTICE	KERN_SOH "5"
#define KERN_INFO	KERN_SOH "6"
#define KERN_DEBUG	KERN_SOH "7"
#define KERN_CONT	KERN_SOH "c"

enum { LOGLEVEL_EMERG, LOGLEVEL_ALERT, LOGLEVEL_CRIT, LOGLEVEL_ERR, LOGLEVEL_WARNING,
       LOGLEVEL_NOTICE, LOGLEVEL_INFO, LOGLEVEL_DEBUG };
#define LOGLEVEL_DEFAULT	LOGLEVEL_WARNING

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

__printf(1, 2) int printk(const char *fmt, ...);
int vprintk(const char *fmt, va_list args);

#define pr_emerg(fmt, ...)	printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)	printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)	printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)	printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)	printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)	printk(KERN_CONT fmt, ##__VA_ARGS__)
#ifdef VELLUM_DEBUG
#define pr_debug(fmt, ...)	printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#else
#define pr_debug(fmt, ...) \
	do { if (0) printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__); } while (0)
#endif

#define printk_once(fmt, ...) \
	do { \
		static bool _said; \
		if (unlikely(!__atomic_exchange_n(&_said, true, __ATOMIC_RELAXED))) \
			printk(fmt, ##__VA_ARGS__); \
	} while (0)
#define pr_err_once(fmt, ...)	printk_once(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_once(fmt, ...)	printk_once(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info_once(fmt, ...)	printk_once(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)

/* At most @burst lines in 5 s from this place; says how many it swallowed. */
struct ratelimit_state {
	u64 begin_ns;
	unsigned printed, missed;
};
bool __ratelimit(struct ratelimit_state *rs, unsigned burst);
bool ___ratelimit(struct ratelimit_state *rs, u64 interval_ns, unsigned burst);	/* in so long */
#define printk_ratelimited(fmt, ...) \
	do { \
		static struct ratelimit_state _rs; \
		if (__ratelimit(&_rs, 10)) \
			printk(fmt, ##__VA_ARGS__); \
	} while (0)
#define pr_err_ratelimited(fmt, ...)	printk_ratelimited(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_ratelimited(fmt, ...)	printk_ratelimited(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info_ratelimited(fmt, ...)	printk_ratelimited(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)

/* May one more of the messages go out that user programs cause?  Sysctls kernel.printk_ratelimit and _burst. */
bool printk_ratelimit(void);
extern int printk_ratelimit_seconds, printk_ratelimit_burst;
extern int printk_delay_msec;		/* sysctl: wait after each message, for who reads along */

/* ---- consoles -------------------------------------------------------------------------------- */

#define CON_ENABLED	1
#define CON_BOOT	2	/* early: unregistered when a real one comes, unless keep_bootcon */

struct console {
	const char *name;
	void (*write)(struct console *con, const char *text, size_t n);	/* any context, irqs off */
	unsigned flags;
	void *data;
	struct console *next;
	u64 seq;			/* first line it has not shown */
};
void register_console(struct console *con);
void unregister_console(struct console *con);
bool printk_has_console(void);	/* does anybody show the log? */
extern int console_loglevel;		/* lines below it are shown */
extern int console_loglevel_default, console_loglevel_min;
extern bool ignore_loglevel, keep_bootcon;

/* From now on nobody waits for the log's lock, and everything is shown. */
void printk_enter_panic(void);
/* Nanoseconds since boot for the time stamps; 0 until set. */
void printk_set_clock(u64 (*clock)(void));
u64 printk_clock(void);			/* what it says: ns since boot; 0 before there is one */

extern int dmesg_restrict;	/* kernel/syscall/syslog.c */

/* ---- reading the log: /dev/kmsg, syslog(2) --------------------------------------------------- */

#define LOG_LINE_MAX	1024

struct log_line {
	u64 seq;		/* of this line */
	u64 ts_ns;
	unsigned level;		/* LOGLEVEL_* */
	unsigned facility;	/* 0 kernel, else what a writer of /dev/kmsg said */
	unsigned len;		/* of the text, no newline, no NUL */
};
/*
 * The first line with a number >= *seq: its text to @buf (cut to @n - 1, with NUL), its facts to @line;
 * *seq becomes the number after it.  Length of the text, or -EAGAIN when there is none yet.
 */
int log_read(u64 *seq, struct log_line *line, char *buf, size_t n);
u64 log_first_seq(void);	/* oldest line that is still there */
u64 log_next_seq(void);		/* number that the next line gets */
size_t log_size(void);		/* bytes of the ring */
/* What becomes of lines that user programs write to /dev/kmsg: sysctl kernel.printk_devkmsg, printk.devkmsg= */
enum devkmsg_mode { DEVKMSG_ON, DEVKMSG_OFF, DEVKMSG_RATELIMIT };
extern enum devkmsg_mode devkmsg_mode;		/* drivers/char/kmsg.c */
extern const char *const devkmsg_names[];
__must_check int devkmsg_set(const char *name);	/* -EINVAL: no such mode, or the command line said which */
/* A line written by user space through /dev/kmsg. */
void log_store_user(unsigned facility, unsigned level, const char *text, size_t n);
/* "[    0.123456] text\n" (with_level: "<6>" before it) into @buf; length. */
int log_format(const struct log_line *line, const char *text, bool with_level, char *buf, size_t n);

#endif
