/* test/user/t_devices.c - interrupts and where they go, timers, counts of deferred work.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/sysctl.h"
#include <dirent.h>
#include <sched.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <time.h>

#define MAX_HARTS 64

/* ---- lines ----------------------------------------------------------------------------------- */

struct line {
	int number;
	unsigned long count[MAX_HARTS];
	int harts;
};

/* The line of /proc/interrupts that ends in @name. */
static bool line_of(const char *name, struct line *l)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char text[1024], *p, *end;
	bool found = false;

	CHECK(f);
	while (!found && fgets(text, sizeof(text), f)) {
		text[strcspn(text, "\n")] = 0;
		p = strrchr(text, ' ');
		if (!p || strcmp(p + 1, name))
			continue;
		l->number = strtol(text, &p, 10);
		if (*p++ != ':')
			continue;
		for (l->harts = 0; l->harts < MAX_HARTS; l->harts++, p = end) {
			l->count[l->harts] = strtoul(p, &end, 10);
			if (end == p || *end != ' ')
				break;
		}
		found = true;
	}
	fclose(f);
	return found;
}

static char *of_line(const struct line *l, const char *file)
{
	static char path[2][64];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "/proc/irq/%d/%s", l->number, file);
	return path[turn];
}

static void move_and_see(struct line *l, int hart)
{
	char mask[32], now[64];
	struct line after;

	snprintf(mask, sizeof(mask), "%d", hart);
	if (!access("/sys/devices/system/node/node1", F_OK) && sysctl_try(of_line(l, "smp_affinity_list"), mask)) {
		CHECK_EQ(errno, EINVAL);
		return;			/* a controller for each node: it does not reach this hart */
	}
	sysctl_set(of_line(l, "smp_affinity_list"), mask);
	CHECK(!strcmp(sysctl_text(of_line(l, "smp_affinity_list"), now, sizeof(now)), mask));
	CHECK(!strcmp(sysctl_text(of_line(l, "effective_affinity_list"), now, sizeof(now)), mask));
	CHECK_EQ(strtoul(sysctl_text(of_line(l, "smp_affinity"), now, sizeof(now)), NULL, 16), 1 << hart);
	usleep(20000);
	CHECK(line_of("ttyS0", l));
	for (int i = 0; i < 3; i++) {
		fputs("# the terminal interrupts\n", stdout);
		fflush(stdout);
		tcdrain(1);
		usleep(20000);
	}
	CHECK(line_of("ttyS0", &after));
	for (int h = 0; h < l->harts; h++)
		if (after.count[h] > l->count[h] && h != hart)	/* nor need a terminal interrupt to write */
			test_fail(__FILE__, __LINE__, "line %d goes to %d; hart %d counts %lu, then %lu",
				  l->number, hart, h, l->count[h], after.count[h]);
}

TEST(lines_go_where_they_are_sent)
{
	char old[64];
	struct line l = { 0 };

	if (!line_of("ttyS0", &l))
		test_skip("no ttyS0");
	sysctl_text(of_line(&l, "smp_affinity"), old, sizeof(old));
	CHECK_ERR(sysctl_try(of_line(&l, "smp_affinity"), "x"), EINVAL);
	CHECK_ERR(sysctl_try(of_line(&l, "smp_affinity_list"), "1-0"), EINVAL);
	CHECK_ERR(sysctl_try(of_line(&l, "smp_affinity_list"), "x"), EINVAL);
	CHECK_ERR(sysctl_try("/proc/irq/default_smp_affinity", "0"), EINVAL);
	for (int hart = l.harts; hart-- > 0; )
		move_and_see(&l, hart);
	sysctl_set(of_line(&l, "smp_affinity"), old);
	CHECK(strlen(sysctl_text(of_line(&l, "node"), (char[64]){ 0 }, 64)) > 0);
	CHECK_EQ(sysctl_number(of_line(&l, "affinity_hint")), 0);
	CHECK(!strncmp(sysctl_text(of_line(&l, "spurious"), (char[64]){ 0 }, 64), "count ", 6));
}

/* ---- deferred work --------------------------------------------------------------------------- */

static unsigned long softirqs(const char *kind)
{
	FILE *f = fopen("/proc/softirqs", "r");
	unsigned long sum = 0, n = 0;
	char text[2048], *p, *end;

	CHECK(f);
	while (fgets(text, sizeof(text), f)) {
		p = strchr(text, ':');
		if (!p)
			continue;
		*p++ = 0;
		if (strcmp(text + strspn(text, " "), kind))
			continue;
		for (n = 1; sum += strtoul(p, &end, 10), end != p; p = end)
			;
	}
	fclose(f);
	CHECK(n);
	return sum;
}

static unsigned long sum_in_stat(void)
{
	FILE *f = fopen("/proc/stat", "r");
	char text[4096];
	unsigned long sum = 0;

	CHECK(f);
	while (fgets(text, sizeof(text), f))
		sscanf(text, "softirq %lu", &sum);
	fclose(f);
	return sum;
}

static void file_comes_and_goes(void)
{
	static const char path[] = "/tmp/comes-and-goes";
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	CHECK(fd >= 0 && !unlink(path));
	CHECK(!ftruncate(fd, 64 << 20));
	for (off_t at = 0; at < 64 << 20; at += 1 << 20)
		CHECK_EQ(pwrite(fd, "x", 1, at), 1);
	close(fd);
}

TEST(ticks_and_grace_periods_are_counted)
{
	static const char *const kinds[] = {
		"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU",
	};
	unsigned long ticks = softirqs("TIMER") + softirqs("SCHED"), rcu = softirqs("RCU");
	unsigned long sum = 0, in_stat = sum_in_stat();
	struct timespec t;
	time_t end;

	for (unsigned i = 0; i < 10; i++)
		sum += softirqs(kinds[i]);
	CHECK(sum >= in_stat);
	clock_gettime(CLOCK_MONOTONIC, &t);
	for (end = t.tv_sec + 1; t.tv_sec < end; clock_gettime(CLOCK_MONOTONIC, &t))
		file_comes_and_goes();
	CHECK(softirqs("TIMER") + softirqs("SCHED") > ticks);
	CHECK(softirqs("RCU") > rcu);
}

/* ---- harts ----------------------------------------------------------------------------------- */

TEST(harts_have_a_capacity_and_known_faults)
{
	char path[80], text[128];
	long most = 0, c;
	struct dirent *e;
	int faults = 0;
	DIR *d = opendir("/sys/devices/system/cpu/vulnerabilities");

	if (access("/sys/devices/system/cpu/cpu0/cpu_capacity", F_OK))
		test_skip("no cpu_capacity");
	for (int i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpu_capacity", i);
		c = sysctl_number(path);
		CHECK(c > 0 && c <= 1024);
		most = c > most ? c : most;
	}
	CHECK_EQ(most, 1024);
	while (d && (e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/vulnerabilities/%.30s", e->d_name);
		CHECK(*sysctl_text(path, text, sizeof(text)));
		faults++;
	}
	CHECK(!d || faults > 5);
	CHECK(!strcmp(sysctl_text("/sys/devices/system/node/node0/uevent", text, sizeof(text)), ""));
}

TEST(grace_periods_hurry_or_not)
{
	static const char *const names[] = { "/sys/kernel/rcu_expedited", "/sys/kernel/rcu_normal" };
	char old[16];

	for (int i = 0; i < 2; i++) {
		if (access(names[i], F_OK))
			test_skip("no such files");
		sysctl_text(names[i], old, sizeof(old));
		CHECK_ERR(sysctl_try(names[i], "x"), EINVAL);
		sysctl_set(names[i], "1");
		CHECK_EQ(sysctl_number(names[i]), 1);
		file_comes_and_goes();
		sysctl_set(names[i], old);
	}
}

/* ---- timers ---------------------------------------------------------------------------------- */

TEST(timers_are_listed_with_their_time)
{
	struct itimerspec its = { .it_value = { 1234567, 890123456 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), found = 0, harts = 0;
	FILE *f = fopen("/proc/timer_list", "r");
	struct stat st;
	char text[512];

	if (!f || fd < 0)
		test_skip("no timer_list, or no timerfd");
	CHECK(!fstat(fileno(f), &st) && (st.st_mode & 0777) == 0400);
	CHECK(!timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL));
	while (fgets(text, sizeof(text), f)) {
		found += !!strstr(text, "1234567890123456");
		harts += !strncmp(text, "cpu: ", 5);
	}
	fclose(f);
	close(fd);
	CHECK_EQ(found, 1);
	CHECK_EQ(harts, sysconf(_SC_NPROCESSORS_ONLN));
}
