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
/* The same; *@size gets the bytes up to the next symbol. */
const char *kallsyms_lookup_size(unsigned long addr, unsigned long *off, unsigned long *size);
/* Is there kernel code at @addr that can be read? */
bool kernel_text_address(unsigned long addr);
/* The text that only starts the machine is about to go: stacks may still hold addresses of it. */
void init_text_forget(void);

#endif
