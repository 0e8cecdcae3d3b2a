/*
 * kernel/signal/unhandled.c - the log of programs that die of their own faults, as Linux writes it.
 *
 * MODEL     A fault whose signal the program does not handle is told with where it was, the registers and the
 *           instructions around (debug.exception-trace, on from the start, so many in a while); a deadly signal
 *           of the kind that dumps core with registers (kernel.print-fatal-signals, off).
 * LOCKING   Takes mmap_lock to look the place up: before the signal is sent, with no lock held.
 * TESTS     test/user/t_signal.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/file.h"
#include "include/uaccess.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

#define NAME_BYTES	256
#define CODE_BEFORE	10
#define CODE_AFTER	2

int show_unhandled_signals = 1, print_fatal_signals;

static bool unhandled(int sig)
{
	__sighandler_t handler = READ_ONCE(current->sighand->action[sig - 1].sa.sa_handler);

	return current->tgid == 1 || handler == SIG_DFL || handler == SIG_IGN;
}

/* "busybox" of /usr/bin/busybox; "?" if that cannot be told. */
static void print_file_name(const char *format, struct file *f)
{
	char *buf = kmalloc(NAME_BYTES, GFP_KERNEL), *path = buf ? d_path(&f->f_path, buf, NAME_BYTES) : NULL;
	const char *name = !path || IS_ERR(path) ? NULL : strrchr(path, '/');

	printk(format, name ? name + 1 : "?");
	kfree(buf);
}

/* " in busybox[562,10000+61000]": offset in the file, the region's start and length. */
static void print_place(unsigned long pc)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	if (mmap_read_lock_killable(mm))
		return;
	vma = find_vma(mm, pc);
	if (vma && vma->vm_start <= pc && vma->vm_file) {
		print_file_name(KERN_CONT " in %s", vma->vm_file);
		pr_cont("[%lx,%lx+%lx]", pc - vma->vm_start + (vma->vm_pgoff << PAGE_SHIFT), vma->vm_start,
			vma->vm_end - vma->vm_start);
	}
	mmap_read_unlock(mm);
}

/* The program's code around @pc, in parcels; the one at @pc in brackets. */
static void print_code(unsigned long pc)
{
	char text[(CODE_BEFORE + CODE_AFTER) * 7 + 1] = "";
	size_t at = 0;
	u16 parcel;

	for (int i = -CODE_BEFORE; i < CODE_AFTER; i++) {
		const u16 __user *p = (const u16 __user *)(pc + 2 * i);

		if (copy_from_user(&parcel, p, sizeof(parcel))) {
			pr_info("Code: Unable to access instruction at 0x%016lx.\n", (unsigned long)p);
			return;
		}
		at += scnprintf(text + at, sizeof(text) - at, i ? "%04x " : "(%04x) ", parcel);
	}
	pr_info("Code: %s\n", text);
}

void show_unhandled_signal(int sig, int code, unsigned long addr)
{
	const struct pt_regs *regs = current_pt_regs();

	if (!READ_ONCE(show_unhandled_signals) || sig == SIGTRAP || !unhandled(sig) || !printk_ratelimit())
		return;
	pr_info("%s[%d]: unhandled signal %d code 0x%x at 0x%016lx", current->comm, current->pid, sig, code, addr);
	print_place(regs->epc);
	pr_cont("\n");
	show_regs_at(KERN_INFO, regs);
	print_code(regs->epc);
}

void show_fatal_signal(int sig)
{
	struct file *exe;

	if (!READ_ONCE(print_fatal_signals) || !sig_kernel_coredump(sig) || !current->mm)
		return;
	exe = get_mm_exe_file(current->mm);
	if (exe) {
		print_file_name(KERN_INFO "%s: ", exe);
		fput(exe);
	}
	pr_cont("%s: potentially unexpected fatal signal %d.\n", current->comm, sig);
	show_regs_at(KERN_INFO, current_pt_regs());
}
