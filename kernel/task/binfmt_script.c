/*
 * kernel/task/binfmt_script.c - "#!interpreter [argument]".
 *
 * MODEL     The first line, cut at BINPRM_BUF_SIZE, names a program; the script's name becomes that
 *           program's argument, after the optional one, in place of argv[0].
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/file.h"
#include "kernel/task/exec.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

static bool blank(char c) { return c == ' ' || c == '\t'; }

/* Cut the first line out of @line (BINPRM_BUF_SIZE bytes): *interp, and *arg or NULL.  -ENOEXEC */
static int parse_line(char *line, char **interp, char **arg)
{
	char *end = memchr(line, '\n', BINPRM_BUF_SIZE - 1), *p;

	if (!end) {
		/* Cut off: good only if the interpreter's name is whole, that is, something ends it. */
		line[BINPRM_BUF_SIZE - 1] = '\0';
		end = line + strlen(line);
		for (p = line + 2; blank(*p); p++)
			;
		if (end == line + BINPRM_BUF_SIZE - 1 && p + strcspn(p, " \t") == end)
			return -ENOEXEC;
	}
	while (end > line + 2 && blank(end[-1]))
		end--;
	*end = '\0';
	for (p = line + 2; blank(*p); p++)
		;
	if (!*p)
		return -ENOEXEC;
	*interp = p;
	*arg = NULL;
	p += strcspn(p, " \t");
	if (*p) {
		*p++ = '\0';
		while (blank(*p))
			p++;
		if (*p)
			*arg = p;
	}
	return 0;
}

int load_script(struct linux_binprm *bprm)
{
	char line[BINPRM_BUF_SIZE], *interp, *arg, *copy;
	struct file *file;
	int rc;

	if (bprm->buf[0] != '#' || bprm->buf[1] != '!')
		return -ENOEXEC;
	memcpy(line, bprm->buf, sizeof(line));
	rc = parse_line(line, &interp, &arg);
	if (rc)
		return rc;
	if (bprm->path_inaccessible)		/* the interpreter could not open it */
		return -ENOENT;
	rc = remove_arg_zero(bprm);
	if (rc)
		return rc;
	rc = copy_string_kernel(bprm->interp, bprm);
	if (rc)
		return rc;
	bprm->argc++;
	if (arg) {
		rc = copy_string_kernel(arg, bprm);
		if (rc)
			return rc;
		bprm->argc++;
	}
	rc = copy_string_kernel(interp, bprm);
	if (rc)
		return rc;
	bprm->argc++;
	copy = kmalloc(strlen(interp) + 1, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	strcpy(copy, interp);
	file = open_exec(interp);
	if (IS_ERR(file)) {
		kfree(copy);
		return PTR_ERR(file);
	}
	kfree(bprm->interp_buf);
	bprm->interp = bprm->interp_buf = copy;
	bprm_set_file(bprm, file);
	return 0;
}
