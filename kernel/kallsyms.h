/*
 * kernel/kallsyms.h - the name of a kernel text address.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_KALLSYMS_H
#define VELLUM_KALLSYMS_H

#include "include/types.h"

/* Name of the function that holds @addr, NULL when there is none; *@off gets the offset in it. */
const char *kallsyms_lookup(unsigned long addr, unsigned long *off);
/* kallsyms_lookup_size(), which tells the bytes up to the next symbol too, is an up-call of lib/vsprintf.h. */
/* The symbol that is number @n, or the first one behind it whose code is still there; false at the end. */
struct kernel_symbol {
	unsigned long address, next;	/* number of the next one */
	const char *name;
	char kind;			/* as nm says: t local, T global */
};
bool kallsyms_nth(unsigned long n, struct kernel_symbol *s);
/* Is there kernel code at @addr that can be read? */
bool kernel_text_address(unsigned long addr);
/* The text that only starts the machine is about to go: stacks may still hold addresses of it. */
void init_text_forget(void);

#endif
