/*
 * arch/riscv/entry.S - the one entry for traps, and the ways out.
 *
 * MODEL     In user mode sscratch holds the task (tp); in the kernel it is 0: so one swap tells where
 *           a trap came from.  Registers go into a struct pt_regs, at the top of the kernel stack
 *           when we come from user mode.
 *           C preserves s0..s11.  So a system call does not save them until something wants to see
 *           them: work on the way out, or fork (arch_sys_clone).  And the light way out does not
 *           load them: whoever replaces a user's s registers (exec, sigreturn) sets WORK_ARCH_FULL,
 *           which says that those in pt_regs are the true ones.
 * INVARIANTS
 *   R1  Between entry and exit of the kernel sscratch is 0, gp is the kernel's, SUM is clear
 *       outside user accesses.
 *   R2  Interrupts are off from the last look at task->work to sret.
 * COST      A system call: 47 instructions in, 28 out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <asm/layout.h>
#include <asm/ptrace.h>

#define TASK_KERNEL_SP	0
#define TASK_USER_SP	8
#define TASK_WORK	16
#define TASK_HART_OFF	24
#define TASK_FAST_SYSCALLS 32

/* What C may change, but sp and tp. */
.macro save_scratch
	sd	ra, PT_RA(sp)
	sd	gp, PT_GP(sp)
	sd	t0, PT_T0(sp)
	sd	t1, PT_T1(sp)
	sd	t2, PT_T2(sp)
	sd	a0, PT_A0(sp)
	sd	a1, PT_A1(sp)
	sd	a2, PT_A2(sp)
	sd	a3, PT_A3(sp)
	sd	a4, PT_A4(sp)
	sd	a5, PT_A5(sp)
	sd	a6, PT_A6(sp)
	sd	a7, PT_A7(sp)
	sd	t3, PT_T3(sp)
	sd	t4, PT_T4(sp)
	sd	t5, PT_T5(sp)
	sd	t6, PT_T6(sp)
.endm

.macro save_callee_saved
	sd	s0, PT_S0(sp)
	sd	s1, PT_S1(sp)
	sd	s2, PT_S2(sp)
	sd	s3, PT_S3(sp)
	sd	s4, PT_S4(sp)
	sd	s5, PT_S5(sp)
	sd	s6, PT_S6(sp)
	sd	s7, PT_S7(sp)
	sd	s8, PT_S8(sp)
	sd	s9, PT_S9(sp)
	sd	s10, PT_S10(sp)
	sd	s11, PT_S11(sp)
.endm

.macro load_callee_saved
	ld	s0, PT_S0(sp)
	ld	s1, PT_S1(sp)
	ld	s2, PT_S2(sp)
	ld	s3, PT_S3(sp)
	ld	s4, PT_S4(sp)
	ld	s5, PT_S5(sp)
	ld	s6, PT_S6(sp)
	ld	s7, PT_S7(sp)
	ld	s8, PT_S8(sp)
	ld	s9, PT_S9(sp)
	ld	s10, PT_S10(sp)
	ld	s11, PT_S11(sp)
.endm

/* sepc and sstatus, then what C may have changed, but a0, sp, tp. */
.macro load_scratch
	ld	t0, PT_EPC(sp)
	ld	t1, PT_STATUS(sp)
	csrw	sepc, t0
	csrw	sstatus, t1
	ld	ra, PT_RA(sp)
	ld	gp, PT_GP(sp)
	ld	t0, PT_T0(sp)
	ld	t1, PT_T1(sp)
	ld	t2, PT_T2(sp)
	ld	a1, PT_A1(sp)
	ld	a2, PT_A2(sp)
	ld	a3, PT_A3(sp)
	ld	a4, PT_A4(sp)
	ld	a5, PT_A5(sp)
	ld	a6, PT_A6(sp)
	ld	a7, PT_A7(sp)
	ld	t3, PT_T3(sp)
	ld	t4, PT_T4(sp)
	ld	t5, PT_T5(sp)
	ld	t6, PT_T6(sp)
.endm

	.text
	.balign 64
	.globl trap_entry
	.type trap_entry, @function
trap_entry:
	csrrw	tp, sscratch, tp
	beqz	tp, from_kernel
	sd	sp, TASK_USER_SP(tp)
	ld	sp, TASK_KERNEL_SP(tp)
	addi	sp, sp, -PT_SIZE
	save_scratch
	ld	t0, TASK_USER_SP(tp)
	csrrw	t1, sscratch, zero	/* R1 */
	csrr	t2, scause
	csrr	t3, sepc
	csrr	t4, sstatus
	sd	t0, PT_SP(sp)
	sd	t1, PT_TP(sp)
	sd	t2, PT_CAUSE(sp)
	sd	t4, PT_STATUS(sp)
	.option push
	.option norelax
	lla	gp, __global_pointer$
	.option pop
	li	t0, EXC_SYSCALL
	bne	t2, t0, user_exception

	addi	t3, t3, 4
	sd	t3, PT_EPC(sp)
	sd	a0, PT_ORIG_A0(sp)
	csrsi	sstatus, SR_SIE
	ld	t0, TASK_FAST_SYSCALLS(tp)
	bgeu	a7, t0, syscall_slow
	la	t1, sys_call_table
	slli	t0, a7, 3
	add	t1, t1, t0
	ld	t1, 0(t1)
	jalr	t1
syscall_return:
	sd	a0, PT_A0(sp)
	csrci	sstatus, SR_SIE		/* R2 */
	ld	t0, TASK_WORK(tp)
	bnez	t0, syscall_work
exit_light_a0:
	csrw	sscratch, tp
	load_scratch
	ld	tp, PT_TP(sp)
	ld	sp, PT_SP(sp)
	sret

/* A number outside the table, or a thread whose calls are looked at first. */
syscall_slow:
	mv	a0, sp
	call	syscall_enter
	mv	t1, a0
	ld	a0, PT_ORIG_A0(sp)
	beqz	t1, syscall_return	/* no call: a0 as it was */
	ld	a1, PT_A1(sp)
	ld	a2, PT_A2(sp)
	ld	a3, PT_A3(sp)
	ld	a4, PT_A4(sp)
	ld	a5, PT_A5(sp)
	jalr	t1
	j	syscall_return

/* The user's s registers are still in place, unless the call gave it others. */
syscall_work:
	andi	t1, t0, WORK_ARCH_FULL
	bnez	t1, user_work
	save_callee_saved
	j	user_work

/* fork copies all registers: complete the set first.  Called from the table only, sp = regs. */
	.globl arch_sys_clone
arch_sys_clone:
	save_callee_saved
	tail	sys_clone
	.globl arch_sys_clone3
arch_sys_clone3:
	save_callee_saved
	tail	sys_clone3

user_exception:
	save_callee_saved
	sd	t3, PT_EPC(sp)
	bltz	t2, user_interrupt
	csrr	a1, stval
	sd	a1, PT_BADADDR(sp)
	csrsi	sstatus, SR_SIE
	mv	a0, sp
	li	t0, EXC_LOAD_PAGE_FAULT
	li	a2, 4			/* FAULT_FLAG_USER */
	beq	t2, t0, user_fault
	li	t0, EXC_STORE_PAGE_FAULT
	li	a2, 5			/* ... | FAULT_FLAG_WRITE */
	beq	t2, t0, user_fault
	li	t0, EXC_INST_PAGE_FAULT
	li	a2, 6			/* ... | FAULT_FLAG_EXEC */
	beq	t2, t0, user_fault
	call	do_user_exception
	j	user_return
user_fault:
	call	do_page_fault
user_return:
	csrci	sstatus, SR_SIE		/* R2 */
user_return_irqs_off:
	ld	t0, TASK_WORK(tp)
	bnez	t0, user_work
	ld	a0, PT_A0(sp)
	j	exit_light_a0

user_interrupt:
	mv	a0, sp
	call	do_interrupt
	/* The interrupt may have come between a user's LR and SC. */
	addi	t0, sp, PT_ORIG_A0
	sc.d	zero, zero, (t0)
	j	user_return_irqs_off

/* Interrupts are off; t0 = task->work, not 0. */
user_work:
	addi	a1, tp, TASK_WORK
	li	t1, ~WORK_ARCH_FULL
	amoand.d t0, t1, (a1)
	and	t0, t0, t1
	beqz	t0, exit_full
	mv	a0, sp
	call	exit_to_user_work
	ld	t0, TASK_WORK(tp)
	bnez	t0, user_work
exit_full:
	csrw	sscratch, tp
	load_scratch
	load_callee_saved
	ld	a0, PT_A0(sp)
	ld	tp, PT_TP(sp)
	ld	sp, PT_SP(sp)
	sret

from_kernel:
	csrrw	tp, sscratch, zero
	sd	sp, TASK_USER_SP(tp)
	addi	sp, sp, -PT_SIZE
	/* kernel_sp - sp must be less than the stack's size: sscratch lends us a register. */
	csrw	sscratch, t0
	ld	t0, TASK_KERNEL_SP(tp)
	sub	t0, t0, sp
	srli	t0, t0, THREAD_SHIFT
	bnez	t0, stack_overflow
	csrrw	t0, sscratch, zero
	save_scratch
	save_callee_saved
	ld	t0, TASK_USER_SP(tp)
	csrr	t2, scause
	csrr	t3, sepc
	csrr	t4, sstatus
	sd	t0, PT_SP(sp)
	sd	tp, PT_TP(sp)
	sd	t2, PT_CAUSE(sp)
	sd	t3, PT_EPC(sp)
	sd	t4, PT_STATUS(sp)
	li	t1, SR_SUM
	csrc	sstatus, t1
	mv	a0, sp
	bltz	t2, kernel_interrupt
	csrr	a1, stval
	sd	a1, PT_BADADDR(sp)
	andi	t0, t4, SR_SPIE		/* interrupts as they were */
	srli	t0, t0, 4
	csrs	sstatus, t0
	li	t0, EXC_LOAD_PAGE_FAULT
	li	a2, 0
	beq	t2, t0, kernel_fault
	li	t0, EXC_STORE_PAGE_FAULT
	li	a2, 1
	beq	t2, t0, kernel_fault
	li	t0, EXC_INST_PAGE_FAULT
	li	a2, 2
	beq	t2, t0, kernel_fault
	call	do_kernel_exception
	j	kernel_return
kernel_fault:
	call	do_page_fault
kernel_return:
	csrci	sstatus, SR_SIE
	load_scratch
	ld	a0, PT_A0(sp)
	ld	sp, PT_SP(sp)		/* tp stays: it is this task */
	sret
kernel_interrupt:
	call	do_interrupt
	addi	t0, sp, PT_ORIG_A0
	sc.d	zero, zero, (t0)
	j	kernel_return

/* sp left its stack (a guard page is below): report on this hart's emergency stack. */
stack_overflow:
	ld	sp, TASK_HART_OFF(tp)
	lla	t0, emergency_stack + EMERGENCY_STACK - PT_SIZE
	add	sp, sp, t0
	csrrw	t0, sscratch, zero
	save_scratch
	save_callee_saved
	ld	t0, TASK_USER_SP(tp)
	sd	t0, PT_SP(sp)
	sd	tp, PT_TP(sp)
	csrr	t0, scause
	sd	t0, PT_CAUSE(sp)
	csrr	t0, sepc
	sd	t0, PT_EPC(sp)
	csrr	t0, sstatus
	sd	t0, PT_STATUS(sp)
	csrr	t0, stval
	sd	t0, PT_BADADDR(sp)
	mv	a0, sp
	call	kernel_stack_overflow

/* A new task's first steps; switch_to() came here: a0 = the task before it, s0, s1 = fn, arg. */
	.globl ret_from_fork
ret_from_fork:
	call	schedule_tail
	beqz	s0, 1f
	mv	a0, s1
	jalr	s0
1:	csrci	sstatus, SR_SIE
	ld	t0, TASK_WORK(tp)
	bnez	t0, user_work
	j	exit_full
	.size trap_entry, . - trap_entry
