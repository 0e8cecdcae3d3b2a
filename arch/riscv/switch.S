/*
 * arch/riscv/switch.S - from one kernel stack to another, and the floating-point registers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <asm/thread.h>

	.text
/* a0, a1 = old and new thread_struct, a2 = new task, a3 = old task; returns a3 in the new context. */
	.balign 16
	.globl __switch_to
	.type __switch_to, @function
__switch_to:
	sd	ra, THREAD_RA(a0)
	sc.d	zero, ra, (a0)		/* no reservation crosses a switch; should it succeed, it changes nothing */
	sd	sp, THREAD_SP(a0)
	sd	s0, THREAD_S0(a0)
	sd	s1, THREAD_S0+8(a0)
	sd	s2, THREAD_S0+16(a0)
	sd	s3, THREAD_S0+24(a0)
	sd	s4, THREAD_S0+32(a0)
	sd	s5, THREAD_S0+40(a0)
	sd	s6, THREAD_S0+48(a0)
	sd	s7, THREAD_S0+56(a0)
	sd	s8, THREAD_S0+64(a0)
	sd	s9, THREAD_S0+72(a0)
	sd	s10, THREAD_S0+80(a0)
	sd	s11, THREAD_S0+88(a0)
	ld	ra, THREAD_RA(a1)
	ld	sp, THREAD_SP(a1)
	ld	s0, THREAD_S0(a1)
	ld	s1, THREAD_S0+8(a1)
	ld	s2, THREAD_S0+16(a1)
	ld	s3, THREAD_S0+24(a1)
	ld	s4, THREAD_S0+32(a1)
	ld	s5, THREAD_S0+40(a1)
	ld	s6, THREAD_S0+48(a1)
	ld	s7, THREAD_S0+56(a1)
	ld	s8, THREAD_S0+64(a1)
	ld	s9, THREAD_S0+72(a1)
	ld	s10, THREAD_S0+80(a1)
	ld	s11, THREAD_S0+88(a1)
	mv	tp, a2
	mv	a0, a3
	ret
	.size __switch_to, . - __switch_to

	.option push
	.option arch, +d
/* a0 = struct fp_state; FS must not be Off. */
	.globl fp_store_regs
	.type fp_store_regs, @function
fp_store_regs:
	frcsr	t0
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fsd	f\n, (8 * \n)(a0)
	.endr
	sw	t0, 256(a0)
	ret
	.size fp_store_regs, . - fp_store_regs

	.globl fp_load_regs
	.type fp_load_regs, @function
fp_load_regs:
	lw	t0, 256(a0)
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fld	f\n, (8 * \n)(a0)
	.endr
	fscsr	t0
	ret
	.size fp_load_regs, . - fp_load_regs
	.option pop
