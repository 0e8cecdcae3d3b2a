/* test/user/t_tty.c - terminals: line editing, echo, signals, job control, pseudo-terminals.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>

struct pair { int m, s; };

/* A pty with both ends open.  The slave is nobody's controlling terminal. */
static struct pair open_pair(void)
{
	struct pair p;
	char name[32];
	int n, zero = 0;

	mkdir("/dev/pts", 0755);
	if (mount("devpts", "/dev/pts", "devpts", 0, "gid=5,mode=620") && errno != EBUSY)
		test_skip("no devpts");
	p.m = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	CHECK(p.m >= 0);
	CHECK_EQ(ioctl(p.m, TIOCGPTN, &n), 0);
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	CHECK_ERR(open(name, O_RDWR | O_NOCTTY), EIO);	/* locked */
	CHECK_EQ(ioctl(p.m, TIOCSPTLCK, &zero), 0);
	p.s = open(name, O_RDWR | O_NOCTTY);
	CHECK(p.s >= 0);
	return p;
}

static void set_lflag(int fd, tcflag_t on, tcflag_t off)
{
	struct termios t;

	CHECK_EQ(tcgetattr(fd, &t), 0);
	t.c_lflag = (t.c_lflag | on) & ~off;
	CHECK_EQ(tcsetattr(fd, TCSANOW, &t), 0);
}

static void put(int fd, const char *s)
{
	CHECK_EQ(write(fd, s, strlen(s)), strlen(s));
}

/* What can be read within 100 ms, as a string. */
static const char *got(int fd)
{
	static char buf[32768];
	struct pollfd pf = { fd, POLLIN, 0 };
	size_t n = 0;

	while (n < sizeof(buf) - 1 && poll(&pf, 1, 100) == 1 && (pf.revents & POLLIN)) {
		ssize_t r = read(fd, buf + n, sizeof(buf) - 1 - n);

		if (r <= 0)
			break;
		n += r;
	}
	buf[n] = 0;
	return buf;
}
#define CHECK_GOT(fd, want) do { const char *_g = got(fd); \
	if (strcmp(_g, want)) test_fail(__FILE__, __LINE__, "read \"%s\", want \"%s\"", _g, want); } while (0)

TEST(tty_settings_are_linux_defaults)
{
	struct pair p = open_pair();
	struct termios t;

	CHECK_EQ(tcgetattr(p.s, &t), 0);
	CHECK_EQ(t.c_iflag, ICRNL | IXON);
	CHECK_EQ(t.c_oflag, OPOST | ONLCR);
	CHECK_EQ(t.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN);
	CHECK_EQ(t.c_cc[VINTR], 3);
	CHECK_EQ(t.c_cc[VERASE], 127);
	CHECK_EQ(t.c_cc[VMIN], 1);
	CHECK(isatty(p.s) && isatty(p.m));
	CHECK_ERR(ioctl(p.s, TIOCGPGRP, &t), ENOTTY);	/* not our terminal */
}

TEST(tty_settings_can_be_locked)
{
	struct { tcflag_t iflag, oflag, cflag, lflag; cc_t line, cc[19]; } locked;	/* the kernel's, not libc's */
	struct pair p = open_pair();
	struct termios t;

	memset(&locked, 1, sizeof(locked));
	CHECK_EQ(ioctl(p.s, TIOCGLCKTRMIOS, &locked), 0);
	CHECK_EQ(locked.lflag, 0);
	CHECK_EQ(locked.cc[VINTR], 0);
	locked.lflag = ECHO;
	locked.cc[VINTR] = 1;
	CHECK_EQ(ioctl(p.s, TIOCSLCKTRMIOS, &locked), 0);
	CHECK_EQ(tcgetattr(p.s, &t), 0);
	t.c_lflag &= ~(ECHO | ICANON);
	t.c_cc[VINTR] = 9;
	t.c_cc[VQUIT] = 9;
	CHECK_EQ(tcsetattr(p.s, TCSANOW, &t), 0);
	CHECK_EQ(tcgetattr(p.s, &t), 0);
	CHECK_EQ(t.c_lflag & (ECHO | ICANON), ECHO);
	CHECK(t.c_cc[VINTR] == 3 && t.c_cc[VQUIT] == 9);
	CHECK_EQ(CHILD_STATUS({
		CHECK_EQ(setresuid(1000, 1000, 1000), 0);
		CHECK_ERR(ioctl(p.s, TIOCSLCKTRMIOS, &locked), EPERM);
	}), 0);
	close(p.s);
	close(p.m);
}

TEST(tty_canonical_lines_and_editing)
{
	struct pair p = open_pair();
	struct pollfd pf = { p.s, POLLIN, 0 };
	char buf[16];
	int n;

	set_lflag(p.s, 0, ECHO);
	put(p.m, "abc");
	CHECK_EQ(poll(&pf, 1, 50), 0);			/* no line yet */
	CHECK_EQ(ioctl(p.s, FIONREAD, &n), 0);
	CHECK_EQ(n, 0);
	put(p.m, "\177d\nsecond\n");
	CHECK_EQ(poll(&pf, 1, 50), 1);
	CHECK_EQ(read(p.s, buf, sizeof(buf)), 4);	/* one line only */
	CHECK(!memcmp(buf, "abd\n", 4));
	CHECK_EQ(read(p.s, buf, 3), 3);			/* part of a line */
	CHECK_EQ(read(p.s, buf, sizeof(buf)), 4);
	CHECK(!memcmp(buf, "ond\n", 4));
	put(p.m, "one two\027three\r");			/* ^W, and CR becomes NL */
	CHECK_GOT(p.s, "one three\n");
	put(p.m, "gone\025kept\n");			/* ^U */
	CHECK_GOT(p.s, "kept\n");
	put(p.m, "a\026\003b\n");			/* ^V makes ^C a character */
	CHECK_GOT(p.s, "a\003b\n");
	put(p.m, "no end\004");				/* ^D gives what there is, */
	CHECK_GOT(p.s, "no end");
	put(p.m, "\004");				/* or an end of file */
	CHECK_EQ(read(p.s, buf, sizeof(buf)), 0);
}

TEST(tty_echo)
{
	struct pair p = open_pair();

	put(p.m, "hi\n");
	CHECK_GOT(p.m, "hi\r\n");
	put(p.m, "ab\177");
	CHECK_GOT(p.m, "ab\b \b");
	put(p.m, "\001");
	CHECK_GOT(p.m, "^A");
	put(p.m, "\177\177\177");
	CHECK_GOT(p.m, "\b \b\b \b\b \b");
	put(p.s, "out\n");
	CHECK_GOT(p.m, "out\r\n");
	set_lflag(p.s, ECHONL, ECHO);
	put(p.m, "x\n");
	CHECK_GOT(p.m, "\r\n");
}

TEST(tty_raw_reads_with_minimum_and_time)
{
	struct pair p = open_pair();
	struct termios t;
	char buf[16];

	CHECK_EQ(tcgetattr(p.s, &t), 0);
	cfmakeraw(&t);
	t.c_cc[VMIN] = 3;
	t.c_cc[VTIME] = 0;
	CHECK_EQ(tcsetattr(p.s, TCSANOW, &t), 0);
	put(p.m, "ab");
	fcntl(p.s, F_SETFL, O_NONBLOCK);
	fcntl(p.s, F_SETFL, 0);
	if (!fork()) {
		usleep(50000);
		put(p.m, "c");
		_exit(0);
	}
	CHECK_EQ(read(p.s, buf, sizeof(buf)), 3);
	wait(NULL);
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 1;
	CHECK_EQ(tcsetattr(p.s, TCSANOW, &t), 0);
	CHECK_EQ(read(p.s, buf, sizeof(buf)), 0);	/* after a tenth of a second */
	t.c_cc[VTIME] = 0;
	CHECK_EQ(tcsetattr(p.s, TCSANOW, &t), 0);
	CHECK_EQ(read(p.s, buf, sizeof(buf)), 0);
	put(p.m, "\r\003");				/* raw: nothing is special */
	CHECK_GOT(p.s, "\r\003");
	t.c_cc[VMIN] = 1;
	CHECK_EQ(tcsetattr(p.s, TCSANOW, &t), 0);
	fcntl(p.s, F_SETFL, O_NONBLOCK);
	CHECK_ERR(read(p.s, buf, 1), EAGAIN);
}

static volatile sig_atomic_t seen[65];
static void note(int sig) { seen[sig]++; }

/* The child becomes the leader of a session on p.s. */
static void take_terminal(struct pair p)
{
	CHECK(setsid() > 0);
	CHECK_EQ(ioctl(p.s, TIOCSCTTY, 0), 0);
}

TEST(tty_signal_characters_reach_the_foreground)
{
	struct pair p = open_pair();
	int st = CHILD_STATUS({
		struct winsize ws = { 40, 100, 0, 0 };
		pid_t pgrp;

		take_terminal(p);
		signal(SIGINT, note);
		signal(SIGQUIT, note);
		signal(SIGWINCH, note);
		CHECK_EQ(ioctl(p.s, TIOCGPGRP, &pgrp), 0);
		CHECK_EQ(pgrp, getpid());
		put(p.m, "\003");
		UNTIL(seen[SIGINT]);
		CHECK_EQ(seen[SIGINT], 1);
		put(p.m, "\034");
		UNTIL(seen[SIGQUIT]);
		CHECK_EQ(seen[SIGQUIT], 1);
		CHECK_GOT(p.m, "^C^\\");
		CHECK_EQ(ioctl(p.m, TIOCSWINSZ, &ws), 0);
		UNTIL(seen[SIGWINCH]);
		CHECK_EQ(seen[SIGWINCH], 1);
		memset(&ws, 0, sizeof(ws));
		CHECK_EQ(ioctl(p.s, TIOCGWINSZ, &ws), 0);
		CHECK_EQ(ws.ws_row, 40);
		CHECK_EQ(ws.ws_col, 100);
		CHECK(open("/dev/tty", O_RDWR) >= 0);
	});
	CHECK_EQ(st, 0);
}

TEST(tty_background_jobs_stop)
{
	struct pair p = open_pair();
	int st = CHILD_STATUS({
		char c;
		int s2;

		take_terminal(p);
		pid_t job = fork();
		if (!job) {
			setpgid(0, 0);
			if (read(p.s, &c, 1) != 1)
				_exit(1);
			_exit(c);
		}
		setpgid(job, job);
		CHECK_EQ(waitpid(job, &s2, WUNTRACED), job);
		CHECK(WIFSTOPPED(s2) && WSTOPSIG(s2) == SIGTTIN);
		CHECK_EQ(tcsetpgrp(p.s, job), 0);
		put(p.m, "*\n");
		CHECK_EQ(kill(-job, SIGCONT), 0);
		CHECK_EQ(waitpid(job, &s2, 0), job);
		CHECK(WIFEXITED(s2) && WEXITSTATUS(s2) == '*');
		/* Now we are in the background ourselves, and set terminal modes: SIGTTOU, ignored. */
		signal(SIGTTOU, SIG_IGN);
		CHECK_EQ(tcsetpgrp(p.s, getpid()), 0);
		CHECK_ERR(tcsetpgrp(p.s, 999999), ESRCH);

		job = fork();
		if (!job) {
			setpgid(0, 0);
			signal(SIGTTOU, SIG_DFL);
			set_lflag(p.s, TOSTOP, 0);
			_exit(0);
		}
		setpgid(job, job);
		CHECK_EQ(waitpid(job, &s2, WUNTRACED), job);
		CHECK(WIFSTOPPED(s2) && WSTOPSIG(s2) == SIGTTOU);
		kill(job, SIGKILL);
		CHECK_EQ(waitpid(job, &s2, 0), job);
	});
	CHECK_EQ(st, 0);
}

TEST(tty_hangup_tells_the_session)
{
	struct pair p = open_pair();
	int ready[2];
	char c;
	pid_t child;

	CHECK_EQ(pipe(ready), 0);
	child = fork();
	if (!child) {
		close(p.m);
		take_terminal(p);
		CHECK_EQ(write(ready[1], "x", 1), 1);
		pause();
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	close(p.s);
	close(p.m);
	int st;
	CHECK_EQ(waitpid(child, &st, 0), child);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGHUP);
}

TEST(tty_ends_of_a_pty)
{
	struct pair p = open_pair();
	struct pollfd pf = { p.m, POLLIN, 0 };
	char c, big[16384];
	ssize_t n;

	put(p.s, "last");
	close(p.s);
	CHECK_EQ(poll(&pf, 1, 0), 1);
	CHECK(pf.revents & POLLHUP);
	CHECK_EQ(read(p.m, big, sizeof(big)), 4);
	CHECK_ERR(read(p.m, &c, 1), EIO);
	close(p.m);

	p = open_pair();				/* a full pty holds the writer up */
	memset(big, 'x', sizeof(big));
	fcntl(p.s, F_SETFL, O_NONBLOCK);
	n = write(p.s, big, sizeof(big));
	CHECK(n > 0 && n < (ssize_t)sizeof(big));
	CHECK_ERR(write(p.s, big, 1), EAGAIN);
	CHECK_EQ(strlen(got(p.m)), n);
	CHECK_EQ(write(p.s, "y", 1), 1);
	close(p.m);
	CHECK_EQ(read(p.s, &c, 1), 0);			/* hung up */
	CHECK_ERR(write(p.s, "z", 1), EIO);
}
