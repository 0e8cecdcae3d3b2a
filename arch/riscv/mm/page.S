/*
 * arch/riscv/mm/page.S - whole pages, with the widest stores of the base instruction set.
 *
 * COST      clear_page 531 instructions, copy_page 1,051.
 *
 * SPDX-License-Identifier: MIT
 */
	.text
	.balign 64
	.globl clear_page
	.type clear_page, @function
clear_page:
	li	t0, 4096
	add	t0, a0, t0
1:
	.set	off, 0
	.rept	64
	sd	zero, off(a0)
	.set	off, off + 8
	.endr
	addi	a0, a0, 512
	bne	a0, t0, 1b
	ret
	.size clear_page, . - clear_page

/* a0 = to, a1 = from */
	.balign 64
	.globl copy_page
	.type copy_page, @function
copy_page:
	li	t0, 4096
	add	t0, a0, t0
.macro copy_64 off
	ld	t1, \off+0(a1)
	ld	t2, \off+8(a1)
	ld	t3, \off+16(a1)
	ld	t4, \off+24(a1)
	ld	t5, \off+32(a1)
	ld	t6, \off+40(a1)
	ld	a2, \off+48(a1)
	ld	a3, \off+56(a1)
	sd	t1, \off+0(a0)
	sd	t2, \off+8(a0)
	sd	t3, \off+16(a0)
	sd	t4, \off+24(a0)
	sd	t5, \off+32(a0)
	sd	t6, \off+40(a0)
	sd	a2, \off+48(a0)
	sd	a3, \off+56(a0)
.endm
1:
	.irp	base, 0,64,128,192,256,320,384,448
	copy_64	\base
	.endr
	addi	a0, a0, 512
	addi	a1, a1, 512
	bne	a0, t0, 1b
	ret
	.size copy_page, . - copy_page
