/*
 * test/user/t_leases.c - leases of files: who may take one, what goes with it, what breaks it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/fail_nth.h"
#include "test/user/tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>

#define FILE_NAME	"/tmp/lease"
#define SIG		(SIGRTMIN + 3)
#define MSG		(POLLIN | POLLRDNORM | 0x400)
#define BREAK_TIME	"/proc/sys/fs/lease-break-time"

static int open_file(int flags)
{
	int fd = open(FILE_NAME, flags, 0644);

	CHECK(fd >= 0);
	return fd;
}

/* The file, new, open so, and with the signals of a lease blocked. */
static int fresh(int flags)
{
	sigset_t s;

	unlink(FILE_NAME);
	sigemptyset(&s);
	sigaddset(&s, SIGIO);
	sigaddset(&s, SIG);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &s, NULL), 0);
	close(open_file(O_CREAT | O_RDWR));
	return open_file(flags);
}

static int lease(int fd, int type) { return fcntl(fd, F_SETLEASE, type); }
static int leased(int fd) { return fcntl(fd, F_GETLEASE); }

/* The signal that is pending, or 0. */
static int told(siginfo_t *si)
{
	struct timespec none = { 0, 0 };
	sigset_t s;
	int sig;

	memset(si, 0, sizeof(*si));
	sigemptyset(&s);
	sigaddset(&s, SIGIO);
	sigaddset(&s, SIG);
	sig = sigtimedwait(&s, si, &none);
	return sig < 0 ? 0 : sig;
}

static void nothing_more(void)
{
	siginfo_t si;

	CHECK_EQ(told(&si), 0);
}

static void expect(int fd)
{
	siginfo_t si;

	CHECK_EQ(told(&si), SIG);
	CHECK_EQ(si.si_fd, fd);
	CHECK_EQ(si.si_code, POLL_MSG);
	CHECK_EQ(si.si_band, MSG);
}

static int open_now(int flags) { return open(FILE_NAME, flags | O_NONBLOCK); }

TEST(who_may)
{
	int fd = fresh(O_RDONLY), p[2], dir = open("/tmp", O_RDONLY), path = open(FILE_NAME, O_PATH);

	CHECK_EQ(leased(fd), F_UNLCK);
	CHECK_ERR(lease(fd, F_UNLCK), EAGAIN);
	CHECK_ERR(lease(fd, 7), EINVAL);
	CHECK_ERR(lease(fd, -1), EINVAL);
	CHECK_EQ(pipe(p), 0);
	CHECK_ERR(lease(p[0], F_RDLCK), EINVAL);
	CHECK_ERR(lease(dir, F_RDLCK), EINVAL);
	CHECK_ERR(lease(path, F_RDLCK), EBADF);
	CHECK_EQ(leased(p[0]), F_UNLCK);
	CHECK_EQ(CHILD_STATUS(
		if (setresuid(1000, 1000, 1000))
			_exit(1);
		CHECK_ERR(lease(fd, F_RDLCK), EACCES);
		CHECK_ERR(lease(fd, F_UNLCK), EACCES);
		CHECK_ERR(lease(fd, 7), EINVAL)), 0);
	CHECK_EQ(chown(FILE_NAME, 1000, 1000), 0);
	CHECK_EQ(CHILD_STATUS(
		if (setresuid(1000, 1000, 1000))
			_exit(1);
		CHECK_EQ(lease(fd, F_RDLCK), 0)), 0);
	CHECK_EQ(leased(fd), F_RDLCK);		/* it is the open file's, which is ours too */
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	unlink(FILE_NAME);
}

TEST(what_goes_together)
{
	int r = fresh(O_RDONLY), r2, w;

	CHECK_EQ(lease(r, F_RDLCK), 0);
	CHECK_EQ(leased(r), F_RDLCK);
	CHECK(fcntl(r, F_GETFL) & O_ASYNC);
	CHECK_EQ(fcntl(r, F_GETOWN), getpid());
	CHECK_EQ(lease(r, F_WRLCK), 0);			/* nobody else has it open */
	CHECK_EQ(leased(r), F_WRLCK);
	CHECK_EQ(lease(r, F_RDLCK), 0);
	r2 = open_file(O_RDONLY);
	CHECK_EQ(leased(r2), F_UNLCK);
	CHECK_EQ(lease(r2, F_RDLCK), 0);
	CHECK_ERR(lease(r, F_WRLCK), EAGAIN);
	CHECK_EQ(lease(r2, F_UNLCK), 0);
	CHECK_EQ(fcntl(r2, F_GETOWN), 0);
	CHECK(!(fcntl(r2, F_GETFL) & O_ASYNC));
	CHECK_ERR(lease(r, F_WRLCK), EAGAIN);		/* r2 is open */
	CHECK_EQ(close(r2), 0);
	CHECK_EQ(lease(r, F_WRLCK), 0);
	CHECK_EQ(lease(r, F_UNLCK), 0);
	w = open_file(O_RDWR);
	CHECK_ERR(lease(r, F_RDLCK), EAGAIN);
	CHECK_ERR(lease(w, F_RDLCK), EAGAIN);		/* it writes itself */
	CHECK_ERR(lease(w, F_WRLCK), EAGAIN);		/* r is open */
	CHECK_EQ(close(r), 0);
	CHECK_EQ(lease(w, F_WRLCK), 0);
	CHECK_ERR(lease(w, F_RDLCK), EAGAIN);
	CHECK_EQ(close(w), 0);
	nothing_more();
	unlink(FILE_NAME);
}

TEST(a_writer_breaks_it)
{
	int r = fresh(O_RDONLY), r2, fd;
	siginfo_t si;

	CHECK_EQ(lease(r, F_RDLCK), 0);
	CHECK((fd = open_now(O_RDONLY)) >= 0);		/* to read is in nobody's way */
	CHECK_EQ(close(fd), 0);
	nothing_more();
	CHECK_ERR(open_now(O_WRONLY), EWOULDBLOCK);
	CHECK_EQ(told(&si), SIGIO);
	CHECK_EQ(si.si_code, SI_KERNEL);
	CHECK_EQ(leased(r), F_UNLCK);			/* what it is to become */
	CHECK_ERR(open_now(O_RDWR), EWOULDBLOCK);
	nothing_more();					/* it was told */
	CHECK((fd = open_now(O_RDONLY)) >= 0);
	CHECK_ERR(lease(fd, F_RDLCK), EAGAIN);		/* not while one waits to write */
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(lease(r, F_UNLCK), 0);
	CHECK((fd = open_now(O_WRONLY)) >= 0);
	CHECK_EQ(close(fd), 0);

	CHECK_EQ(fcntl(r, F_SETSIG, SIG), 0);
	CHECK_EQ(lease(r, F_RDLCK), 0);
	r2 = open_file(O_RDONLY);
	CHECK_EQ(fcntl(r2, F_SETSIG, SIG), 0);
	CHECK_EQ(lease(r2, F_RDLCK), 0);
	CHECK_ERR(open_now(O_RDWR), EWOULDBLOCK);
	fd = told(&si) == SIG ? si.si_fd : -1;
	CHECK(fd == r || fd == r2);
	expect(fd == r ? r2 : r);
	nothing_more();
	CHECK_EQ(lease(r, F_UNLCK), 0);
	CHECK_EQ(fcntl(r, F_GETSIG), 0);
	CHECK_ERR(open_now(O_RDWR), EWOULDBLOCK);
	CHECK_EQ(close(r2), 0);				/* the last reference gives it up */
	CHECK((fd = open_now(O_RDWR)) >= 0);
	unlink(FILE_NAME);
}

TEST(a_reader_breaks_a_write_lease)
{
	int w = fresh(O_RDWR), fd;

	CHECK_EQ(fcntl(w, F_SETSIG, SIG), 0);
	CHECK_EQ(lease(w, F_WRLCK), 0);
	CHECK_ERR(open_now(O_RDONLY), EWOULDBLOCK);
	expect(w);
	CHECK_EQ(leased(w), F_RDLCK);
	CHECK_ERR(open_now(O_RDONLY), EWOULDBLOCK);
	nothing_more();
	CHECK_ERR(lease(w, F_RDLCK), EAGAIN);		/* it is open to write */
	CHECK_ERR(open_now(O_WRONLY), EWOULDBLOCK);
	expect(w);					/* more is wanted */
	CHECK_EQ(leased(w), F_UNLCK);
	CHECK_EQ(lease(w, F_UNLCK), 0);
	CHECK_EQ(close(w), 0);

	w = open_file(O_RDONLY);
	CHECK_EQ(fcntl(w, F_SETSIG, SIG), 0);
	CHECK_EQ(lease(w, F_WRLCK), 0);
	CHECK_ERR(open_now(O_RDONLY), EWOULDBLOCK);
	expect(w);
	CHECK_EQ(lease(w, F_RDLCK), 0);			/* less will do */
	CHECK_EQ(leased(w), F_RDLCK);
	CHECK((fd = open_now(O_RDONLY)) >= 0);
	unlink(FILE_NAME);
}

TEST(cutting_breaks_it)
{
	int r = fresh(O_RDONLY), w = open_file(O_WRONLY);

	CHECK_EQ(write(w, "text", 4), 4);
	CHECK_EQ(close(w), 0);
	CHECK_EQ(fcntl(r, F_SETSIG, SIG), 0);
	CHECK_EQ(lease(r, F_RDLCK), 0);
	CHECK_ERR(open_now(O_WRONLY | O_TRUNC), EWOULDBLOCK);
	expect(r);
	CHECK_EQ(lseek(r, 0, SEEK_END), 4);
	CHECK_EQ(lease(r, F_UNLCK), 0);
	CHECK_EQ(fcntl(r, F_SETSIG, SIG), 0);
	CHECK_EQ(lease(r, F_RDLCK), 0);
	pid_t p = fork();
	CHECK(p >= 0);
	if (!p)
		_exit(truncate(FILE_NAME, 1) ? 1 : 0);
	struct pollfd none = { .fd = -1 };
	siginfo_t si;
	while (!told(&si))
		poll(&none, 1, 1);
	CHECK_EQ(si.si_fd, r);
	CHECK_EQ(lseek(r, 0, SEEK_END), 4);
	CHECK_EQ(waitpid(p, NULL, WNOHANG), 0);		/* it waits */
	CHECK_EQ(lease(r, F_UNLCK), 0);
	int status;
	CHECK_EQ(waitpid(p, &status, 0), p);
	CHECK_EQ(status, 0);
	CHECK_EQ(lseek(r, 0, SEEK_END), 1);
	unlink(FILE_NAME);
}

static void on_alarm(int sig) { (void)sig; }

/* An open that waits goes on when the lease is given up, by whomever it is, and ends by a signal. */
TEST(opens_that_wait)
{
	int r = fresh(O_RDONLY), twin, status;
	siginfo_t si;
	pid_t p;

	CHECK_EQ(lease(r, F_RDLCK), 0);
	CHECK_EQ(CHILD_STATUS(
		struct sigaction sa = { .sa_handler = on_alarm };
		sigaction(SIGALRM, &sa, NULL);
		close(r);
		ualarm(20000, 20000);
		CHECK_ERR(open(FILE_NAME, O_WRONLY), EINTR)), 0);
	CHECK_EQ(told(&si), SIGIO);
	twin = dup(r);
	CHECK_EQ(leased(twin), F_UNLCK);
	p = fork();
	CHECK(p >= 0);
	if (!p) {
		CHECK(!close(r) && !close(twin));
		_exit(open(FILE_NAME, O_WRONLY) < 0);
	}
	usleep(20000);
	CHECK_EQ(close(r), 0);
	CHECK_EQ(waitpid(p, &status, WNOHANG), 0);
	CHECK_EQ(close(twin), 0);
	CHECK_EQ(waitpid(p, &status, 0), p);
	CHECK_EQ(status, 0);
	unlink(FILE_NAME);
}

/* Who does not give it up has it taken. */
TEST(time_is_over)
{
	int r = fresh(O_RDONLY), fd;
	char old[32];

	sysctl_text(BREAK_TIME, old, sizeof(old));
	CHECK_EQ(atoi(old), 45);
	CHECK_EQ(sysctl_try(BREAK_TIME, "1"), 0);
	CHECK_EQ(lease(r, F_RDLCK), 0);
	CHECK_EQ(CHILD_STATUS(close(r); _exit(open(FILE_NAME, O_WRONLY) < 0)), 0);
	CHECK_EQ(leased(r), F_UNLCK);
	CHECK_ERR(lease(r, F_UNLCK), EAGAIN);
	CHECK_EQ(lease(r, F_WRLCK), 0);
	CHECK_EQ(CHILD_STATUS(close(r); _exit(open(FILE_NAME, O_RDONLY) < 0)), 0);
	CHECK_EQ(leased(r), F_RDLCK);
	CHECK_EQ(lease(r, F_UNLCK), 0);
	CHECK_EQ(sysctl_try(BREAK_TIME, old), 0);
	CHECK_EQ(lease(r, F_RDLCK), 0);
	CHECK_ERR(open_now(O_WRONLY), EWOULDBLOCK);
	CHECK_EQ(lease(r, F_UNLCK), 0);
	CHECK((fd = open_now(O_WRONLY)) >= 0);
	unlink(FILE_NAME);
}

static bool has_line(const char *path, const char *want)
{
	char line[256];
	bool found = false;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, want) != NULL;
	if (f)
		fclose(f);
	return found;
}

TEST(what_proc_tells)
{
	int r = fresh(O_RDONLY);
	char want[128], info[64];
	struct stat st;

	CHECK_EQ(fstat(r, &st), 0);
	CHECK_EQ(lease(r, F_WRLCK), 0);
	snprintf(info, sizeof(info), "/proc/self/fdinfo/%d", r);
	snprintf(want, sizeof(want), ": LEASE  ACTIVE    WRITE %d ", getpid());
	CHECK(has_line("/proc/locks", want));
	CHECK(has_line(info, want));
	snprintf(want, sizeof(want), ":%lu 0 EOF", (unsigned long)st.st_ino);
	CHECK(has_line("/proc/locks", want));
	CHECK_ERR(open_now(O_RDONLY), EWOULDBLOCK);
	CHECK(has_line("/proc/locks", ": LEASE  BREAKING  READ "));
	CHECK_ERR(open_now(O_WRONLY), EWOULDBLOCK);
	CHECK(has_line("/proc/locks", ": LEASE  BREAKING  UNLCK "));
	CHECK_EQ(close(r), 0);
	CHECK(!has_line("/proc/locks", want));
	unlink(FILE_NAME);
}

TEST(they_can_be_forbidden)
{
	int r = fresh(O_RDONLY), r2 = open_file(O_RDONLY);

	CHECK_EQ(lease(r, F_RDLCK), 0);
	CHECK_EQ(sysctl_try("/proc/sys/fs/leases-enable", "0"), 0);
	int held = lease(r, F_RDLCK), fresh_one = lease(r2, F_RDLCK), error = errno;
	CHECK_EQ(sysctl_try("/proc/sys/fs/leases-enable", "1"), 0);
	CHECK_EQ(held, 0);
	CHECK_EQ(fresh_one, -1);
	CHECK_EQ(error, EINVAL);
	unlink(FILE_NAME);
}

/* Takers, breakers and closers at once: what is over leaves no open waiting, and no lease of a file that is gone. */
TEST(by_many_at_once)
{
	pid_t p[4];
	int status;

	close(fresh(O_RDONLY));
	for (int i = 0; i < 4; i++) {
		p[i] = fork();
		CHECK(p[i] >= 0);
		if (p[i])
			continue;
		for (int n = 0; n < 300; n++) {
			int fd = open_now(i % 2 ? O_RDONLY : O_RDWR);

			if (fd < 0)
				continue;
			lease(fd, n % 3 ? F_WRLCK : F_RDLCK);
			if (n % 5 == 0)
				lease(fd, F_UNLCK);
			close(fd);
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(waitpid(p[i], &status, 0), p[i]);
		CHECK_EQ(status, 0);
	}
	int w = open(FILE_NAME, O_RDWR);
	CHECK(w >= 0);
	CHECK_EQ(lease(w, F_WRLCK), 0);			/* nothing is counted any more */
	unlink(FILE_NAME);
}

/* Without memory there is no lease, and nothing is left of it. */
TEST(memory_that_is_not_there)
{
	int rc, error, fd, failed = 0;

	fail_begin();
	for (int nth = 1; nth < 16; nth++) {
		fd = fresh(O_RDONLY);
		fail_nth(nth);
		rc = lease(fd, F_WRLCK);
		error = errno;
		fail_no_more();
		failed += rc < 0;
		if (rc)
			CHECK_EQ(error, ENOMEM);
		CHECK_EQ(leased(fd), rc ? F_UNLCK : F_WRLCK);
		CHECK_EQ(lease(fd, F_WRLCK), 0);
		CHECK_EQ(close(fd), 0);
		CHECK((fd = open_now(O_RDWR)) >= 0);
		CHECK_EQ(close(fd), 0);
	}
	CHECK(failed >= 3);		/* the list, the owner, the lease */
	unlink(FILE_NAME);
}
