/*
 * kernel/main.c - from the first C instruction to the first process.
 *
 * MODEL     start_kernel() runs once, on the boot hart, as task 0.  Each stage needs those before it:
 *
 *             setup_arch     tree, memory map, page tables, harts that exist
 *             mm_init        zones, slab, vmalloc, address spaces, page cache
 *             tasks, time    fork, signals, scheduler, interrupts, timers: interrupts on
 *             devices        files, /dev, terminals, drivers from the tree
 *             rest_init      process 1 and kthreadd; task 0 becomes the idle task
 *
 *           Process 1 goes on in kernel_init(): other harts, the root file system from the initrd,
 *           then the program.  From there the start-up code and data are free memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "block/blk.h"
#include "drivers/block/loop.h"
#include "drivers/base/class.h"
#include "drivers/base/cpu.h"
#include "drivers/base/node.h"
#include "drivers/char/mem.h"
#include "drivers/char/random.h"
#include "drivers/of.h"
#include "drivers/tty/console.h"
#include "drivers/tty/tty.h"
#include "fs/do_mounts.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "fs/shrink.h"
#include "fs/vfs.h"
#include "include/ioport.h"
#include "include/machine.h"
#include "include/uapi/sched.h"
#include "kernel/futex/futex.h"
#include "kernel/ipc/ipc.h"
#include "kernel/kallsyms.h"
#include "kernel/ktest_hook.h"
#include "kernel/sched/sched.h"
#include "kernel/slab_reaper.h"
#include "kernel/signal/signal.h"
#include "kernel/sync/completion.h"
#include "kernel/syscall/table.h"
#include "kernel/task/fork.h"
#include "kernel/task/kthread.h"
#include "kernel/task/oom.h"
#include "kernel/time/time.h"
#include "kernel/workqueue.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/cache/filemap.h"
#include "mm/cache/shmem.h"
#include "mm/fault/fault.h"
#include "mm/kmap/highmem.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/init.h"
#include "mm/reclaim/vmscan.h"
#include "mm/slab/slab.h"
#include "mm/policy/account.h"
#include "mm/space/mm.h"

void start_kernel(void);

static const char *rdinit = "/init";	/* program of the initramfs */
static const char *init_program;	/* init=: tried when there is none, and must work */
static bool rdinit_given;
static bool run_ktest, run_kbench;

static char init_path[128], rdinit_path[128];

static int __init set_rdinit(const char *value)
{
	strscpy(rdinit_path, value, sizeof(rdinit_path));
	rdinit = rdinit_path;
	rdinit_given = true;
	return 0;
}
PARAM("rdinit", set_rdinit);

static int __init set_init(const char *value)
{
	strscpy(init_path, value, sizeof(init_path));
	init_program = init_path;
	return 0;
}
PARAM("init", set_init);

static int __init set_ktest(const char *value)
{
	(void)value;
	run_ktest = true;
	return 0;
}
PARAM("ktest", set_ktest);

static int __init set_kbench(const char *value)
{
	(void)value;
	run_kbench = true;
	return 0;
}
PARAM("kbench", set_kbench);

/* ---- the first program ----------------------------------------------------------------------- */

static int run_init_process(const char *path)
{
	const char *const *extra, *const *env;
	static const char *argv[34], *envp[34];
	unsigned argc = 0, envc = 0;

	cmdline_for_init(&extra, &env);
	argv[argc++] = path;
	extra++;			/* its own name for the program */
	while (*extra && argc < ARRAY_SIZE(argv) - 1)
		argv[argc++] = *extra++;
	while (*env && envc < ARRAY_SIZE(envp) - 1)
		envp[envc++] = *env++;
	argv[argc] = envp[envc] = NULL;
	pr_info("Run %s as init process\n", path);
	return kernel_execve(path, argv, envp);
}

/* /dev/console as descriptors 0, 1 and 2. */
static void open_console(void)
{
	struct file *file = filp_open("/dev/console", O_RDWR, 0);

	if (IS_ERR(file)) {
		pr_err("Warning: unable to open an initial console.\n");
		return;
	}
	for (int i = 0; i < 3; i++) {
		int fd = get_unused_fd_flags(0);

		if (fd >= 0)
			fd_install(fd, get_file(file));
	}
	fput(file);
}

/* Say what is wrong with the initrd, if something is, before the search for a program fails. */
static void explain_initrd(void)
{
	if (!initrd_start)
		pr_warn("initrd: the boot loader gave none that can be used (linux,initrd-start in /chosen)\n");
	else if (!phys_is_ram(initrd_start, initrd_end))
		pr_err("initrd: 0x%lx..0x%lx is not memory of this machine\n", initrd_start, initrd_end);
	else
		pr_err("initrd: there is no %s in it\n", rdinit);
}

static bool __init initramfs_has_init(void)
{
	struct path path;

	if (kern_path(rdinit, LOOKUP_FOLLOW, &path))
		return false;
	path_put(&path);
	return true;
}

/* Start the first program.  => returns when one is loaded; panics when none can be */
static void start_init(void)
{
	static const char *const fallback[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };
	struct path path;
	int rc;

	if (!kern_path(rdinit, LOOKUP_FOLLOW, &path)) {
		path_put(&path);
		rc = run_init_process(rdinit);
		if (!rc)
			return;
		pr_err("Failed to execute %s (error %d)\n", rdinit, rc);
	} else if (!init_program || rdinit_given) {
		explain_initrd();
	}
	if (init_program) {
		rc = run_init_process(init_program);
		if (!rc)
			return;
		panic("Requested init %s failed (error %d).", init_program, rc);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(fallback); i++) {
		rc = run_init_process(fallback[i]);
		if (!rc)
			return;
		if (rc != -ENOENT)
			pr_err("Starting init: %s exists but couldn't execute it (error %d)\n", fallback[i], rc);
	}
	panic("No working init found.  Try passing init= option to kernel.");
}

/* vfree() where interrupts are off leaves the flush to the work queue. */
static void purge_areas(__maybe_unused struct work_struct *w) { vm_area_purge(); }
static DECLARE_WORK(purge_work, purge_areas);
static void purge_areas_soon(void) { queue_work(&purge_work); }

static DECLARE_COMPLETION(kthreadd_done);

/* Process 1.  On return the task goes to user mode. */
static void kernel_init(void *unused)
{
	(void)unused;
	wait_for_completion(&kthreadd_done);
	workqueue_init();
	slab_reaper_init();
	vm_area_set_purger(purge_areas_soon);
	arch_smp_boot();
	reclaim_init();
	account_init(nr_free_pages());
	oom_init();
	fs_late_init();
	ipc_init();
	fs_shrinkers_init();
	node_dev_init();
	cpu_dev_init();
	class_init();
	block_init();
	loop_init();
	populate_rootfs();
	if (root_given() && !initramfs_has_init())
		mount_root();
	if (run_ktest && ktest_main)
		ktest_main();
	if (run_kbench)
		kbench_main();
	open_console();
	init_text_forget();
	free_initmem();
	pr_info("Boot: init starts %llu.%06llu s after the kernel\n",
		(unsigned long long)(ktime_get() / NSEC_PER_SEC),
		(unsigned long long)(ktime_get() % NSEC_PER_SEC / NSEC_PER_USEC));
	deferred_idle_begin();
	start_init();
}

/* ---- start ----------------------------------------------------------------------------------- */

static void __init mm_init(void)
{
	mm_init_phys();
	kmem_cache_init();
	vmalloc_init();
	kmap_init();
	fault_init();
	mm_init_space();
	page_cache_init();
}

static u64 log_clock(void)
{
	return ktime_get();
}

static __noreturn __noinline void rest_init(void)
{
	const struct kernel_clone_args init = {
		.flags = CLONE_FS, .exit_signal = SIGCHLD, .fn = kernel_init, .name = "init",
	};
	const struct kernel_clone_args threads = {
		.flags = CLONE_FS | CLONE_FILES, .exit_signal = SIGCHLD, .fn = kthreadd, .name = "kthreadd",
	};

	if (kernel_clone(&init) != 1 || kernel_clone(&threads) != 2)
		panic("cannot make the first tasks");
	complete(&kthreadd_done);
	cpu_startup_entry();
}

void __init start_kernel(void)
{
	printk(KERN_NOTICE "%s\n", vellum_banner);
	setup_arch();
	early_console_init();
	parse_cmdline(boot_command_line);
	pr_notice("Kernel command line: %s\n", boot_command_line);
	mm_init();
	fork_init();
	signals_init();
	futex_init();
	sched_init();
	time_init();
	time_init_hart(0);
	printk_set_clock(log_clock);
	arch_init_irq();
	arch_init_timer();
	random_init();
	arch_irq_enable();
	vfs_caches_init();
	shmem_init();
	chr_dev_init();
	tty_init();
	resource_init();
	driver_init();
	console_choose();
	rest_init();
}

/* A hart that arch_smp_boot() started, on its idle task's stack, interrupts off. */
void secondary_start(unsigned hart)
{
	time_init_hart(hart);
	arch_init_timer();
	cpu_startup_entry();
}
