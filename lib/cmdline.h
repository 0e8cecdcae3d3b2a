/*
 * lib/cmdline.h - the kernel command line.
 *
 * MODEL     Words divided by white space, each `name` or `name=value`; a value may be in double quotes.
 *           - and _ in names are the same.  The last word of a name counts.  What follows a word `--`
 *           belongs to init and is not looked at.
 *           Early code asks with cmdline_find(); everyone else writes
 *               static int __init set_foo(const char *value) { ... }	value is "" for a bare name
 *               PARAM("foo", set_foo);
 *           and parse_cmdline() calls it.  A word that early code has read has a PARAM too, whose function
 *           says whether the value was good.  Words with an unknown name go to init, as on Linux: those
 *           with '=' into its environment, the others into its arguments (cmdline_for_init()).
 * TESTS     test/host/lib/test_cmdline.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_CMDLINE_H
#define VELLUM_CMDLINE_H

#include "include/types.h"
#include "lib/kstrtox.h"

#define COMMAND_LINE_SIZE	2048

extern char boot_command_line[COMMAND_LINE_SIZE];	/* set once, by setup_arch() */

struct kernel_param {
	const char *name;
	int (*set)(const char *value);		/* 0 or -errno: a bad value is reported */
};

#ifdef VELLUM_HOST
#define PARAM_SECTION	"param"
#else
#define PARAM_SECTION	".init.param"
#endif
#define PARAM(_name, fn) \
	static const struct kernel_param __param_##fn \
	__used __section(PARAM_SECTION) __aligned(8) = { .name = (_name), .set = (fn) }

/*
 * Copy the value of the last word @name of @cmdline into @buf ("" for a bare name).
 * => its length, cut to n - 1; or -ENOENT.  Works before relocation; @buf may be NULL with n 0
 */
int cmdline_find(const char *cmdline, const char *name, char *buf, size_t n);
/* The same on the boot command line. */
int cmdline_get(const char *name, char *buf, size_t n);
bool cmdline_has(const char *name);

/* Call the set function of each known word of @cmdline; remember what is for init. */
void parse_cmdline(const char *cmdline);
/* Arguments and environment for init, from unknown words; each NULL-terminated. */
void cmdline_for_init(const char *const **argv, const char *const **envp);

#endif
