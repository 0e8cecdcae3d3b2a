/*
 * arch/riscv/mm/extable.c - from a faulting instruction of the kernel to its fixup.
 *
 * MODEL     The linker gathers the entries (asm/extable.h); they are sorted once at boot, then searched
 *           by halving.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include <asm/extable.h>
#include <asm/ptrace.h>

struct extable_entry { s32 insn, fixup; };
extern struct extable_entry __start_ex_table[], __stop_ex_table[];

static unsigned long entry_insn(const struct extable_entry *e) { return (unsigned long)&e->insn + e->insn; }
static unsigned long entry_fixup(const struct extable_entry *e) { return (unsigned long)&e->fixup + e->fixup; }

/* The offsets are relative to their place: moving an entry by n bytes changes them by -n. */
static void entry_move(struct extable_entry *to, const struct extable_entry *from, long distance)
{
	to->insn = from->insn - distance;
	to->fixup = from->fixup - distance;
}

void __init extable_sort(void)
{
	for (struct extable_entry *e = __start_ex_table + 1; e < __stop_ex_table; e++) {
		struct extable_entry key = *e, *at = e;
		unsigned long insn = entry_insn(e);

		for (; at > __start_ex_table && entry_insn(at - 1) > insn; at--)
			entry_move(at, at - 1, sizeof(*e));
		entry_move(at, &key, (char *)at - (char *)e);
	}
}

static const struct extable_entry *search(unsigned long pc)
{
	const struct extable_entry *lo = __start_ex_table, *hi = __stop_ex_table;

	while (lo < hi) {
		const struct extable_entry *mid = lo + (hi - lo) / 2;
		unsigned long insn = entry_insn(mid);

		if (insn == pc)
			return mid;
		if (insn < pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

bool fixup_exception(struct pt_regs *regs)
{
	const struct extable_entry *e = search(regs->epc);

	if (!e)
		return false;
	regs->epc = entry_fixup(e);
	return true;
}
