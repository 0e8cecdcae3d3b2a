/*
 * arch/riscv/stacktrace.c - what a report shows of this ISA: registers, and which words are return addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include "kernel/kallsyms.h"
#include "lib/printk.h"
#include <asm/ptrace.h>

/* A call instruction is jal or jalr that links ra, of four bytes, or c.jalr, of two. */
bool is_return_address(unsigned long addr)
{
	u16 half[2];

	if ((addr & 1) || !kernel_text_address(addr) || !kernel_text_address(addr - 4))
		return false;
	half[0] = *(const u16 *)(addr - 4);
	half[1] = *(const u16 *)(addr - 2);
	if ((half[1] & 0xf07f) == 0x9002 && (half[1] & 0x0f80))
		return true;					/* c.jalr rs1 */
	if ((half[0] & 0xfff) == 0x0ef)
		return true;					/* jal ra */
	return (half[0] & 0x7fff) == 0x00e7;			/* jalr ra */
}

void arch_show_regs(const char *level, const struct pt_regs *regs)
{
	static const char names[32][4] = {
		"epc", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
		"a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11",
		"t3", "t4", "t5", "t6",
	};
	const unsigned long *r = &regs->epc;

	if (!user_mode(regs)) {
		printk("%sepc : %pS\n", level, (void *)regs->epc);
		printk("%s ra : %pS\n", level, (void *)regs->ra);
	}
	for (unsigned i = 0; i < 30; i += 3)
		printk("%s%3s : %016lx %3s : %016lx %3s : %016lx\n", level, names[i], r[i],
		       names[i + 1], r[i + 1], names[i + 2], r[i + 2]);
	printk("%s%3s : %016lx %3s : %016lx\n", level, names[30], r[30], names[31], r[31]);
	printk("%sstatus: %016lx badaddr: %016lx cause: %016lx\n", level, regs->status,
	       regs->badaddr, regs->cause);
}
