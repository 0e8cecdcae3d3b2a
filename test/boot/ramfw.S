/*
 * test/boot/ramfw.S - firmware for a machine that is a hart and RAM, nothing else (QEMU's `-M none`): the only one
 * whose RAM begins at 0, and so, with a tree that names a part of it, anywhere.
 *
 * MODEL     Runs in machine mode at FW, in 64 KiB that it guards; starts the kernel at KERNEL with the tree at DTB.
 *           SBI: base, TIME, SRST, the old console; text goes out by semihosting.  There is no clock: time is mcycle,
 *           and a hart that waits (wfi traps) is carried to its next timer at once.  A timer that ran out is noticed
 *           at the next trap to here, of which reading the time is one.
 *
 * SPDX-License-Identifier: MIT
 */
#define FRAME		256
#define WFI		0x10500073
#define RDTIME		0xc0102073	/* but for rd */
#define STIP		0x20

	.option norelax
	.globl _start
_start:
	la	sp, stack_top
	csrw	mscratch, sp
	la	t0, trap
	csrw	mtvec, t0
	li	t0, (FW >> 2) | 0x1fff	/* these 64 KiB are nobody's */
	csrw	pmpaddr0, t0
	li	t0, -1
	csrw	pmpaddr1, t0
	li	t0, 0x1f18
	csrw	pmpcfg0, t0
	li	t0, 0xb1fb		/* all but illegal instructions and the kernel's calls */
	csrw	medeleg, t0
	li	t0, 0x222
	csrw	mideleg, t0
	li	t0, -1
	csrw	mcounteren, t0
	li	t0, 0x200800		/* to S; wfi traps */
	csrw	mstatus, t0
	li	t0, KERNEL
	csrw	mepc, t0
	li	a0, 0
	li	a1, DTB
	mret

	.balign 4
trap:
	csrrw	sp, mscratch, sp
	addi	sp, sp, -FRAME
	.irp	n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, \n * 8(sp)
	.endr
	csrr	t0, mscratch
	sd	t0, 16(sp)
	csrr	t0, mcause
	li	t1, 9
	beq	t0, t1, call_of_s
	li	t1, 2
	beq	t0, t1, illegal
	j	exit			/* cannot be: the test sees a machine that ended early */

illegal:
	csrr	t0, mtval
	li	t1, WFI
	beq	t0, t1, wait
	li	t1, 0xfffff07f
	and	t1, t0, t1
	li	t2, RDTIME
	bne	t1, t2, to_s
	srli	t0, t0, 4		/* rd * 8 */
	andi	t0, t0, 31 << 3
	beqz	t0, next
	call	now
	add	t0, t0, sp
	sd	a0, (t0)
	j	next

/* Nothing to do until the timer: it is then. */
wait:
	call	now
	la	t1, deadline
	ld	t2, (t1)
	li	t3, -1
	beq	t2, t3, next
	bgeu	a0, t2, next
	sub	t2, t2, a0
	la	t1, warp
	ld	t3, (t1)
	add	t3, t3, t2
	sd	t3, (t1)
	j	next

/* The kernel's own affair: as if it had been delegated. */
to_s:
	csrr	t1, mepc
	csrw	sepc, t1
	csrw	stval, t0
	li	t1, 2
	csrw	scause, t1
	csrr	t1, stvec
	csrw	mepc, t1
	csrr	t0, mstatus
	srli	t1, t0, 3		/* SPP from MPP */
	andi	t1, t1, 0x100
	slli	t2, t0, 4		/* SPIE from SIE */
	andi	t2, t2, 0x20
	or	t1, t1, t2
	li	t2, ~0x1922		/* MPP, SPP, SPIE, SIE */
	and	t0, t0, t2
	or	t0, t0, t1
	li	t1, 0x800
	or	t0, t0, t1
	csrw	mstatus, t0
	j	leave

call_of_s:
	ld	a0, 80(sp)
	ld	a6, 128(sp)
	ld	a7, 136(sp)
	li	t0, 0x54494D45
	beq	a7, t0, set_timer
	li	t0, 0x10
	beq	a7, t0, base
	li	t0, 1
	beq	a7, t0, put
	li	t0, 2
	beq	a7, t0, none
	li	t0, 0x53525354
	beq	a7, t0, exit
	li	t0, 8
	beq	a7, t0, exit
	li	a0, -2
	j	answer
none:	li	a0, -1
	j	answer
put:	la	a1, letter
	sb	a0, (a1)
	li	a0, 3			/* SYS_WRITEC */
	call	semihost
	li	a0, 0
	j	answer
set_timer:
	la	t0, deadline
	sd	a0, (t0)
	li	t0, STIP
	csrc	mip, t0
	li	a0, 0
	li	a1, 0
	j	answer
base:	li	a1, 2			/* version 0.2 */
	beqz	a6, 1f
	li	t0, 3
	li	a1, 0
	bne	a6, t0, 1f
	li	a1, 1			/* which extensions there are */
	li	t0, 1
	beq	a0, t0, 1f
	li	t0, 0x54494D45
	beq	a0, t0, 1f
	li	t0, 0x53525354
	beq	a0, t0, 1f
	li	a1, 0
1:	li	a0, 0
answer:
	sd	a0, 80(sp)
	sd	a1, 88(sp)
next:	csrr	t0, mepc
	addi	t0, t0, 4
	csrw	mepc, t0
leave:	call	now
	la	t0, deadline
	ld	t0, (t0)
	bltu	a0, t0, 1f
	li	t0, STIP
	csrs	mip, t0
1:	la	t0, stack_top
	csrw	mscratch, t0
	.irp	n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, \n * 8(sp)
	.endr
	ld	sp, 16(sp)
	mret

now:	csrr	a0, mcycle
	srli	a0, a0, 8
	la	t1, warp
	ld	t1, (t1)
	add	a0, a0, t1
	ret

exit:	li	a0, 0x20		/* SYS_EXIT_EXTENDED */
	la	a1, exit_block
	call	semihost
	j	exit

	.balign 16
	.option norvc
semihost:
	slli	zero, zero, 0x1f
	ebreak
	srai	zero, zero, 7
	ret

	.balign 8
deadline:	.dword -1
warp:		.dword 0
exit_block:	.dword 0x20026, 0
letter:		.dword 0
	.balign 16
	.space	4096
stack_top:
