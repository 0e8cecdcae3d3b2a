/*
 * fs/proc/kallsyms.c - /proc/kallsyms: the functions of the kernel by address.
 *
 * MODEL     Who may not know where the kernel is (kptr_shown(), asked of the reader) sees names at 0.
 * TESTS     test/user/t_procfs.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "kernel/kallsyms.h"

static void *symbols_start(__maybe_unused struct seq_file *m, loff_t *pos)
{
	struct kernel_symbol s;

	return kallsyms_nth(*pos, &s) ? (void *)(*pos + 1) : NULL;
}

static void *symbols_next(__maybe_unused struct seq_file *m, __maybe_unused void *v, loff_t *pos)
{
	struct kernel_symbol s;

	if (kallsyms_nth(*pos, &s))
		*pos = s.next;
	return kallsyms_nth(*pos, &s) ? (void *)(*pos + 1) : NULL;
}

static void symbols_stop(__maybe_unused struct seq_file *m, __maybe_unused void *v) {}

static int symbols_show(struct seq_file *m, void *v)
{
	struct kernel_symbol s;

	if (kallsyms_nth((unsigned long)v - 1, &s))
		seq_printf(m, "%016lx %c %s\n", kptr_shown() ? s.address : 0, s.kind, s.name);
	return 0;
}

static const struct seq_operations symbols_ops = { symbols_start, symbols_stop, symbols_next, symbols_show };

void __init proc_kallsyms_init(void)
{
	proc_create_seq("kallsyms", 0, NULL, &symbols_ops);
}
