/*
 * lib/cmdline.c - the kernel command line: look-ups and the parameter table.
 *
 * MODEL     struct word is one word of the line, by pointers into it; nothing is changed in place by
 *           the look-ups, which therefore work on any string at any time.  parse_cmdline() works on a
 *           copy, whose pieces init's arguments and environment later point to.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/cmdline.h"
#include "lib/ctype.h"
#include "lib/printk.h"
#include "lib/string.h"

struct word {
	const char *name, *value;	/* value NULL: no '=' */
	size_t name_len, value_len;
};

/* The next word of *p; false at the end.  *p moves behind it. */
static bool next_word(const char **p, struct word *w)
{
	const char *s = *p, *eq = NULL;
	bool quoted = false;

	while (isspace((u8)*s))
		s++;
	if (!*s)
		return false;
	w->name = s;
	for (; *s && (quoted || !isspace((u8)*s)); s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (*s == '=' && !eq)
			eq = s;
	}
	w->name_len = (eq ? eq : s) - w->name;
	w->value = eq ? eq + 1 : NULL;
	w->value_len = eq ? s - w->value : 0;
	*p = s;
	/* name="a b" and "name=a b": the quotes go. */
	if (w->value_len && w->value[0] == '"') {
		w->value++;
		w->value_len--;
		if (w->value_len && w->value[w->value_len - 1] == '"')
			w->value_len--;
	} else if (w->name_len && w->name[0] == '"') {
		w->name++;
		w->name_len--;
		if (eq && w->value_len && w->value[w->value_len - 1] == '"')
			w->value_len--;
		else if (!eq && w->name_len && w->name[w->name_len - 1] == '"')
			w->name_len--;
	}
	return true;
}

static bool name_is(const struct word *w, const char *name)
{
	for (size_t i = 0; i < w->name_len; i++, name++) {
		char a = w->name[i] == '-' ? '_' : w->name[i], b = *name == '-' ? '_' : *name;

		if (a != b)
			return false;
	}
	return !*name;
}

static bool is_separator(const struct word *w)
{
	return !w->value && w->name_len == 2 && w->name[0] == '-' && w->name[1] == '-';
}

int cmdline_find(const char *cmdline, const char *name, char *buf, size_t n)
{
	struct word w;
	int rc = -ENOENT;

	while (next_word(&cmdline, &w) && !is_separator(&w)) {
		size_t len;

		if (!name_is(&w, name))
			continue;
		len = n && w.value_len >= n ? n - 1 : w.value_len;
		for (size_t i = 0; n && i < len; i++)
			buf[i] = w.value[i];
		if (n)
			buf[len] = 0;
		rc = len;
	}
	return rc;
}

char boot_command_line[COMMAND_LINE_SIZE];

int cmdline_get(const char *name, char *buf, size_t n)
{
	return cmdline_find(boot_command_line, name, buf, n);
}

bool cmdline_has(const char *name)
{
	return cmdline_get(name, NULL, 0) >= 0;
}

/* ---- the parameter table --------------------------------------------------------------------- */

extern const struct kernel_param __start_param[], __stop_param[];	/* kernel.ld */

#define MAX_INIT	32

static char copy[COMMAND_LINE_SIZE];
static const char *init_argv[MAX_INIT + 2] = { "init" };
static const char *init_envp[MAX_INIT + 3] = { "HOME=/", "TERM=linux" };

static void append(const char **list, unsigned max, const char *s)
{
	unsigned i = 0;

	while (list[i])
		i++;
	if (i < max)
		list[i] = s;
	else
		pr_warn("too many words for init on the command line: %s\n", s);
}

/* Hand @w, a word that the kernel does not know, to init. */
static void give_to_init(const struct word *w, bool only_args)
{
	if (!only_args)
		pr_notice("Unknown kernel command line parameter \"%s\", will be passed to user space.\n", w->name);
	if (w->value && !only_args)
		append(init_envp, MAX_INIT + 2, w->name);
	else
		append(init_argv, MAX_INIT + 1, w->name);
}

static bool set_param(const struct word *w)
{
	bool known = false;

	for (const struct kernel_param *p = __start_param; p < __stop_param; p++) {
		const char *value = w->value ? w->value : "";

		if (!name_is(w, p->name))
			continue;
		known = true;
		if (p->set(value))
			pr_warn("bad value on the command line: %s=%s\n", p->name, value);
	}
	return known;
}

/*
 * Take the quotes out of @w, so that name=value stands there as one string, and end it.
 * => the word is inside the copy, its quotes leave room
 */
static void unquote(struct word *w)
{
	char *name = copy + (w->name - copy);

	if (w->value) {
		char *to = name + w->name_len;

		*to++ = '=';
		memmove(to, w->value, w->value_len);
		to[w->value_len] = 0;
		w->value = to;
	} else {
		name[w->name_len] = 0;
	}
}

void parse_cmdline(const char *cmdline)
{
	const char *p = copy;
	bool for_init = false;
	struct word w;

	if (strscpy(copy, cmdline, sizeof(copy)) < 0)
		pr_warn("command line is longer than %d bytes: cut\n", COMMAND_LINE_SIZE - 1);
	while (next_word(&p, &w)) {
		bool last = !*p;

		if (!for_init && is_separator(&w)) {
			for_init = true;
			continue;
		}
		unquote(&w);
		if (!last)
			p++;
		/* A dot names a module's parameter, which cannot be ours or init's. */
		if (for_init)
			give_to_init(&w, true);
		else if (!set_param(&w) && !memchr(w.name, '.', w.name_len))
			give_to_init(&w, false);
	}
}

void cmdline_for_init(const char *const **argv, const char *const **envp)
{
	*argv = init_argv;
	*envp = init_envp;
}
