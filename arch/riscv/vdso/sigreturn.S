/*
 * arch/riscv/vdso/sigreturn.S - where a signal handler returns to.
 *
 * SPDX-License-Identifier: MIT
 */
	.text
	.balign 16
	nop			/* debuggers look for the call site one instruction earlier */
	.globl __vdso_rt_sigreturn
	.type __vdso_rt_sigreturn, @function
__vdso_rt_sigreturn:
	.cfi_startproc
	.cfi_signal_frame
	li	a7, 139
	ecall
	.cfi_endproc
	.size __vdso_rt_sigreturn, . - __vdso_rt_sigreturn
