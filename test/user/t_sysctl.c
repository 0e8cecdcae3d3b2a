/* test/user/t_sysctl.c - what is written below /proc/sys has its effect.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include "test/user/sysctl.h"
#include <pty.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#ifndef MFD_EXEC
#define MFD_NOEXEC_SEAL	8u
#define MFD_EXEC	16u
#endif

/* ---- values, and where they are written ------------------------------------------------------ */

static const char *write_in_two(const char *path, const char *a, const char *b)
{
	static char now[128];
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, a, strlen(a)), strlen(a));
	CHECK_EQ(write(fd, b, strlen(b)), strlen(b));
	close(fd);
	return sysctl_text(path, now, sizeof(now));
}

TEST(what_is_written_behind_a_value_s_start)
{
	static const char number[] = "/proc/sys/kernel/panic", text[] = "/proc/sys/kernel/domainname";
	static const char strict[] = "/proc/sys/kernel/sysctl_writes_strict";
	char old[128];
	int fd;

	sysctl_text(text, old, sizeof(old));
	CHECK_EQ(sysctl_number(strict), 1);
	CHECK(!strcmp(write_in_two(number, "5", "7"), "5"));		/* ignored */
	CHECK(!strcmp(write_in_two(text, "abc", "def\n"), "abcdef"));	/* goes on */
	fd = open(text, O_WRONLY);
	CHECK_EQ(pwrite(fd, "X", 1, 3), 1);
	CHECK(!strcmp(sysctl_text(text, (char[128]){ 0 }, 128), "abcX"));
	CHECK_EQ(pwrite(fd, "Y", 1, 9), 1);				/* a gap: not taken */
	CHECK(!strcmp(sysctl_text(text, (char[128]){ 0 }, 128), "abcX"));
	close(fd);
	sysctl_set(strict, "-1");
	CHECK(!strcmp(write_in_two(number, "5", "7"), "7"));
	CHECK(!strcmp(write_in_two(text, "abc", "def\n"), "def"));
	sysctl_set(strict, "1");
	CHECK_ERR(sysctl_try(strict, "2"), EINVAL);
	sysctl_set(number, "0");
	sysctl_set(text, old);
}

TEST(values_and_those_that_are_refused)
{
	static const struct { const char *path; const char *good[3], *bad[4]; } t[] = {
		{ "/proc/sys/kernel/printk_delay", { "0", "10000" }, { "-1", "10001", "x" } },
		{ "/proc/sys/kernel/printk_ratelimit_burst", { "100" }, { "x" } },
		{ "/proc/sys/kernel/auto_msgmni", { "0" }, { "2", "-1" } },
		{ "/proc/sys/kernel/shm_rmid_forced", { "0" }, { "2", "-1" } },
		{ "/proc/sys/vm/memfd_noexec", { "1" }, { "3", "-1" } },
		{ "/proc/sys/vm/mmap_rnd_bits", { "19", "24" }, { "17", "40", "-1" } },
		{ "/proc/sys/vm/legacy_va_layout", { "1" }, { "x" } },
		{ "/proc/sys/vm/numa_zonelist_order", { "Node" }, { "zone", "x" } },
		{ "/proc/sys/kernel/printk_devkmsg", { "on", "off", "ratelimit" }, { "of", "on1", "" } },
		{ "/proc/sys/kernel/pty/max", { "4096", "10" }, { "-1" } },
		{ "/proc/sys/kernel/pty/reserve", { "1000" }, { "-1" } },
	};
	char old[128], now[128];

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (access(t[i].path, F_OK))
			continue;		/* a Linux without pid namespaces has no memfd_noexec */
		sysctl_text(t[i].path, old, sizeof(old));
		for (unsigned k = 0; k < 3 && t[i].good[k]; k++) {
			sysctl_set(t[i].path, t[i].good[k]);
			if (strcmp(sysctl_text(t[i].path, now, sizeof(now)), t[i].good[k]))
				test_fail(__FILE__, __LINE__, "%s: %s became %s", t[i].path, t[i].good[k], now);
		}
		for (unsigned k = 0; k < 4 && t[i].bad[k]; k++)
			if (!sysctl_try(t[i].path, t[i].bad[k]) || errno != EINVAL)
				test_fail(__FILE__, __LINE__, "%s takes '%s'", t[i].path, t[i].bad[k]);
		sysctl_set(t[i].path, old);
	}
	CHECK_ERR(sysctl_try("/proc/sys/kernel/cad_pid", "999999"), ESRCH);
	CHECK_EQ(sysctl_number("/proc/sys/kernel/cad_pid"), 1);
	CHECK(!sysctl_try("/proc/sys/vm/stat_refresh", "1"));
}

TEST(reboot_says_what_ctrl_alt_del_does)
{
	static const char path[] = "/proc/sys/kernel/ctrl-alt-del";
	int old = sysctl_number(path);

	CHECK(!reboot(RB_DISABLE_CAD));
	CHECK_EQ(sysctl_number(path), 0);
	CHECK(!reboot(RB_ENABLE_CAD));
	CHECK_EQ(sysctl_number(path), 1);
	CHECK(!reboot(old ? RB_ENABLE_CAD : RB_DISABLE_CAD));
}

/* ---- effects --------------------------------------------------------------------------------- */

static int made_by_child(bool attached)
{
	int pipes[2], id;

	CHECK(!pipe(pipes));
	(void)CHILD_STATUS({
		id = shmget(IPC_PRIVATE, 4096, 0600);
		CHECK_EQ(write(pipes[1], &id, sizeof(id)), sizeof(id));
		if (attached)
			CHECK(shmat(id, NULL, 0) != (void *)-1);
	});
	CHECK_EQ(read(pipes[0], &id, sizeof(id)), sizeof(id));
	close(pipes[0]);
	close(pipes[1]);
	return id;
}

static bool segment_exists(int id)
{
	struct shmid_ds ds;

	return !shmctl(id, IPC_STAT, &ds);
}

TEST(segments_go_with_their_users_and_makers_when_forced)
{
	static const char path[] = "/proc/sys/kernel/shm_rmid_forced";
	int orphan = made_by_child(false), mine = shmget(IPC_PRIVATE, 4096, 0600), id;
	void *p;

	CHECK(orphan >= 0 && mine >= 0);
	CHECK(segment_exists(orphan));
	sysctl_set(path, "1");
	CHECK(!segment_exists(orphan));		/* cleared up at once */
	CHECK(segment_exists(mine));		/* its maker lives */
	CHECK(!segment_exists(made_by_child(false)));
	CHECK(!segment_exists(made_by_child(true)));
	p = shmat(mine, NULL, 0);
	CHECK(p != (void *)-1 && segment_exists(mine));
	CHECK(!shmdt(p));
	CHECK(!segment_exists(mine));		/* the last user left */
	sysctl_set(path, "0");
	id = made_by_child(true);
	CHECK(segment_exists(id));
	CHECK(!shmctl(id, IPC_RMID, NULL));
}

/* Seals and mode of a file made with @flags; -errno. */
static int memfd_kind(unsigned flags)
{
	int fd = syscall(SYS_memfd_create, "x", flags), rc;
	struct stat st;

	if (fd < 0)
		return -errno;
	CHECK(!fstat(fd, &st));
	rc = st.st_mode & 0111;
	close(fd);
	return rc;
}

TEST(memory_files_that_may_be_executed)
{
	static const char path[] = "/proc/sys/vm/memfd_noexec";

	if (access(path, F_OK))
		test_skip("no memfd_noexec");
	CHECK_EQ(memfd_kind(0), 0111);
	sysctl_set(path, "1");
	CHECK_EQ(memfd_kind(0), 0);
	CHECK_EQ(memfd_kind(MFD_EXEC), 0111);
	sysctl_set(path, "2");
	CHECK_EQ(memfd_kind(0), 0);
	CHECK_EQ(memfd_kind(MFD_EXEC), -EACCES);
	CHECK_EQ(memfd_kind(MFD_NOEXEC_SEAL), 0);
	sysctl_set(path, "0");
}

/* Where a fresh program's first mapping without a hint is: the kernel's, of the vDSO. */
static unsigned long place_after_exec(void)
{
	FILE *f = popen("exec busybox cat /proc/self/maps", "r");
	unsigned long at = 0;
	char line[256];

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (strstr(line, "[vdso]"))
			at = strtoul(line, NULL, 16);
	pclose(f);
	if (!at)
		test_skip("no busybox");
	return at;
}

TEST(layout_bits_and_the_old_layout)
{
	unsigned long base = place_after_exec(), lowest = ~0ul, highest = 0, at;

	sysctl_set("/proc/sys/vm/legacy_va_layout", "1");
	at = place_after_exec();
	sysctl_set("/proc/sys/vm/legacy_va_layout", "0");
	CHECK(at >= (1ul << 39) / 3 && at < (1ul << 39) / 3 + (1ul << 31));
	CHECK(base > at || base > 1ul << 37);
	sysctl_set("/proc/sys/vm/mmap_rnd_bits", "24");
	for (int i = 0; i < 12; i++) {
		at = place_after_exec();
		lowest = at < lowest ? at : lowest;
		highest = at > highest ? at : highest;
	}
	sysctl_set("/proc/sys/vm/mmap_rnd_bits", "18");
	CHECK(highest - lowest > 1ul << 32);	/* 2^30 is all that 18 bits reach; chance of failing: 2^-40 */
}

TEST(so_many_terminals)
{
	int before, a, b, c, d;
	char text[16], old[16];

	if (access("/proc/sys/kernel/pty", F_OK))
		test_skip("no pseudo-terminals");
	mkdir("/dev/pts", 0755);
	if (access("/dev/pts/ptmx", F_OK))
		CHECK(!mount("devpts", "/dev/pts", "devpts", 0, NULL));
	before = sysctl_number("/proc/sys/kernel/pty/nr");
	sysctl_text("/proc/sys/kernel/pty/max", old, sizeof(old));
	CHECK(!openpty(&a, &b, NULL, NULL, NULL));
	CHECK_EQ(sysctl_number("/proc/sys/kernel/pty/nr"), before + 1);
	snprintf(text, sizeof(text), "%d", before + 1);
	sysctl_set("/proc/sys/kernel/pty/max", text);
	CHECK(openpty(&c, &d, NULL, NULL, NULL) == -1 && errno == ENOSPC);
	sysctl_set("/proc/sys/kernel/pty/max", old);
	close(a);
	close(b);
}

static int writes_to_log(const char *how, int times)
{
	int log, fd, seen = 0;
	char buf[8192];
	ssize_t n;

	sysctl_set("/proc/sys/kernel/printk_devkmsg", how);
	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (log < 0)
		return -errno;
	CHECK(lseek(log, 0, SEEK_END) >= 0);
	fd = open("/dev/kmsg", O_WRONLY);
	CHECK(fd >= 0);
	while (times--)
		CHECK_EQ(write(fd, "<7>devkmsg: a line\n", 19), 19);
	close(fd);
	while ((n = read(log, buf, sizeof(buf) - 1)) > 0) {
		buf[n] = 0;
		seen += !!strstr(buf, "devkmsg: a line");
	}
	close(log);
	return seen;
}

TEST(lines_that_programs_write_to_the_log)
{
	char old[32];

	sysctl_text("/proc/sys/kernel/printk_devkmsg", old, sizeof(old));
	CHECK_EQ(writes_to_log("on", 25), 25);
	CHECK_EQ(writes_to_log("ratelimit", 25), 10);
	CHECK_EQ(writes_to_log("off", 1), -EPERM);
	sysctl_set("/proc/sys/kernel/printk_devkmsg", old);
}
