/*
 * boot/memory_type.c - must leaves of memory say that it is memory, already in the first page tables?
 *
 * MODEL     Cores of T-Head (C906, C910, the first C920: vendor 0x5b7, architecture and implementation 0) read bits
 *           59..63 of a leaf as its memory's type while th.sxstatus.MAEE is on.  Firmware decides that, and 0
 *           means memory that is not cached there: atomics fault, and harts do not see each other's stores.
 *           On every other core the bits are reserved or Svpbmt's, and a kernel that set them would not get far.
 * INVARIANTS
 *   E1  of early_map.c: physical addresses, nothing outside is called.
 * FAILURE   Firmware that cannot say whose core it is (SBI 0.1), and a core of those that has no such register, which
 *           raises an exception (emulators): no types.
 * TESTS     test/host/boot/test_early_map.c (what is made of the answer), test/boot/machines.py (a core of T-Head
 *           without MAE; all others)
 * SEE       T-Head instruction extension specification, th.sxstatus; openC910 manual, 5.2.
 *
 * SPDX-License-Identifier: MIT
 */
#include "boot/early_map.h"
#include <asm/pte.h>

#define SBI_EXT_BASE	0x10
#define VENDOR_THEAD	0x5b7
#define SXSTATUS_MAEE	(1ul << 21)

enum { SBI_MVENDORID = 4, SBI_MARCHID, SBI_MIMPID };

static unsigned long machine_id(unsigned long fid, unsigned long unknown)
{
	register unsigned long a0 __asm__("a0") = 0, a1 __asm__("a1") = 0;
	register unsigned long a6 __asm__("a6") = fid, a7 __asm__("a7") = SBI_EXT_BASE;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
	return a0 ? unknown : a1;
}

/* An exception skips the read: 0. */
static unsigned long read_sxstatus(void)
{
	unsigned long value = 0, vector;

	__asm__ volatile(
		"	lla	%1, 1f\n"
		"	csrrw	%1, stvec, %1\n"
		"	csrr	%0, 0x5c0\n"
		"	.balign	4\n"
		"1:	csrw	stvec, %1\n" : "+r"(value), "=&r"(vector) :: "memory");
	return value;
}

unsigned long early_memory_type(void)
{
	if (machine_id(SBI_MVENDORID, 0) != VENDOR_THEAD || machine_id(SBI_MARCHID, 1) || machine_id(SBI_MIMPID, 1))
		return 0;
	return read_sxstatus() & SXSTATUS_MAEE ? PTE_THEAD_PMA : 0;
}
