/*
 * arch/riscv/sbi_call.S - the call itself.
 *
 * SPDX-License-Identifier: MIT
 */
	.text
	.globl sbi_call
/* struct sbiret sbi_call(ext, fid, arg0 .. arg4): extension in a7, function in a6, the rest from a0 on. */
sbi_call:
	mv	a7, a0
	mv	t0, a1
	mv	a0, a2
	mv	a1, a3
	mv	a2, a4
	mv	a3, a5
	mv	a4, a6
	mv	a6, t0
	ecall
	ret
