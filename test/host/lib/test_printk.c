/*
 * test/host/lib/test_printk.c - the log's ring against a plain array of lines; consoles and levels.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/printk.c
#include <errno.h>
#include "test/host/tap.h"
#include "lib/printk.h"

const char *kallsyms_lookup_size(__maybe_unused unsigned long addr, __maybe_unused unsigned long *off,
				 __maybe_unused unsigned long *size)
{
	return NULL;
}

static char shown[1 << 20];
static size_t nr_shown;
static u64 clock_value;

static void con_write(__maybe_unused struct console *con, const char *text, size_t n)
{
	CHECK(nr_shown + n < sizeof(shown));
	memcpy(shown + nr_shown, text, n);
	nr_shown += n;
	shown[nr_shown] = 0;
}

static u64 test_clock(void) { return clock_value; }

static const char *since(void)
{
	static size_t last;
	const char *s = shown + last;

	last = nr_shown;
	return s;
}

#define MAX	20000
static struct { unsigned level; char *text; } shadow[MAX];

/* Random lines; then every reader's view: what is left is the latest, in order, complete. */
static void test_ring(u64 first)
{
	char text[1100], buf[LOG_LINE_MAX + 1];
	struct log_line line;

	for (int i = 0; i < MAX; i++) {
		int n = rnd_one_in(20) ? rnd_below(1000) : rnd_below(60);

		for (int k = 0; k < n; k++)
			text[k] = 'a' + rnd_below(26);
		text[n] = 0;
		shadow[i].level = rnd_below(8);
		shadow[i].text = strdup(text);
		clock_value = i * 1000000ull;
		printk("\001%c%s\n", '0' + shadow[i].level, text);
		CHECK(log_next_seq() == first + i + 1);
		if (rnd_one_in(50)) {
			u64 seq = rnd_one_in(2) ? 0 : first + rnd_below(i + 1), want = max(seq, log_first_seq());

			while (log_read(&seq, &line, buf, sizeof(buf)) >= 0) {
				CHECK(line.seq == want && seq == want + 1);
				if (line.seq >= first) {
					CHECK(!strcmp(buf, shadow[line.seq - first].text));
					CHECK(line.level == shadow[line.seq - first].level);
					CHECK(line.ts_ns == (line.seq - first) * 1000000ull);
				}
				want++;
			}
			CHECK(want == log_next_seq());
		}
	}
	u64 seq = log_first_seq(), bytes = 0;
	int n;
	while ((n = log_read(&seq, &line, buf, sizeof(buf))) >= 0)
		bytes += n + 24;
	ok(bytes > log_size() - 2048, "%d lines; the ring is used to the end", MAX);
	for (int i = 0; i < MAX; i++)
		free(shadow[i].text);
}

int main(void)
{
	struct console early = { .name = "early", .write = con_write, .flags = CON_BOOT },
		       real = { .name = "real", .write = con_write }, late = { .name = "late", .write = con_write };
	char buf[64], longline[3000];
	struct log_line line;
	u64 seq = 0;

	printk_set_clock(test_clock);
	pr_info("before any console\n");
	register_console(&early);
	is_str(since(), "[    0.000000] before any console\n", "a console first shows what it missed");
	clock_value = 12345678900ull;
	pr_warn("hello %d\n", 42);
	is_str(since(), "[   12.345678] hello 42\n", "time stamps");
	register_console(&real);
	is_str(since(), "", "the real console goes on where the boot console was");
	ok(!(early.flags & CON_ENABLED), "which is gone");
	pr_info("one\ntwo\n");
	is_str(since(), "[   12.345678] one\n[   12.345678] two\n", "two lines in one call");
	printk(KERN_INFO "a");
	pr_cont("b");
	pr_cont("c\n");
	is_str(since(), "[   12.345678] abc\n", "a line in three calls");
	printk(KERN_INFO "open");
	printk(KERN_INFO "next\n");
	is_str(since(), "[   12.345678] open\n[   12.345678] next\n", "an open line is closed by the next");
	console_loglevel = 4;
	pr_info("not shown\n");
	pr_err("shown\n");
	is_str(since(), "[   12.345678] shown\n", "levels");
	ignore_loglevel = true;
	pr_info("all\n");
	is_str(since(), "[   12.345678] all\n", "ignore_loglevel");
	memset(longline, 'x', sizeof(longline));
	longline[2999] = 0;
	pr_info("%s\n", longline);
	pr_info("after\n");
	ok(strstr(since(), "xxx\n[   12.345678] after\n"), "a line that is too long is cut and ended");
	ok(log_read(&seq, &line, buf, sizeof(buf)) == 18 && seq == 1 && line.level == 6 &&
	   !strcmp(buf, "before any console"), "log_read");
	is_int(log_format(&line, buf, true, longline, 100), 37, "log_format");
	is_str(longline, "<6>[    0.000000] before any console\n", "with the level");
	log_store_user(1, 5, "from user\n", 10);
	ok(strstr(since(), "from user\n"), "lines of user space");
	ignore_loglevel = false;
	console_loglevel = 0;
	test_ring(log_next_seq());
	console_loglevel = 10;
	nr_shown = 0;
	register_console(&late);
	ok(nr_shown > log_size() / 2, "a late console gets the whole ring");
	return done_testing();
}
