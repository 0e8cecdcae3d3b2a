/*
 * kernel/syscall/sys.c - small calls about the system: uname, sysinfo, getcpu, hostname, reboot.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/inode.h"
#include "fs/inode.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/reboot.h"
#include "include/uapi/utsname.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall/reboot.h"
#include "kernel/syscall/table.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "kernel/time/time.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"

#define UTS_RELEASE	"6.12.0-vellum"
#define UTS_VERSION	"#1 SMP Vellum 1.0"

struct new_utsname utsname = {
	.sysname = "Linux",
	.nodename = "(none)",
	.release = UTS_RELEASE,
	.version = UTS_VERSION,
	.machine = "riscv64",
	.domainname = "(none)",
};
const char vellum_banner[] = "Linux version " UTS_RELEASE " (vellum@vellum) (gcc " __VERSION__ ") " UTS_VERSION;

static DEFINE_MUTEX(uts_lock, RANK_TASK);

/* ---- names ----------------------------------------------------------------------------------- */

SYSCALL_DEFINE1(uname, struct new_utsname __user *, name)
{
	struct new_utsname copy;

	mutex_lock(&uts_lock);
	copy = utsname;
	mutex_unlock(&uts_lock);
	return copy_to_user(name, &copy, sizeof(copy)) ? -EFAULT : 0;
}

static long set_name(char *field, const char __user *name, int len)
{
	char buf[__NEW_UTS_LEN + 1] = { 0 };

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > __NEW_UTS_LEN)
		return -EINVAL;
	if (copy_from_user(buf, name, len))
		return -EFAULT;
	mutex_lock(&uts_lock);
	memcpy(field, buf, sizeof(buf));
	mutex_unlock(&uts_lock);
	return 0;
}

SYSCALL_DEFINE2(sethostname, const char __user *, name, int, len)
{
	return set_name(utsname.nodename, name, len);
}

SYSCALL_DEFINE2(setdomainname, const char __user *, name, int, len)
{
	return set_name(utsname.domainname, name, len);
}

/* ---- figures --------------------------------------------------------------------------------- */

struct sysinfo {
	long uptime;
	unsigned long loads[3];
	unsigned long totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	unsigned short procs, pad;
	unsigned long totalhigh, freehigh;
	unsigned mem_unit;
};
BUILD_ASSERT(sizeof(struct sysinfo) == 112);

SYSCALL_DEFINE1(sysinfo, struct sysinfo __user *, uinfo)
{
	struct sysinfo info = { .mem_unit = 1 };
	struct sysinfo_mem mem;

	si_meminfo(&mem);
	get_avenrun(info.loads);
	for (int i = 0; i < 3; i++)
		info.loads[i] <<= 16 - FSHIFT;
	info.uptime = DIV_ROUND_UP(ktime_get_boottime(), NSEC_PER_SEC);
	info.procs = nr_threads;
	info.totalram = mem.totalram << PAGE_SHIFT;
	info.freeram = mem.freeram << PAGE_SHIFT;
	info.sharedram = mem.sharedram << PAGE_SHIFT;
	info.bufferram = mem.bufferram << PAGE_SHIFT;
	info.totalhigh = mem.totalhigh << PAGE_SHIFT;
	info.freehigh = mem.freehigh << PAGE_SHIFT;
	return copy_to_user(uinfo, &info, sizeof(info)) ? -EFAULT : 0;
}

SYSCALL_DEFINE3(getcpu, unsigned __user *, cpu, unsigned __user *, node, void __user *, unused)
{
	unsigned hart = this_hart();

	(void)unused;
	if (cpu && put_user(hart, cpu))
		return -EFAULT;
	if (node && put_user((unsigned)hart_node[hart], node))
		return -EFAULT;
	return 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

int C_A_D = 1, cad_pid = 1;

/* Nothing runs that would unmount them: what is on disks is left as if it had been. */
static void leave_filesystems(void)
{
	sync_filesystems();
	readonly_filesystems();
}

void kernel_restart(void)
{
	leave_filesystems();
	pr_emerg("reboot: Restarting system\n");
	arch_machine_restart();
}

void kernel_power_off(void)
{
	leave_filesystems();
	pr_emerg("reboot: Power down\n");
	arch_machine_poweroff();
}

void kernel_halt(void)
{
	leave_filesystems();
	pr_emerg("reboot: System halted\n");
	arch_machine_halt();
}

SYSCALL_DEFINE4(reboot, unsigned, magic1, unsigned, magic2, unsigned, cmd, void __user *, arg)
{
	char buf[256];

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (magic1 != LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
	     magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	switch (cmd) {
	case LINUX_REBOOT_CMD_RESTART2:
		if (strncpy_from_user(buf, arg, sizeof(buf) - 1) < 0)
			return -EFAULT;
		kernel_restart();
	case LINUX_REBOOT_CMD_RESTART:
		kernel_restart();
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		C_A_D = cmd == LINUX_REBOOT_CMD_CAD_ON;
		return 0;
	case LINUX_REBOOT_CMD_HALT:
		kernel_halt();
	case LINUX_REBOOT_CMD_POWER_OFF:
		kernel_power_off();
	default:
		return -EINVAL;
	}
}

/* ---- upcalls --------------------------------------------------------------------------------- */

const char *task_name(void)
{
	return current->comm;
}

int task_pid(void) { return current->pid; }
int task_tgid(void) { return current->tgid; }

unsigned task_personality(void)
{
	return current->personality;
}
