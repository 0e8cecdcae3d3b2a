/*
 * test/host/lib/test_cmdline.c - looking up words, the parameter table, what is left for init.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/cmdline.c
#include <errno.h>
#include "lib/cmdline.h"
#include "test/host/tap.h"

static char foo[64];
static int times;

static int set_foo(const char *value)
{
	times++;
	strcpy(foo, value);
	return strcmp(value, "bad") ? 0 : -EINVAL;
}
PARAM("foo_bar", set_foo);

static void find(const char *line, const char *name, int want_rc, const char *want)
{
	char buf[32] = "untouched";
	int rc = cmdline_find(line, name, buf, sizeof(buf));

	ok(rc == want_rc && !strcmp(buf, want), "'%s' in '%s': %d '%s'", name, line, rc, buf);
}

static void joined(const char *const *list, char *out)
{
	*out = 0;
	for (; *list; list++)
		strcat(strcat(out, *list), "|");
}

static void test_random(void)
{
	static const char set[] = "ab=-_\" \t.";
	char line[40], buf[8];

	for (int i = 0; i < 200000; i++) {
		char *copy;
		int n = rnd_below(30), k;

		for (k = 0; k < n; k++)
			line[k] = set[rnd_below(sizeof(set) - 1)];
		line[n] = 0;
		copy = strdup(line);
		k = cmdline_find(copy, "a", buf, rnd_below(8));
		CHECK(k == -ENOENT || k >= 0);
		if (i % 10 == 0) {
			shim_printk_quiet = true;
			parse_cmdline(copy);
		}
		free(copy);
	}
	ok(true, "200000 random lines");
}

int main(void)
{
	const char *const *argv, *const *envp;
	char out[4096], buf[4];

	strcpy(boot_command_line, "root=/dev/ram console=ttyS0 paging=sv39 quiet");
	find("a=1 b=2", "b", 1, "2");
	find("a=1 b=2", "c", -ENOENT, "untouched");
	find("a=1 a=22", "a", 2, "22");
	find("quiet", "quiet", 0, "");
	find("quietly", "quiet", -ENOENT, "untouched");
	find("x=\"two words\" y", "x", 9, "two words");
	find("\"x=two words\" y", "x", 9, "two words");
	find("a_b=1", "a-b", 1, "1");
	find("a -- b=1", "b", -ENOENT, "untouched");
	find("a= b", "a", 0, "");
	find("a=b=c", "a", 3, "b=c");
	find("", "a", -ENOENT, "untouched");
	ok(cmdline_find("a=12345", "a", buf, 4) == 3 && !strcmp(buf, "123"), "a value that is cut");
	ok(cmdline_has("quiet") && !cmdline_has("noquiet"), "cmdline_has");

	parse_cmdline("foo-bar=x single FOO=1 \"BAR=a b\" mod.par=1 foo_bar -- -x q=1");
	ok(times == 2 && !strcmp(foo, ""), "each known word calls its function");
	cmdline_for_init(&argv, &envp);
	joined(argv, out);
	is_str(out, "init|single|-x|q=1|", "arguments for init");
	joined(envp, out);
	is_str(out, "HOME=/|TERM=linux|FOO=1|BAR=a b|", "environment for init");
	is_int(shim_printk_lines, 3, "what goes to init unasked is named");
	shim_printk_quiet = true;
	parse_cmdline("foo_bar=bad");
	is_int(shim_printk_lines, 4, "a bad value is reported");
	test_random();
	return done_testing();
}
