/*
 * test/user/main.c - runs user tests and prints TAP.
 *
 * MODEL     utest             all tests     utest NAME...   those whose "file.name" contains a NAME
 *           utest -w FILE TEXT [-t SECONDS] NAME...   writes TEXT to FILE when it is running, then tests with
 *                             that limit each: for failures that are to begin then
 *           utest --init      as process 1: mounts, runs all tests and the shell scripts of
 *                             /tests/sh, prints the plan, powers off.  What to run, and how often, can be
 *                             narrowed by `tests=NAME,NAME` on the kernel command line.  `patience=N` there
 *                             makes each limit N times as long: the guest's clock goes on while a busy
 *                             host lets the guest wait.
 *           A leak is a fall of free memory (free, page cache and reclaimable slab, after drop_caches)
 *           over a test that every other run of the same test shows again: a cache may grow once.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <signal.h>
#include <dirent.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define EXIT_SKIP	77
#define LEAK_KB		256	/* what per-hart lists and caches may keep between two looks */
#define LEAK_ROUNDS	6	/* free memory goes up and down with half-empty slabs; a leak takes some each time */

static struct test *tests;
static unsigned nr_run, nr_failed;
static bool as_init, count_memory;
static unsigned seconds_at_most = ~0u, patience = 1;

void test_register(struct test *t)
{
	struct test **at = &tests;

	while (*at && strcmp((*at)->file, t->file) <= 0)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dprintf(1, "# %s:%d: %s\n", file, line, text);
	_exit(1);
}

void test_skip(const char *fmt, ...)
{
	va_list ap;
	char text[256];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dprintf(1, "# skipped: %s\n", text);
	_exit(EXIT_SKIP);
}

static bool task_sleeps(pid_t pid, const char *tid)
{
	char path[300], text[512] = "", *p;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	p = strrchr(text, ')');
	return p && p[1] && p[2] == 'S';
}

/* How many tasks of @pid but the caller sleep; -1: another does not. */
static int sleeping_tasks(pid_t pid)
{
	struct dirent *d;
	char path[64];
	int nr = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && nr >= 0 && (d = readdir(dir)))
		if (d->d_name[0] != '.' && atoi(d->d_name) != gettid())
			nr = task_sleeps(pid, d->d_name) ? nr + 1 : -1;
	if (dir)
		closedir(dir);
	return nr;
}

void until_tasks_sleep(pid_t pid, int nr)
{
	/* Twice: on its way there a task may wait for something else for a moment. */
	for (int seen = 0; seen < 2; usleep(1000))
		seen = sleeping_tasks(pid) == nr ? seen + 1 : 0;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		dprintf(1, "# %s: %s\n", path, strerror(errno));
	close(fd);
}

/* Memory nobody needs, kB; 0 where /proc is not mounted. */
static long free_kb(void)
{
	static const char *const fields[] = { "MemFree:", "Buffers:", "Cached:", "SReclaimable:" };
	char buf[4096], *p;
	long sum = 0;
	int fd;

	write_file("/proc/sys/vm/drop_caches", "3");
	fd = open("/proc/meminfo", O_RDONLY);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = 0;
	for (unsigned i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		p = strstr(buf, fields[i]);
		while (p && p != buf && p[-1] != '\n')
			p = strstr(p + 1, fields[i]);
		if (p)
			sum += strtol(p + strlen(fields[i]), NULL, 10);
	}
	return sum;
}

static const char *short_name(const char *file)
{
	const char *s = strrchr(file, '/');

	s = s ? s + 1 : file;
	return strncmp(s, "t_", 2) ? s : s + 2;
}

/* Wait for @pid at most @seconds; then it and its process group are killed. */
static int wait_limited(pid_t pid, unsigned seconds, bool *timed_out)
{
	sigset_t set;
	struct timespec limit = { .tv_sec = (time_t)seconds * patience };
	int status;

	*timed_out = false;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);
		if (got == pid)
			break;
		if (sigtimedwait(&set, NULL, &limit) < 0 && errno == EAGAIN) {
			*timed_out = true;
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
	}
	kill(-pid, SIGKILL);
	if (as_init)
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	return status;
}

static unsigned limit_of(const struct test *t)
{
	return t->seconds < seconds_at_most ? t->seconds : seconds_at_most;
}

static int run_child(const struct test *t, bool *timed_out)
{
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (!pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setpgid(0, 0);
		t->run();
		fflush(NULL);
		_exit(0);
	}
	setpgid(pid, pid);
	return wait_limited(pid, limit_of(t), timed_out);
}

static void report(bool ok, const char *file, const char *name, const char *note)
{
	nr_run++;
	nr_failed += !ok;
	printf("%sok %u - %.*s.%s%s\n", ok ? "" : "not ", nr_run, (int)strcspn(short_name(file), "."),
	       short_name(file), name, note);
	fflush(stdout);
}

static void run_test(const struct test *t)
{
	char note[96] = "";
	bool timed_out, ok;
	int status = 0;
	long lost = 0;

	fflush(stdout);
	/* More looks at the same test tell a leak from a cache that grew once, and from ups and downs. */
	for (int round = 0; round < LEAK_ROUNDS; round++) {
		long before = free_kb();

		status = run_child(t, &timed_out);
		/* What is freed with a delay (RCU, work queues) has time to come back. */
		for (int look = 0; look < 20; look++) {
			lost = before - free_kb();
			if (status || !count_memory || lost <= LEAK_KB)
				break;
			usleep(20000);
		}
		if (status || !count_memory || lost <= LEAK_KB)
			break;
	}
	ok = status == 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP) {
		ok = true;
		strcpy(note, " # SKIP");
	} else if (timed_out) {
		ok = false;
		snprintf(note, sizeof(note), "\n# no end after %u s", limit_of(t));
	} else if (WIFSIGNALED(status)) {
		snprintf(note, sizeof(note), "\n# killed by signal %d", WTERMSIG(status));
	} else if (ok && count_memory && lost > LEAK_KB) {
		ok = false;
		snprintf(note, sizeof(note), "\n# leaks: %ld kB less free memory after each run", lost);
	}
	report(ok, t->file, t->name, note);
}

static bool wanted(const char *file, const char *name, char **patterns)
{
	char full[160];

	snprintf(full, sizeof(full), "%.*s.%s", (int)strcspn(short_name(file), "."), short_name(file), name);
	if (!*patterns)
		return true;
	for (; *patterns; patterns++)
		if (strstr(full, *patterns))
			return true;
	return false;
}

/* ---- shell scripts: what /tests/sh/X.sh prints is /tests/sh/X.out, which Linux printed ------- */

static char *slurp(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY);
	char *buf = NULL;
	ssize_t n;

	*len = 0;
	if (fd < 0)
		return NULL;
	do {
		buf = realloc(buf, *len + 65536);
		n = read(fd, buf + *len, 65535);
		*len += n > 0 ? n : 0;
	} while (n > 0);
	close(fd);
	buf[*len] = 0;
	return buf;
}

static void show_difference(const char *want, const char *got)
{
	unsigned line = 1;

	while (*want && *want == *got) {
		line += *want == '\n';
		want++, got++;
	}
	printf("# first difference in line %u: wanted \"%.*s\", got \"%.*s\"\n", line,
	       (int)strcspn(want, "\n"), want, (int)strcspn(got, "\n"), got);
}

static void run_script(const char *name)
{
	char script[300], expect[300], output[] = "/tmp/script.out";
	size_t want_len, got_len;
	bool timed_out;
	int status;
	pid_t pid;

	snprintf(script, sizeof(script), "/tests/sh/%s.sh", name);
	snprintf(expect, sizeof(expect), "/tests/sh/%s.out", name);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		sigset_t none;
		int fd = open(output, O_RDWR | O_CREAT | O_TRUNC, 0600);

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setpgid(0, 0);
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(fd, 1);
		dup2(fd, 2);
		if (mkdir("/tmp/work", 0755) || chdir("/tmp/work"))
			_exit(126);
		execl("/usr/bin/sh", "sh", script, NULL);
		_exit(127);
	}
	status = wait_limited(pid, 120, &timed_out);

	char *want = slurp(expect, &want_len), *got = slurp(output, &got_len);
	bool same = want && got && want_len == got_len && !memcmp(want, got, want_len);
	if (!want)
		printf("# BEGIN %s.out\n%s# END %s.out\n", name, got ? got : "", name);
	else if (!same)
		show_difference(want, got ? got : "");
	char note[64] = "";
	if (timed_out)
		strcpy(note, "\n# no end after 120 s");
	else if (status)
		snprintf(note, sizeof(note), "\n# wait status %#x", status);
	report(same && !timed_out && !status, "t_sh.c", name, note);
	free(want);
	free(got);
	unlink(output);
	if (system("rm -rf /tmp/work"))
		printf("# cannot clean /tmp/work\n");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_script(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 3 && !strcmp(e->d_name + n - 3, ".sh");
}

static void run_scripts(char **patterns)
{
	struct dirent **list;
	int n = scandir("/tests/sh", &list, is_script, by_name);

	for (int i = 0; i < n; i++) {
		list[i]->d_name[strlen(list[i]->d_name) - 3] = 0;
		if (wanted("t_sh.c", list[i]->d_name, patterns))
			run_script(list[i]->d_name);
		free(list[i]);
	}
}

/* ---- process 1 ------------------------------------------------------------------------------- */

static void set_up_machine(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 01777);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mkdir("/dev/shm", 01777);
	mount("shm", "/dev/shm", "tmpfs", 0, NULL);
	mount("tmp", "/tmp", "tmpfs", 0, NULL);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/", 1);
	int fd = open("/dev/console", O_RDWR);
	if (fd >= 0)
		for (int i = 0; i < 3; i++)
			dup2(fd, i);
	klogctl(8, NULL, 4);	/* programs that die on purpose are not told between the lines of results */
	if (!access("/usr/bin/busybox", X_OK) && system("/usr/bin/busybox --install -s"))
		printf("# busybox --install failed\n");
}

/* What follows @name on the kernel's command line, up to the next space; NULL: not there. */
static char *cmdline_value(const char *name)
{
	size_t len;
	char *line = slurp("/proc/cmdline", &len), *p = line ? strstr(line, name) : NULL;

	if (p) {
		p += strlen(name);
		p[strcspn(p, " \n")] = 0;
	}
	return p;
}

/* The words of tests=A,B on the kernel's command line. */
static char **patterns_of_cmdline(void)
{
	static char *words[32];
	char *p = cmdline_value("tests=");
	unsigned n = 0;

	for (p = p ? strtok(p, ",") : NULL; p && n < 31; p = strtok(NULL, ","))
		words[n++] = p;
	return words;
}

/* The words after the options. */
static char **take_options(char **argv)
{
	for (;;) {
		if (argv[0] && argv[1] && argv[2] && !strcmp(argv[0], "-w")) {
			write_file(argv[1], argv[2]);
			argv += 3;
		} else if (argv[0] && argv[1] && !strcmp(argv[0], "-t")) {
			seconds_at_most = atoi(argv[1]);
			argv += 2;
		} else if (argv[0] && !strcmp(argv[0], "--init")) {
			argv++;
		} else {
			return argv;
		}
	}
}

int main(__attribute__((unused)) int argc, char **argv)
{
	char **patterns, *factor;
	struct utsname u;
	sigset_t chld;

	as_init = getpid() == 1;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (as_init) {
		set_up_machine();
		patterns = patterns_of_cmdline();
	} else {
		patterns = take_options(argv + 1);
	}
	factor = cmdline_value(" patience=");
	patience = factor && strtoul(factor, NULL, 10) ? strtoul(factor, NULL, 10) : 1;
	uname(&u);
	/* Linux keeps slabs of what RCU frees for a while: it is not held to the kilobyte. */
	count_memory = as_init && strstr(u.release, "vellum");
	printf("TAP version 13\n# %s %s\n", u.sysname, u.release);
	for (struct test *t = tests; t; t = t->next)
		if (wanted(t->file, t->name, patterns))
			run_test(t);
	if (as_init)
		run_scripts(patterns);
	printf("1..%u\n# %u failed\n", nr_run, nr_failed);
	fflush(stdout);
	if (as_init) {
		sync();
		reboot(RB_POWER_OFF);
	}
	return nr_failed != 0;
}
