/* test/user/t_abi.c - the shape of the system-call interface: hostile pointers, unknown numbers, clocks, /proc.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

TEST(unknown_system_calls_are_enosys)
{
	CHECK_ERR(syscall(1000), ENOSYS);
	CHECK_ERR(syscall(-5), ENOSYS);
	CHECK_ERR(syscall(1l << 40), ENOSYS);
}

/* Every system call with pointers that lead nowhere: an errno or a result, never a dead machine. */
TEST_TIMED(hostile_pointers_in_every_call, 300)
{
	static const long bad[] = { 0, 8, -1, -4096, 0x3ffffff000, 1l << 47,
		(long)0xffffffc000000000ul, (long)0xffffffff80000000ul };
	static const int skip[] = { SYS_exit, SYS_exit_group, SYS_reboot, SYS_rt_sigreturn, SYS_clone,
		435 /* clone3 */,
		SYS_ppoll, SYS_pselect6, SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_wait4, SYS_waitid, SYS_nanosleep,
		SYS_clock_nanosleep, SYS_futex, SYS_epoll_pwait, SYS_setsid, SYS_kill, SYS_tkill, SYS_tgkill,
		SYS_munmap, SYS_mprotect, SYS_brk, SYS_mremap, SYS_madvise, SYS_shmat, SYS_shmdt, SYS_shmget,
		SYS_semget, SYS_msgget, SYS_vhangup, SYS_sync,
		SYS_close, SYS_close_range, SYS_dup3, SYS_chroot, SYS_pivot_root, SYS_mlockall, SYS_munlockall,
		SYS_setuid, SYS_setgid,
		SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_sethostname, SYS_setdomainname, SYS_settimeofday,
		SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_setpriority, SYS_umount2,
		SYS_mount, SYS_setns, SYS_unshare, SYS_ptrace,
		SYS_mmap, SYS_syslog,
		/* These would change what process 1 may and gets. */
		SYS_setpriority, SYS_prlimit64, SYS_sched_setaffinity, SYS_sched_setparam, SYS_sched_setscheduler,
		SYS_sched_setattr, SYS_ioprio_set, SYS_capset, SYS_setpgid, SYS_migrate_pages, SYS_move_pages,
		SYS_swapon, SYS_swapoff };
	for (int nr = 0; nr < 460; nr++) {
		bool skipped = false;
		for (unsigned i = 0; i < sizeof(skip) / sizeof(*skip); i++)
			skipped |= skip[i] == nr;
		if (skipped)
			continue;
		fflush(NULL);
		pid_t p = fork();
		CHECK(p >= 0);
		if (!p) {
			int null = open("/dev/null", O_RDWR);
			dup2(null, 0);
			dup2(null, 1);
			dup2(null, 2);
			alarm(10);
			for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
				for (int pos = 0; pos < 6; pos++) {
					long a[6] = { 1, 1, 1, 0, 0, 0 };
					a[pos] = bad[i];
					syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
					syscall(nr, bad[i], bad[i], bad[i], bad[i], bad[i], bad[i]);
				}
			_exit(0);
		}
		int st;
		CHECK_EQ(waitpid(p, &st, 0), p);
	}
}

TEST(clocks_agree)
{
	struct timespec vdso, sys, prev = { 0, 0 };

	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &vdso), 0);
		CHECK_EQ(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &sys), 0);
		long d = (sys.tv_sec - vdso.tv_sec) * 1000000000l + sys.tv_nsec - vdso.tv_nsec;
		CHECK(d >= 0 && d < 1000000000l);
		CHECK(vdso.tv_sec > prev.tv_sec || (vdso.tv_sec == prev.tv_sec && vdso.tv_nsec >= prev.tv_nsec));
		prev = sys;
	}
	CHECK_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &sys), 0);
	CHECK_ERR(syscall(SYS_clock_gettime, 99, &sys), EINVAL);
	CHECK_ERR(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8), EFAULT);
}

TEST(auxiliary_vector)
{
	CHECK_EQ(getauxval(AT_PAGESZ), 4096);
	CHECK_EQ(getauxval(AT_CLKTCK), 100);
	CHECK(getauxval(AT_SYSINFO_EHDR) != 0);
	CHECK(!memcmp((void *)getauxval(AT_SYSINFO_EHDR), "\177ELF", 4));
	CHECK(getauxval(AT_RANDOM) != 0);
	CHECK(getauxval(AT_PHDR) != 0);
	CHECK((getauxval(AT_HWCAP) & 0x112d) == 0x112d);	/* IMAFDC */
}

TEST(futex_calls)
{
	static uint32_t word = 1;
	struct timespec ts = { 0, 10000000 };

	CHECK_ERR(syscall(SYS_futex, &word, FUTEX_WAIT, 2, NULL, NULL, 0), EAGAIN);
	CHECK_ERR(syscall(SYS_futex, &word, FUTEX_WAIT, 1, &ts, NULL, 0), ETIMEDOUT);
	CHECK_EQ(syscall(SYS_futex, &word, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	CHECK_ERR(syscall(SYS_futex, (char *)&word + 1, FUTEX_WAIT, 1, &ts, NULL, 0), EINVAL);
	CHECK_ERR(syscall(SYS_futex, 8, FUTEX_WAIT, 1, &ts, NULL, 0), EFAULT);
	uint32_t *sh = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t p = fork();
	if (!p)
		_exit(syscall(SYS_futex, sh, FUTEX_WAIT, 0, NULL, NULL, 0) != 0);
	int woken = 0;
	for (int i = 0; i < 2000 && !woken; i++) {
		usleep(1000);
		woken = syscall(SYS_futex, sh, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
	CHECK_EQ(woken, 1);
	int st;
	CHECK_EQ(waitpid(p, &st, 0), p);
	CHECK_EQ(st, 0);
}

static bool file_has(const char *path, const char *text)
{
	static char buf[65536];
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	CHECK(fd >= 0);
	while (len < sizeof(buf) - 1 && (n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += n;
	close(fd);
	buf[len] = 0;
	return strstr(buf, text) != NULL;
}

TEST(proc_files_have_their_lines)
{
	CHECK(file_has("/proc/meminfo", "\nMemAvailable: "));
	CHECK(file_has("/proc/meminfo", "\nCommitted_AS: "));
	CHECK(file_has("/proc/buddyinfo", "Node 0, zone "));
	CHECK(file_has("/proc/zoneinfo", "  pages free "));
	CHECK(file_has("/proc/vmstat", "nr_free_pages "));
	CHECK(file_has("/proc/vmstat", "\nnr_anon_pages "));
	CHECK(file_has("/proc/slabinfo", "slabinfo - version: 2.1"));
	CHECK(file_has("/proc/stat", "cpu  "));
	CHECK(file_has("/proc/stat", "\nbtime "));
	CHECK(file_has("/proc/cpuinfo", "mmu\t\t: sv"));
	CHECK(file_has("/proc/filesystems", "nodev\ttmpfs\n"));
	CHECK(file_has("/proc/self/mounts", " / "));
	CHECK(file_has("/proc/version", "Linux version "));
	CHECK(file_has("/proc/self/status", "\nVmRSS:\t"));
	CHECK(file_has("/proc/self/status", "Name:\t"));
	CHECK(file_has("/proc/self/maps", "[stack]\n"));
	CHECK(file_has("/proc/self/maps", "[vdso]\n"));
	CHECK(file_has("/proc/self/maps", "[vvar]\n"));
	CHECK(file_has("/proc/self/maps", "[heap]\n"));
	CHECK(file_has("/proc/self/limits", "Max open files "));
}

static long field_kb(const char *path, const char *name)
{
	char line[200];
	long kb = -1;
	FILE *f = fopen(path, "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kb = strtol(line + strlen(name), NULL, 10);
	fclose(f);
	return kb;
}

TEST(resident_set_follows_use)
{
	size_t n = 16 << 20;
	long rss = field_kb("/proc/self/status", "VmRSS:");
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	for (size_t i = 0; i < n; i += 4096)
		*(volatile char *)(p + i) = 1;
	rss = field_kb("/proc/self/status", "VmRSS:") - rss;
	if (rss < 16 << 10 || rss > 17 << 10)
		test_fail(__FILE__, __LINE__, "16 MiB touched, VmRSS rose by %ld kB", rss);
}

TEST(random_bytes_differ)
{
	char a[32], b[32];

	CHECK_EQ(getrandom(a, 32, 0), 32);
	CHECK_EQ(getrandom(b, 32, 0), 32);
	CHECK(memcmp(a, b, 32) != 0);
	CHECK_ERR(getrandom(a, 32, 0x100), EINVAL);
}

TEST(uname_says_linux_riscv64)
{
	struct utsname u;

	CHECK_EQ(uname(&u), 0);
	CHECK(!strcmp(u.sysname, "Linux"));
	CHECK(!strcmp(u.machine, "riscv64"));
}
