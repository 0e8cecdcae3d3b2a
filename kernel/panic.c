/*
 * kernel/panic.c - when something is wrong: say what, where and how we came there; then end what must end.
 *
 * MODEL     warn    report with a backtrace, go on.
 *           die     an exception in the kernel: report registers, kill the task; panic instead when
 *                   there is no task to kill (interrupts were off, idle task, init).
 *           panic   report, stop the other harts, then what panic= says: -1 restart at once, n > 0
 *                   restart after n seconds, 0 halt.
 *           A backtrace believes a word of the stack if it points behind a call instruction
 *           (is_return_address(), of the ISA); it may show a stale frame, it does not miss one.
 * LOCKING   The first hart to panic goes on, others park.  The log's lock is broken.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/panic.h"
#include "kernel/sched/sched.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "kernel/kallsyms.h"
#include "kernel/syscall/table.h"
#include "kernel/task/task.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/vsprintf.h"
#include "mm/phys/page_debug.h"
#include "arch/riscv/sbi.h"
#include "arch/riscv/smp.h"

#define TRACE_MAX	24

int panic_timeout;		/* seconds; -1 at once; 0 never */
int panic_on_oops, panic_on_warn;
static int panicking_hart = -1;		/* (A) */
int oops_count, warn_count;		/* (A) */
unsigned oops_limit = 10000, warn_limit;	/* panic at so many; 0: never */
unsigned long taint_flags;

static int __init set_panic(const char *value)
{
	int v, rc = kstrtoint(value, 0, &v);

	if (!rc)
		panic_timeout = v;
	return rc;
}
PARAM("panic", set_panic);

/* The command line is known: from here on a panic ends as it says, though parameters are read later. */
void __init panic_early_setup(void)
{
	char buf[16];

	if (cmdline_get("panic", buf, sizeof(buf)) > 0)
		(void)set_panic(buf);
}

static int __init set_oops(const char *value)
{
	panic_on_oops = value[0] == 'p';
	return 0;
}
PARAM("oops", set_oops);

/* ---- where are we ---------------------------------------------------------------------------- */

/* "name+0x12/0x34" of @addr into @buf. */
static const char *symbolise(unsigned long addr, char *buf, size_t n)
{
	unsigned long off, size;
	const char *name = kallsyms_lookup_size(addr, &off, &size);

	if (name)
		snprintf(buf, n, "%s+0x%lx/0x%lx", name, off, size);
	else
		snprintf(buf, n, "0x%lx", addr);
	return buf;
}

void show_trace(unsigned long pc, unsigned long sp)
{
	unsigned long top = current_base()->kernel_sp, bottom = top - THREAD_SIZE;
	char buf[80];
	unsigned n = 0;

	printk(KERN_DEFAULT_TRACE "Call Trace:\n");
	if (pc)
		printk(KERN_DEFAULT_TRACE "[<%016lx>] %s\n", pc, symbolise(pc, buf, sizeof(buf)));
	if (sp < bottom || sp >= top || (sp & 7))
		return;
	for (; sp < top && n < TRACE_MAX; sp += 8) {
		unsigned long word = *(const unsigned long *)sp;

		if (!is_return_address(word))
			continue;
		/* The call, not what follows it: that may be another function. */
		printk(KERN_DEFAULT_TRACE "[<%016lx>] %s\n", word, symbolise(word - 1, buf, sizeof(buf)));
		n++;
	}
}

/* For mm/phys/page_owner.c.  @calls itself, which the caller has on its stack, is passed over. */
unsigned stack_trace_save(unsigned long *calls, unsigned max)
{
	unsigned long sp = (unsigned long)__builtin_frame_address(0) - 16, top = current_base()->kernel_sp;
	unsigned n = 0;

	if (sp < top - THREAD_SIZE || sp >= top)
		return 0;
	for (; sp < top && n < max; sp += 8) {
		const unsigned long *word = (const unsigned long *)sp;

		if ((word < calls || word >= calls + max) && is_return_address(*word))
			calls[n++] = *word;
	}
	return n;
}

/* Not on a hart, and asleep. */
static bool task_sleeps(struct task_struct *t)
{
	return t != current && READ_ONCE(t->state) != TASK_RUNNING && !task_curr(t);
}

/*
 * A task that wakes up meanwhile writes to the stack that is read: what was read is then thrown away.
 */
unsigned stack_trace_save_task(struct task_struct *t, unsigned long *calls, unsigned max)
{
	unsigned long slept = READ_ONCE(t->nvcsw), bottom = (unsigned long)t->stack, sp;
	unsigned n = 0;

	if (!task_sleeps(t) || !max)
		return 0;
	smp_rmb();
	calls[n++] = t->thread.ra;
	sp = t->thread.sp;
	if (sp < bottom || sp > bottom + THREAD_SIZE || (sp & 7))
		return 0;
	for (; sp < bottom + THREAD_SIZE && n < max; sp += 8) {
		unsigned long word = READ_ONCE(*(const unsigned long *)sp);

		if (is_return_address(word))
			calls[n++] = word;
	}
	smp_rmb();
	return task_sleeps(t) && READ_ONCE(t->nvcsw) == slept ? n : 0;
}

unsigned long task_wchan(struct task_struct *t)
{
	extern char __sched_text_start[], __sched_text_end[];
	unsigned long calls[16];
	unsigned n = stack_trace_save_task(t, calls, ARRAY_SIZE(calls));

	for (unsigned i = 0; i < n; i++)
		if (calls[i] <= (unsigned long)__sched_text_start || calls[i] > (unsigned long)__sched_text_end)
			return calls[i];
	return 0;
}

void dump_stack(void)
{
	show_trace(0, (unsigned long)__builtin_frame_address(0) - 16);
}

static void show_task_line(const char *level)
{
	char taint[] = "Tainted: G      D W";

	if (!(taint_flags & TAINT_DIE))
		taint[16] = ' ';
	if (!(taint_flags & TAINT_WARN))
		taint[18] = ' ';
	printk("%sCPU: %u PID: %d Comm: %s %s 6.12.0-vellum\n", level, this_hart(), current->pid,
	       current->comm, taint_flags ? taint : "Not tainted");
	if (machine_model[0])
		printk("%sHardware name: %s\n", level, machine_model);
}

void show_regs_at(const char *level, const struct pt_regs *regs)
{
	show_task_line(level);
	arch_show_regs(level, regs);
}

void show_regs(const struct pt_regs *regs) { show_regs_at(KERN_DEFAULT_TRACE, regs); }

/* ---- ends ------------------------------------------------------------------------------------ */

static void sbi_write(__maybe_unused struct console *con, const char *text, size_t n)
{
	sbi_console_write(text, n);
}

static struct console panic_console = { .name = "panic", .write = sbi_write, .flags = CON_ENABLED };

static __noreturn void panic_end(void)
{
	smp_stop_others();
	if (cmdline_has("semihosting"))
		arch_machine_exit(1);
	if (panic_timeout) {
		u64 until = arch_time_ticks() + arch_time_hz * (panic_timeout > 0 ? panic_timeout : 0);

		if (panic_timeout > 0)
			pr_emerg("Rebooting in %d seconds..\n", panic_timeout);
		while (arch_time_ticks() < until)
			arch_cpu_relax();
		arch_machine_restart();
	}
	arch_machine_halt();
}

static void panic_begin(void)
{
	int none = -1, self = this_hart();

	arch_irq_disable();
	if (!__atomic_compare_exchange_n(&panicking_hart, &none, self, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		if (none != self)
			for (;;)
				arch_wait_for_interrupt();
		panic_end();	/* a panic while we report one */
	}
	printk_enter_panic();
	if (!printk_has_console())
		register_console(&panic_console);
}

__noreturn __cold void panic(const char *fmt, ...)
{
	char buf[256];
	va_list args;

	panic_begin();
	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	pr_emerg("Kernel panic - not syncing: %s\n", buf);
	show_task_line(KERN_DEFAULT_TRACE);
	dump_stack();
	if (panic_print) {
		smp_stop_others();
		panic_print_sys_info();
	}
	pr_emerg("---[ end Kernel panic - not syncing: %s ]---\n", buf);
	panic_end();
}

__noreturn __cold void assert_failed(const char *kind, const char *expr, const char *file, int line)
{
	panic("%s(%s) failed at %s:%d", kind, expr, file, line);
}

__cold void warn_failed(const char *expr, const char *file, int line)
{
	unsigned n = __atomic_add_fetch(&warn_count, 1, __ATOMIC_RELAXED);

	taint_flags |= TAINT_WARN;
	pr_warn("------------[ cut here ]------------\n");
	pr_warn("WARNING: CPU: %u PID: %d at %s:%d %s\n", this_hart(), current->pid, file, line, expr);
	show_task_line(KERN_DEFAULT_TRACE);
	dump_stack();
	if (panic_on_warn)
		panic("kernel: panic_on_warn set ...");
	if (warn_limit && n >= warn_limit)
		panic("kernel: system warned too often (kernel.warn_limit is %u)", warn_limit);
	pr_warn("---[ end trace ]---\n");
}

/* May the running task simply die here, with everyone else living on? */
static bool can_kill_current(const struct pt_regs *regs)
{
	return !panic_on_oops && (regs->status & SR_SPIE) && current->pid > 1 &&
	       !(current->flags & (PF_KTHREAD | PF_EXITING));
}

__noreturn __cold void die(const char *what, struct pt_regs *regs)
{
	static DEFINE_PER_HART(bool, dying);
	int n = __atomic_add_fetch(&oops_count, 1, __ATOMIC_RELAXED);

	arch_irq_disable();
	if (*this_hart_ptr(&dying))
		panic("%s while reporting another", what);
	*this_hart_ptr(&dying) = true;
	taint_flags |= TAINT_DIE;
	if (!printk_has_console())
		register_console(&panic_console);
	pr_emerg("%s [#%d]\n", what, n);
	show_regs(regs);
	show_trace(regs->epc, regs->sp);
	if (!can_kill_current(regs))
		panic("Fatal exception");
	if (oops_limit && (unsigned)n >= oops_limit)
		panic("Oopsed too often (kernel.oops_limit is %u)", oops_limit);
	pr_emerg("---[ end trace ]---\n");
	*this_hart_ptr(&dying) = false;
	arch_irq_enable();
	do_exit(SIGSEGV);
}
