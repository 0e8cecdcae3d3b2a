/*
 * kernel/panic.h - reports of things that are wrong.  Theory: panic.c; panic() itself: include/util.h
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_PANIC_H
#define VELLUM_PANIC_H

#define TAINT_DIE	(1ul << 7)	/* Linux's bits: /proc/sys/kernel/tainted */
#define TAINT_WARN	(1ul << 9)
extern unsigned long taint_flags;
extern int panic_on_oops, panic_on_warn;	/* sysctls of that name */
extern int oops_count, warn_count;		/* /sys/kernel */
extern unsigned oops_limit, warn_limit;		/* sysctls of that name */
extern unsigned long panic_print;		/* sysctl of that name: panic_print.c */
void panic_print_sys_info(void);		/* => the other harts stand still */
extern int panic_timeout;	/* seconds; -1 at once; 0 never: sysctl kernel.panic */

void panic_early_setup(void);	/* panic= of the command line, before it is parsed */

/* The log level of registers and traces. */
#define KERN_DEFAULT_TRACE KERN_WARNING

/* Print @pc (unless 0) and the calls found on the running task's stack from @sp up. */
void show_trace(unsigned long pc, unsigned long sp);
struct task_struct;
/*
 * Return addresses on the stack of @t, innermost first, at most @max; how many, 0: it is not asleep.  They are found
 * by their look: one that is left over from an earlier call may be among them.
 */
unsigned stack_trace_save_task(struct task_struct *t, unsigned long *calls, unsigned max);
unsigned long task_wchan(struct task_struct *t);	/* where it waits; 0: it does not, or is just waking up */
/* Print who called us. */
void dump_stack(void);

#endif
