/*
 * arch/riscv/mm/uaccess.S - copying and clearing user memory.
 *
 * MODEL     SUM is set from entry to exit.  a0 is always the first destination byte that is not known
 *           to be done, t5 the end.  A fault in a loop of words goes on byte by byte from a0, so
 *           that the second fault, which nothing serves either, gives the exact count.
 *           Same alignment of both ends: words, 64 per round, then 8, then 1.  Different: if the destination is
 *           aligned it is filled with words made by shifting; short copies go by bytes.
 *           Clearing much goes by cbo.zero, which clears a block of the cache, if every hart has it for us.
 * COST      Copying a page: 8 rounds of 131 instructions.  Clearing: one for 8 bytes, and 2 for 256; by cbo.zero 3
 *           for a block.
 *
 * SPDX-License-Identifier: MIT
 */
#include <asm/extable.h>

#define SUM	0x40000

.macro guarded to, insn:vararg
9001:	\insn
	extable	9001b, \to
.endm

.macro copy_64 at
	guarded	copy_bytes, ld t0, \at+0(a1)
	guarded	copy_bytes, ld t1, \at+8(a1)
	guarded	copy_bytes, ld t2, \at+16(a1)
	guarded	copy_bytes, ld t3, \at+24(a1)
	guarded	copy_bytes, ld a3, \at+32(a1)
	guarded	copy_bytes, ld a4, \at+40(a1)
	guarded	copy_bytes, ld a5, \at+48(a1)
	guarded	copy_bytes, ld a6, \at+56(a1)
	guarded	copy_bytes, sd t0, \at+0(a0)
	guarded	copy_bytes, sd t1, \at+8(a0)
	guarded	copy_bytes, sd t2, \at+16(a0)
	guarded	copy_bytes, sd t3, \at+24(a0)
	guarded	copy_bytes, sd a3, \at+32(a0)
	guarded	copy_bytes, sd a4, \at+40(a0)
	guarded	copy_bytes, sd a5, \at+48(a0)
	guarded	copy_bytes, sd a6, \at+56(a0)
.endm

#define CLEAR_LONG	1024

.macro clear_64 at
	.irp	i, 0, 8, 16, 24, 32, 40, 48, 56
	guarded	clear_bytes, sd zero, \at+\i(a0)
	.endr
.endm

	.text
/* a0 = to, a1 = from, a2 = bytes; a0 = bytes not copied.  One of the two is user memory. */
	.balign 16
	.globl arch_copy_user
	.type arch_copy_user, @function
arch_copy_user:
	li	t6, SUM
	csrs	sstatus, t6
	add	t5, a0, a2		/* end of destination */
	li	t0, 16
	bltu	a2, t0, copy_bytes
	xor	t1, a0, a1
	andi	t1, t1, 7
	bnez	t1, copy_shifted
	andi	t1, a0, 7
	beqz	t1, copy_words
	/* Bytes up to the first word. */
	li	t2, 8
	sub	t1, t2, t1
	add	t1, a0, t1
1:	guarded	copy_fault, lbu t0, 0(a1)
	guarded	copy_fault, sb t0, 0(a0)
	addi	a0, a0, 1
	addi	a1, a1, 1
	bltu	a0, t1, 1b
copy_words:
	addi	t4, t5, -511		/* room for 512 bytes while a0 < t4 */
	bgeu	a0, t4, 7f
2:	.irp	base, 0,64,128,192,256,320,384,448
	copy_64	\base
	.endr
	addi	a1, a1, 512
	addi	a0, a0, 512
	bltu	a0, t4, 2b
7:	addi	t4, t5, -63
	bgeu	a0, t4, 3f
8:	copy_64	0
	addi	a1, a1, 64
	addi	a0, a0, 64
	bltu	a0, t4, 8b
3:	addi	t4, t5, -7
	bgeu	a0, t4, copy_bytes
4:	guarded	copy_bytes, ld t0, 0(a1)
	guarded	copy_bytes, sd t0, 0(a0)
	addi	a0, a0, 8
	addi	a1, a1, 8
	bltu	a0, t4, 4b
copy_bytes:
	bgeu	a0, t5, 6f
5:	guarded	copy_fault, lbu t0, 0(a1)
	guarded	copy_fault, sb t0, 0(a0)
	addi	a0, a0, 1
	addi	a1, a1, 1
	bltu	a0, t5, 5b
6:	csrc	sstatus, t6
	li	a0, 0
	ret

/* The ends differ in alignment: align the destination, then shift words together. */
copy_shifted:
	andi	t1, a0, 7
	beqz	t1, 2f
	li	t2, 8
	sub	t1, t2, t1
	add	t1, a0, t1
1:	guarded	copy_fault, lbu t0, 0(a1)
	guarded	copy_fault, sb t0, 0(a0)
	addi	a0, a0, 1
	addi	a1, a1, 1
	bltu	a0, t1, 1b
2:	addi	t4, t5, -7
	bgeu	a0, t4, copy_bytes
	andi	a7, a1, 7		/* not 0 */
	andi	a1, a1, -8
	slli	a3, a7, 3		/* low bits to drop */
	neg	a4, a3			/* shifts use the low 6 bits: 64 - a3 */
	guarded	copy_shifted_fault, ld t0, 0(a1)
3:	guarded	copy_shifted_fault, ld t1, 8(a1)
	srl	t0, t0, a3
	sll	t2, t1, a4
	or	t0, t0, t2
	guarded	copy_shifted_fault, sd t0, 0(a0)
	mv	t0, t1
	addi	a0, a0, 8
	addi	a1, a1, 8
	bltu	a0, t4, 3b
copy_shifted_fault:
	add	a1, a1, a7
	j	copy_bytes

/* All before a0 of the destination is done, nothing that counts after it. */
copy_fault:
	csrc	sstatus, t6
	sub	a0, t5, a0
	ret
	.size arch_copy_user, . - arch_copy_user

/* a0 = to, a1 = bytes; a0 = bytes not cleared. */
	.balign 16
	.globl arch_clear_user
	.type arch_clear_user, @function
arch_clear_user:
	li	t6, SUM
	csrs	sstatus, t6
	add	t5, a0, a1
	li	t0, 16
	bltu	a1, t0, clear_bytes
	j	2f
1:	guarded	copy_fault, sb zero, 0(a0)
	addi	a0, a0, 1
2:	andi	t0, a0, 7
	bnez	t0, 1b
	sub	t1, t5, a0
	li	t0, CLEAR_LONG
	bgeu	t1, t0, clear_long
clear_words:
	addi	t4, t5, -63
	bgeu	a0, t4, 6f
3:	clear_64 0
	addi	a0, a0, 64
	bltu	a0, t4, 3b
6:	addi	t4, t5, -7
	bgeu	a0, t4, clear_bytes
7:	guarded	clear_bytes, sd zero, 0(a0)
	addi	a0, a0, 8
	bltu	a0, t4, 7b
clear_bytes:
	bgeu	a0, t5, 5f
8:	guarded	copy_fault, sb zero, 0(a0)
	addi	a0, a0, 1
	bltu	a0, t5, 8b
5:	csrc	sstatus, t6
	li	a0, 0
	ret
	/* Much: whole blocks of the cache, where each hart can; else longer rounds. */
clear_long:
	lla	t1, riscv_cboz_block_size
	lwu	t1, 0(t1)
	addi	t0, t1, -1
	li	t2, CLEAR_LONG / 2
	bltu	t0, t2, 10f			/* neither 0 nor larger than what there is for sure */
	addi	t4, t5, -255
9:	clear_64 0
	clear_64 64
	clear_64 128
	clear_64 192
	addi	a0, a0, 256
	bltu	a0, t4, 9b
	j	clear_words
10:	and	t2, a0, t0
	beqz	t2, 11f
	guarded	clear_bytes, sd zero, 0(a0)
	addi	a0, a0, 8
	j	10b
11:	sub	t4, t5, t0
	.option	push
	.option	arch, +zicboz
12:	cbo.zero	(a0)
	extable	12b, clear_bytes
	.option	pop
	add	a0, a0, t1
	bltu	a0, t4, 12b
	j	clear_words
	.size arch_clear_user, . - arch_clear_user

/* a0 = to, a1 = from (user), a2 = most bytes; a0 = length, a2 when there is no NUL, or -1 on a fault. */
	.balign 16
	.globl __strncpy_from_user
	.type __strncpy_from_user, @function
__strncpy_from_user:
	li	t6, SUM
	csrs	sstatus, t6
	mv	t0, a0
	add	t1, a0, a2
	beq	t0, t1, 2f
1:	lbu	t2, 0(a1)
	extable	1b, string_fault
	sb	t2, 0(t0)
	beqz	t2, 2f
	addi	t0, t0, 1
	addi	a1, a1, 1
	bne	t0, t1, 1b
2:	csrc	sstatus, t6
	sub	a0, t0, a0
	ret
string_fault:
	csrc	sstatus, t6
	li	a0, -1
	ret
	.size __strncpy_from_user, . - __strncpy_from_user

/* a0 = string (user), a1 = most bytes; a0 = length without NUL, a1 when there is none, -1 on a fault. */
	.balign 16
	.globl __strnlen_user
	.type __strnlen_user, @function
__strnlen_user:
	li	t6, SUM
	csrs	sstatus, t6
	mv	t0, a0
	add	t1, a0, a1
	beq	t0, t1, 2f
1:	lbu	t2, 0(t0)
	extable	1b, string_fault
	beqz	t2, 2f
	addi	t0, t0, 1
	bne	t0, t1, 1b
2:	csrc	sstatus, t6
	sub	a0, t0, a0
	ret
	.size __strnlen_user, . - __strnlen_user

/* a0 = user word, a1 = old, a2 = new, a3 = where the value read goes; a0 = 0 or -1 on a fault. */
	.balign 16
	.globl __futex_cmpxchg
	.type __futex_cmpxchg, @function
__futex_cmpxchg:
	li	t6, SUM
	csrs	sstatus, t6
	sext.w	a1, a1
1:	lr.w.aqrl t0, (a0)
	extable	1b, string_fault
	bne	t0, a1, 3f
2:	sc.w.aqrl t1, a2, (a0)
	extable	2b, string_fault
	bnez	t1, 1b
3:	csrc	sstatus, t6
	sw	t0, 0(a3)
	li	a0, 0
	ret
	.size __futex_cmpxchg, . - __futex_cmpxchg

/* a0 = user word, a1 = operand, a2 = where the old value goes; a0 = 0 or -1. */
.macro futex_amo name, insn
	.balign 16
	.globl	\name
	.type	\name, @function
\name:
	li	t6, SUM
	csrs	sstatus, t6
1:	\insn	t0, a1, (a0)
	extable	1b, string_fault
	csrc	sstatus, t6
	sw	t0, 0(a2)
	li	a0, 0
	ret
	.size	\name, . - \name
.endm

futex_amo __futex_swap, amoswap.w.aqrl
futex_amo __futex_add, amoadd.w.aqrl
futex_amo __futex_or, amoor.w.aqrl
futex_amo __futex_and, amoand.w.aqrl
futex_amo __futex_xor, amoxor.w.aqrl
