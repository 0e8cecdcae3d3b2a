/*
 * boot/head.S - the Image header, and the way of every hart from the loader into C.
 *
 * MODEL     A loader enters _start with the MMU off, a0 = hart id, a1 = physical address of the device
 *           tree.  The code up to the switch runs at physical addresses: everything it touches is reached
 *           relative to pc or to a physical gp.
 *           The switch: stvec holds the *virtual* address of the next step and satp is written.  If the
 *           mode is implemented, the next fetch faults, for nothing maps it, and lands there; if not,
 *           the write had no effect and the code goes on to try the next narrower mode.  So probing
 *           and switching are one act, and no identity map ever exists.
 *           A secondary hart enters secondary_entry with a1 = physical address of its struct hart_boot.
 *           One that enters _start when another did is a stray: it waits until the kernel calls it, by name, to
 *           secondary_entry.  OpenSBI 1.1 makes such: it says that a hart is to start before it writes down where,
 *           and one that looks just then comes to _start.
 * SEE       SBI specification, HSM; Privileged specification, 12.1.11 (satp).
 *
 * SPDX-License-Identifier: MIT
 */
#include <asm/layout.h>

#define BOOT_STACK_SIZE	8192

	.section .head.text, "ax"
	.globl _start
_start:
	.option push
	.option norelax
	.option norvc
	j	boot_entry
	nop
	.dword	0x200000		/* text offset from the start of RAM */
	.dword	_image_size		/* bytes, bss included */
	.dword	0			/* flags: little endian */
	.word	2			/* header version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.word	0
	.org	_start + 64
	.option pop

boot_entry:
	csrw	sie, zero
	csrw	sip, zero
	csrw	sscratch, zero
	li	t0, 0x6000		/* FS off */
	csrc	sstatus, t0
	/* Where all harts come at once the first to add goes on. */
	lla	t0, boot_lottery
	li	t1, 1
	amoadd.w t1, t1, (t0)
	bnez	t1, stray
	mv	s0, a0
	mv	s1, a1

	.option push
	.option norelax
	lla	gp, __global_pointer$
	.option pop
	lla	t0, __bss_start
	lla	t1, __bss_stop
	bgeu	t0, t1, 2f
1:	sd	zero, (t0)
	sd	zero, 8(t0)
	sd	zero, 16(t0)
	sd	zero, 24(t0)
	addi	t0, t0, 32
	bltu	t0, t1, 1b
2:
	/* Reading the tree may raise an exception, if a1 leads nowhere: then it goes without. */
	lla	t0, unreadable_tree
	csrw	stvec, t0
	mv	a0, s1
build:	lla	sp, boot_stack_end
	call	early_map		/* -> a0: struct early_map_result at its physical address */
	mv	s2, a0

	/* a0[0..3) = satp values, widest first, 0 = do not try; their fourth is the virtual offset. */
	ld	s3, 24(s2)		/* link address - load address */
	lla	t0, boot_high
	add	t0, t0, s3
	csrw	stvec, t0
	sfence.vma
	ld	t1, 0(s2)
	beqz	t1, 3f
	csrw	satp, t1
3:	ld	t1, 8(s2)
	beqz	t1, 4f
	csrw	satp, t1
4:	ld	t1, 16(s2)
	csrw	satp, t1
	/* No mode was taken: there is no MMU.  The oldest call of the firmware says so. */
	lla	s2, no_mmu_text
	li	a7, 1			/* console putchar */
1:	lbu	a0, (s2)
	beqz	a0, park
	ecall
	addi	s2, s2, 1
	j	1b
park:	wfi				/* nothing to do here, or another hart boots */
	j	park
no_mmu_text:
	.asciz	"Kernel panic - not syncing: this hart has no MMU, satp takes no mode\n"

	.balign 4
unreadable_tree:
	mv	a0, zero
	j	build

	.balign 4
boot_high:
	.option push
	.option norelax
	lla	gp, __global_pointer$
	.option pop
	sfence.vma
	lla	sp, boot_stack_end
	lla	tp, init_task
	lla	t0, trap_entry
	csrw	stvec, t0
	csrw	sscratch, zero
	/* The boot hart goes on on its idle task's stack. */
	lla	sp, init_stack_end
	sd	sp, 0(tp)
	mv	a0, s0
	mv	a1, s1
	mv	a2, s3
	call	boot_facts		/* arch/riscv/setup.c: hart id, tree, offset */
	call	start_kernel
5:	wfi
	j	5b

/*
 * a0 = hart id.  Wait for {a0, physical struct hart_boot}.  The kernel writes the second first, and sends a software
 * interrupt, which is not taken and ends the wfi; if it came before the wfi it is pending, and there is no wait.
 */
stray:
	li	t0, 2			/* SSIE */
	csrw	sie, t0
	lla	t0, boot_stray
1:	csrw	sip, zero
	fence	rw, rw
	ld	t1, 0(t0)
	bne	t1, a0, 2f
	fence	r, r
	ld	a1, 8(t0)
	fence	r, r
	ld	t1, 0(t0)
	beq	t1, a0, secondary_entry	/* still: it was ours */
2:	wfi
	j	1b

/* A hart that HSM started: a0 = hart id, a1 = physical struct hart_boot {satp, offset, task}. */
	.globl secondary_entry
secondary_entry:
	csrw	sie, zero
	csrw	sip, zero
	csrw	sscratch, zero
	li	t0, 0x6000
	csrc	sstatus, t0
	ld	t0, 0(a1)		/* satp */
	ld	t1, 8(a1)		/* link address - load address */
	ld	tp, 16(a1)		/* its idle task */
	lla	t2, secondary_high
	add	t2, t2, t1
	csrw	stvec, t2
	sfence.vma
	csrw	satp, t0		/* the next fetch faults, as on the boot hart */
	/* No effect: this hart lacks the mode that the others use. */
	li	t0, 2			/* START_UNFIT */
	sw	t0, 24(a1)
	j	park
	.balign 4
secondary_high:
	.option push
	.option norelax
	lla	gp, __global_pointer$
	.option pop
	sfence.vma
	lla	t0, trap_entry
	csrw	stvec, t0
	ld	sp, 0(tp)
	call	secondary_hart		/* arch/riscv/smp.c */
6:	wfi
	j	6b

	.section .data
	.balign 4
boot_lottery:
	.word	0
	.balign 8
	.globl boot_stray
boot_stray:				/* struct boot_stray of arch/riscv/smp.c */
	.dword	-1, 0

	.section .init.pagedata, "aw"
	.balign 16
	.space	BOOT_STACK_SIZE
boot_stack_end:

	.section .bss.page_aligned, "aw", @nobits
	.balign 4096
	.globl init_stack_guard, init_stack
init_stack_guard:			/* not mapped by paging_init() */
	.space	4096
init_stack:
	.space	1 << THREAD_SHIFT
	.globl init_stack_end
init_stack_end:
