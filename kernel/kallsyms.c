/*
 * kernel/kallsyms.c - the name of a kernel text address.
 *
 * MODEL     tools/mksyms makes a table of the functions of the linked image, in address order: offsets
 *           from _stext, and where in the string table each name starts.  The image is linked again
 *           with the table in it; as the table lies behind the text, no function moves.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/kallsyms.h"

extern const u32 kallsyms_num;
extern const u32 kallsyms_offsets[];
extern const u32 kallsyms_name_at[];
extern const char kallsyms_names[];
extern char _stext[], _etext[], __init_begin[], __init_text_end[];

static bool init_text_freed;

void init_text_forget(void)
{
	WRITE_ONCE(init_text_freed, true);
}

bool kernel_text_address(unsigned long addr)
{
	return (addr >= (unsigned long)_stext && addr < (unsigned long)_etext) ||
	       (addr >= (unsigned long)__init_begin && addr < (unsigned long)__init_text_end &&
		!READ_ONCE(init_text_freed));
}

const char *kallsyms_lookup_size(unsigned long addr, unsigned long *off, unsigned long *size)
{
	u32 rel = addr - (unsigned long)_stext;
	u32 lo = 0, hi = kallsyms_num, next;

	if (!kernel_text_address(addr) || !hi || rel < kallsyms_offsets[0])
		return NULL;
	/* offsets[lo] <= rel < offsets[hi] */
	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2;

		if (kallsyms_offsets[mid] <= rel)
			lo = mid;
		else
			hi = mid;
	}
	next = lo + 1 < kallsyms_num ? kallsyms_offsets[lo + 1] : (u32)(_etext - _stext);
	if (off)
		*off = rel - kallsyms_offsets[lo];
	if (size)
		*size = next > kallsyms_offsets[lo] ? next - kallsyms_offsets[lo] : 0;
	return kallsyms_names + kallsyms_name_at[lo] + 1;	/* behind its kind */
}

bool kallsyms_nth(unsigned long n, struct kernel_symbol *s)
{
	do {
		if (n >= kallsyms_num)
			return false;
		s->address = (unsigned long)_stext + kallsyms_offsets[n];
		s->next = ++n;
	} while (!kernel_text_address(s->address));	/* it is not there any more */
	s->kind = kallsyms_names[kallsyms_name_at[n - 1]];
	s->name = kallsyms_names + kallsyms_name_at[n - 1] + 1;
	return true;
}

const char *kallsyms_lookup(unsigned long addr, unsigned long *off)
{
	return kallsyms_lookup_size(addr, off, NULL);
}
