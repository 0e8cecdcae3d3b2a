/*
 * arch/riscv/semihost.S - the marked breakpoint that an emulator takes for a call to the host.
 *
 * The three instructions are uncompressed and in one page: that is how they are recognised.
 *
 * SPDX-License-Identifier: MIT
 */
	.text
	.option push
	.option norvc
	.balign 16
	.globl semihost_call
	.type semihost_call, @function
semihost_call:			/* a0 = operation, a1 = its block */
	slli	zero, zero, 0x1f
	ebreak
	srai	zero, zero, 7
	ret
	.size semihost_call, . - semihost_call
	.option pop
