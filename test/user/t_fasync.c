/*
 * test/user/t_fasync.c - signals that tell of files: O_ASYNC, F_SETOWN, F_SETSIG.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>

static sigset_t io_signals(void)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGIO);
	sigaddset(&s, SIGRTMIN + 3);
	return s;
}

/* The signal that came, with its siginfo; 0 if none did.  It is pending when the call that sends it returns. */
static int told(siginfo_t *si)
{
	sigset_t s = io_signals();
	struct timespec none = { 0, 0 };
	int sig;

	memset(si, 0, sizeof(*si));
	sig = sigtimedwait(&s, si, &none);
	return sig < 0 ? 0 : sig;
}

static void nothing_more(void)
{
	siginfo_t si;

	CHECK_EQ(told(&si), 0);
}

static void listen_to(int fd, int sig)
{
	sigset_t s = io_signals();

	CHECK_EQ(sigprocmask(SIG_BLOCK, &s, NULL), 0);
	CHECK_EQ(fcntl(fd, F_SETOWN, getpid()), 0);
	CHECK_EQ(fcntl(fd, F_SETSIG, sig), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC), 0);
	CHECK(fcntl(fd, F_GETFL) & O_ASYNC);
}

static void expect(int fd, int code, long band)
{
	siginfo_t si;

	CHECK_EQ(told(&si), SIGRTMIN + 3);
	CHECK_EQ(si.si_fd, fd);
	CHECK_EQ(si.si_code, code);
	CHECK_EQ(si.si_band, band);
}

#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM | POLLWRBAND)

TEST(owners)
{
	struct { int type; pid_t pid; } ex = { 7, 1 };
	int p[2], sig;

	CHECK_EQ(pipe(p), 0);
	CHECK_EQ(fcntl(p[0], F_GETOWN), 0);
	CHECK_ERR(fcntl(p[0], F_SETOWN, 999999), ESRCH);
	CHECK_ERR(fcntl(p[0], F_SETOWN, -999999), ESRCH);
	CHECK_ERR(fcntl(p[0], F_SETOWN, INT32_MIN), EINVAL);
	CHECK_EQ(fcntl(p[0], F_SETOWN, getpid()), 0);
	CHECK_EQ(fcntl(p[0], F_GETOWN), getpid());
	CHECK_EQ(fcntl(p[0], F_GETOWN_EX, &ex), 0);
	CHECK(ex.type == F_OWNER_PID && ex.pid == getpid());
	ex.type = 3;
	CHECK_ERR(fcntl(p[0], F_SETOWN_EX, &ex), EINVAL);
	ex.type = F_OWNER_TID;
	CHECK_EQ(fcntl(p[0], F_SETOWN_EX, &ex), 0);
	CHECK_EQ(fcntl(p[0], F_GETOWN_EX, &ex), 0);
	CHECK(ex.type == F_OWNER_TID && ex.pid == getpid());
	ex.pid = 999999;
	CHECK_ERR(fcntl(p[0], F_SETOWN_EX, &ex), ESRCH);
	CHECK_EQ(fcntl(p[0], F_SETOWN, -getpgrp()), 0);
	CHECK_EQ(fcntl(p[0], F_GETOWN_EX, &ex), 0);
	CHECK(ex.type == F_OWNER_PGRP && ex.pid == getpgrp());
	sig = fcntl(p[0], F_GETSIG);
	CHECK_EQ(sig, 0);
	CHECK_ERR(fcntl(p[0], F_SETSIG, 65), EINVAL);
	CHECK_ERR(fcntl(p[0], F_SETSIG, -1), EINVAL);
	CHECK_EQ(fcntl(p[0], F_SETSIG, SIGRTMIN), 0);
	CHECK_EQ(fcntl(p[0], F_GETSIG), SIGRTMIN);
	CHECK_EQ(fcntl(p[1], F_GETSIG), 0);
}

/* One who is gone owns nothing, whoever has his number. */
TEST(a_dead_owner_is_nobody)
{
	int p[2];
	pid_t pid;

	CHECK_EQ(pipe(p), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		pause();
		_exit(0);
	}
	CHECK_EQ(fcntl(p[0], F_SETOWN, pid), 0);
	CHECK_EQ(fcntl(p[0], F_GETOWN), pid);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK_EQ(fcntl(p[0], F_GETOWN), 0);
	CHECK_EQ(fcntl(p[0], F_SETFL, O_ASYNC), 0);
	CHECK_EQ(write(p[1], "x", 1), 1);
}

TEST(pipes)
{
	int p[2];
	siginfo_t si;
	char c;

	CHECK_EQ(pipe(p), 0);
	listen_to(p[0], SIGRTMIN + 3);
	CHECK_EQ(write(p[1], "x", 1), 1);
	expect(p[0], POLL_IN, IN);
	nothing_more();
	listen_to(p[1], SIGRTMIN + 3);
	CHECK_EQ(read(p[0], &c, 1), 1);
	expect(p[1], POLL_OUT, OUT);
	nothing_more();
	CHECK_EQ(fcntl(p[0], F_SETSIG, 0), 0);		/* SIGIO, and nothing to be read from it */
	CHECK_EQ(write(p[1], "x", 1), 1);
	CHECK_EQ(told(&si), SIGIO);
	CHECK_EQ(si.si_code, SI_KERNEL);
	CHECK_EQ(fcntl(p[0], F_SETFL, 0), 0);
	CHECK_EQ(write(p[1], "x", 1), 1);
	nothing_more();
	CHECK_EQ(fcntl(p[0], F_SETFL, O_ASYNC), 0);
	CHECK_EQ(close(p[1]), 0);
	CHECK_EQ(told(&si), SIGIO);
	CHECK_EQ(close(p[0]), 0);
}

/* Only the last close of an end is told, and only to who has the other. */
TEST(an_end_is_closed)
{
	int p[2], twin, both;
	siginfo_t si;

	unlink("/tmp/async.fifo");
	CHECK_EQ(mkfifo("/tmp/async.fifo", 0600), 0);
	p[0] = open("/tmp/async.fifo", O_RDONLY | O_NONBLOCK);
	p[1] = open("/tmp/async.fifo", O_WRONLY);
	twin = open("/tmp/async.fifo", O_RDONLY | O_NONBLOCK);
	both = open("/tmp/async.fifo", O_RDWR);
	CHECK(p[0] >= 0 && p[1] >= 0 && twin >= 0 && both >= 0);
	listen_to(p[0], SIGRTMIN + 3);
	listen_to(both, SIGRTMIN + 3);
	CHECK_EQ(close(twin), 0);
	CHECK_EQ(close(both), 0);
	nothing_more();
	CHECK_EQ(close(p[1]), 0);
	CHECK_EQ(told(&si), SIGRTMIN + 3);
	CHECK_EQ(si.si_fd, p[0]);
	nothing_more();
	CHECK_EQ(close(p[0]), 0);
	nothing_more();
	unlink("/tmp/async.fifo");
}

/* A FIFO that is open both ways tells of both, and is on both lists or none however it is switched. */
TEST(both_ends)
{
	int both;
	char c;

	unlink("/tmp/async.fifo");
	CHECK_EQ(mkfifo("/tmp/async.fifo", 0600), 0);
	both = open("/tmp/async.fifo", O_RDWR);
	CHECK(both >= 0);
	listen_to(both, SIGRTMIN + 3);
	CHECK_EQ(write(both, "x", 1), 1);
	expect(both, POLL_IN, IN);
	CHECK_EQ(read(both, &c, 1), 1);
	expect(both, POLL_OUT, OUT);
	nothing_more();
	CHECK_EQ(fcntl(both, F_SETFL, O_ASYNC), 0);
	CHECK_EQ(fcntl(both, F_SETFL, 0), 0);
	CHECK_EQ(write(both, "x", 1), 1);
	CHECK_EQ(read(both, &c, 1), 1);
	nothing_more();
	unlink("/tmp/async.fifo");
}

TEST(sockets)
{
	char c, fill[65536] = { 0 };
	int s[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	listen_to(s[0], SIGRTMIN + 3);
	CHECK_EQ(send(s[1], "x", 1, 0), 1);
	expect(s[0], POLL_IN, IN);
	CHECK_EQ(read(s[0], &c, 1), 1);
	nothing_more();
	while (send(s[0], fill, sizeof(fill), MSG_DONTWAIT) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	nothing_more();
	while (recv(s[1], fill, sizeof(fill), MSG_DONTWAIT) > 0)
		;
	expect(s[0], POLL_OUT, OUT);
	nothing_more();
	CHECK_EQ(close(s[1]), 0);
	expect(s[0], POLL_HUP, POLLHUP | POLLERR);
}

#ifndef FIOSETOWN
#define FIOSETOWN	0x8901
#define SIOCSPGRP	0x8902
#define FIOGETOWN	0x8903
#define SIOCGPGRP	0x8904
#endif

/* Sockets have ioctls for it from before fcntl() had it. */
TEST(owners_by_ioctl)
{
	int s[2], p[2], who = getpid(), got = -7;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		test_skip("no sockets");
	CHECK_EQ(ioctl(s[0], SIOCGPGRP, &got), 0);
	CHECK_EQ(got, 0);
	CHECK_EQ(ioctl(s[0], SIOCSPGRP, &who), 0);
	CHECK_EQ(fcntl(s[0], F_GETOWN), who);
	CHECK_EQ(ioctl(s[0], FIOGETOWN, &got), 0);
	CHECK_EQ(got, who);
	who = -getpgrp();
	CHECK_EQ(ioctl(s[0], FIOSETOWN, &who), 0);
	CHECK_EQ(ioctl(s[0], SIOCGPGRP, &got), 0);
	CHECK_EQ(got, who);
	who = INT32_MIN;
	CHECK_ERR(ioctl(s[0], FIOSETOWN, &who), EINVAL);
	who = 999999;
	CHECK_ERR(ioctl(s[0], SIOCSPGRP, &who), ESRCH);
	CHECK_ERR(ioctl(s[0], SIOCSPGRP, NULL), EFAULT);
	CHECK_ERR(ioctl(s[0], SIOCGPGRP, NULL), EFAULT);
	CHECK_EQ(pipe(p), 0);
	CHECK_ERR(ioctl(p[0], SIOCGPGRP, &got), ENOTTY);
}

TEST(terminals)
{
	int master, slave, n, zero = 0;
	struct termios t;
	char name[32];

	mkdir("/dev/pts", 0755);
	if (mount("devpts", "/dev/pts", "devpts", 0, "gid=5,mode=620") && errno != EBUSY)
		test_skip("no devpts");
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	CHECK(master >= 0);
	CHECK_EQ(ioctl(master, TIOCGPTN, &n), 0);
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	CHECK_EQ(ioctl(master, TIOCSPTLCK, &zero), 0);
	slave = open(name, O_RDWR | O_NOCTTY);
	CHECK(slave >= 0);
	CHECK_EQ(tcgetattr(slave, &t), 0);
	t.c_lflag &= ~ECHO;
	CHECK_EQ(tcsetattr(slave, TCSANOW, &t), 0);
	char fill[4096] = { 0 };
	siginfo_t si;
	listen_to(slave, SIGRTMIN + 3);
	CHECK_EQ(fcntl(slave, F_SETFL, O_NONBLOCK | O_ASYNC), 0);
	while (write(slave, fill, sizeof(fill)) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	while (told(&si))
		CHECK_EQ(si.si_code, POLL_OUT);		/* some went on meanwhile */
	CHECK_EQ(fcntl(master, F_SETFL, O_NONBLOCK), 0);
	for (si.si_code = 0; si.si_code != POLL_OUT; told(&si))
		if (read(master, fill, sizeof(fill)) < 0)
			usleep(1000);
	CHECK_EQ(si.si_fd, slave);
	while (read(master, fill, sizeof(fill)) > 0 || told(&si))
		;
	CHECK_EQ(write(master, "a", 1), 1);
	CHECK_EQ(write(master, "\n", 1), 1);
	struct pollfd p = { slave, POLLIN, 0 };
	CHECK_EQ(poll(&p, 1, -1), 1);			/* Linux passes it on by a worker */
	expect(slave, POLL_IN, IN);
}

/* A file that has nothing to tell takes the flag for nothing. */
TEST(what_cannot_tell)
{
	int fd = open("/tmp/async", O_RDWR | O_CREAT, 0600), on = 1, off = 0, p[2];

	CHECK(fd >= 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_ASYNC), 0);
	CHECK(!(fcntl(fd, F_GETFL) & O_ASYNC));
	CHECK_ERR(ioctl(fd, FIOASYNC, &on), ENOTTY);
	CHECK_EQ(ioctl(fd, FIOASYNC, &off), 0);
	CHECK_EQ(pipe(p), 0);
	CHECK_ERR(ioctl(p[0], FIOASYNC, NULL), EFAULT);
	CHECK_EQ(ioctl(p[0], FIOASYNC, &on), 0);
	CHECK(fcntl(p[0], F_GETFL) & O_ASYNC);
	CHECK_EQ(ioctl(p[0], FIOASYNC, &off), 0);
	CHECK(!(fcntl(p[0], F_GETFL) & O_ASYNC));
	unlink("/tmp/async");
}

/* Who may not send a signal to a process does not make the kernel do it. */
TEST(rights_are_those_of_who_named_the_owner)
{
	int p[2];

	CHECK_EQ(pipe(p), 0);
	listen_to(p[1], SIGRTMIN + 3);
	CHECK_EQ(CHILD_STATUS(
		if (setresuid(1000, 1000, 1000))
			_exit(1);
		if (fcntl(p[0], F_SETOWN, getppid()) || fcntl(p[0], F_SETFL, O_ASYNC))
			_exit(2);
		_exit(write(p[1], "x", 1) != 1)), 0);
	nothing_more();
	CHECK_EQ(fcntl(p[0], F_SETOWN, getpid()), 0);
	CHECK_EQ(CHILD_STATUS(_exit(write(p[1], "x", 1) != 1)), 0);
	siginfo_t si;
	CHECK_EQ(told(&si), SIGIO);
}

static volatile int stop_flipping;
static int flipped[2];

static void *flip(void *arg)
{
	int sig = (intptr_t)arg;

	while (!stop_flipping) {
		fcntl(flipped[0], F_SETFL, O_ASYNC | (sig ? O_NONBLOCK : 0));
		fcntl(flipped[0], F_SETFL, 0);
	}
	return NULL;
}

static void open_flipped(bool fifo)
{
	if (!fifo) {
		CHECK_EQ(pipe(flipped), 0);
		return;
	}
	unlink("/tmp/async.fifo");
	CHECK_EQ(mkfifo("/tmp/async.fifo", 0600), 0);
	flipped[0] = open("/tmp/async.fifo", O_RDWR);
	flipped[1] = open("/tmp/async.fifo", O_WRONLY);
	CHECK(flipped[0] >= 0 && flipped[1] >= 0);
	unlink("/tmp/async.fifo");
}

/* Two who switch it on and off while a third writes: none is left on a list when the file goes. */
TEST(switched_on_and_off_by_many)
{
	sigset_t s = io_signals();
	pthread_t t[2];
	siginfo_t si;

	CHECK_EQ(sigprocmask(SIG_BLOCK, &s, NULL), 0);
	for (int round = 0; round < 20; round++) {
		open_flipped(round % 2);
		CHECK_EQ(fcntl(flipped[0], F_SETOWN, getpid()), 0);
		CHECK_EQ(fcntl(flipped[1], F_SETFL, O_NONBLOCK), 0);
		stop_flipping = 0;
		for (intptr_t i = 0; i < 2; i++)
			CHECK_EQ(pthread_create(&t[i], NULL, flip, (void *)i), 0);
		for (int i = 0; i < 300; i++)
			CHECK_EQ(write(flipped[1], "x", 1), 1);
		stop_flipping = 1;
		for (int i = 0; i < 2; i++)
			CHECK_EQ(pthread_join(t[i], NULL), 0);
		CHECK_EQ(close(flipped[0]), 0);
		CHECK_EQ(close(flipped[1]), 0);
		while (told(&si))
			;
	}
}
