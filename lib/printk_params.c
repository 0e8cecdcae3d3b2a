/*
 * lib/printk_params.c - boot parameters of the log: which lines the consoles show.
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/cmdline.h"
#include "lib/printk.h"

static int __init set_loglevel(const char *value)
{
	return kstrtoint(value, 0, &console_loglevel);
}
PARAM("loglevel", set_loglevel);

static int __init set_quiet(__maybe_unused const char *value)
{
	console_loglevel = LOGLEVEL_WARNING;
	return 0;
}
PARAM("quiet", set_quiet);

static int __init set_debug(__maybe_unused const char *value)
{
	console_loglevel = 10;
	return 0;
}
PARAM("debug", set_debug);

static int __init set_ignore_loglevel(__maybe_unused const char *value)
{
	ignore_loglevel = true;
	return 0;
}
PARAM("ignore_loglevel", set_ignore_loglevel);

static int __init set_keep_bootcon(__maybe_unused const char *value)
{
	keep_bootcon = true;
	return 0;
}
PARAM("keep_bootcon", set_keep_bootcon);
