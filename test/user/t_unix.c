/*
 * test/user/t_unix.c - local sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define SOCK_NAME "/tmp/t_unix_s"

TEST(stream_pairs_carry_bytes_and_ends)
{
	char buf[64];
	int s[2];
	struct pollfd p;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	CHECK_EQ(send(s[0], "hello", 5, 0), 5);
	CHECK_EQ(send(s[0], "world", 5, 0), 5);
	CHECK_EQ(recv(s[1], buf, 8, MSG_PEEK), 8);
	CHECK_EQ(recv(s[1], buf, 7, 0), 7);
	CHECK_EQ(memcmp(buf, "hellowo", 7), 0);
	CHECK_EQ(recv(s[1], buf, sizeof(buf), 0), 3);
	CHECK_ERR(recv(s[1], buf, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_ERR(lseek(s[0], 0, SEEK_SET), ESPIPE);
	CHECK_EQ(shutdown(s[0], SHUT_WR), 0);
	CHECK_EQ(recv(s[1], buf, 1, 0), 0);
	p = (struct pollfd){ s[1], POLLIN | POLLOUT | POLLRDHUP, 0 };
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLIN | POLLOUT | POLLRDHUP);
	CHECK_ERR(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	close(s[1]);
	CHECK_EQ(recv(s[0], buf, 1, 0), 0);
	close(s[0]);
	/* What was not read is an error to the other side. */
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	CHECK_EQ(send(s[0], "unread", 6, 0), 6);
	close(s[1]);
	CHECK_ERR(recv(s[0], buf, 1, 0), ECONNRESET);
	close(s[0]);
}

TEST(datagrams_keep_their_borders)
{
	char buf[8];
	int s[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
	CHECK_EQ(send(s[0], "12345", 5, 0), 5);
	CHECK_EQ(send(s[0], "", 0, 0), 0);
	CHECK_EQ(send(s[0], "678", 3, 0), 3);
	CHECK_EQ(recv(s[1], buf, 3, 0), 3);
	CHECK_EQ(recv(s[1], buf, 3, 0), 0);
	CHECK_EQ(recv(s[1], buf, 1, MSG_TRUNC), 3);
	close(s[0]);
	close(s[1]);
}

static struct sockaddr_un path_address(void) { return (struct sockaddr_un){ AF_UNIX, SOCK_NAME }; }

TEST(servers_accept_clients)
{
	struct sockaddr_un a = path_address(), peer;
	int l = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t len = sizeof(peer);
	struct ucred cred;
	struct stat st;

	unlink(SOCK_NAME);
	CHECK_EQ(bind(l, (void *)&a, sizeof(a)), 0);
	CHECK_EQ(stat(SOCK_NAME, &st), 0);
	CHECK(S_ISSOCK(st.st_mode));
	CHECK_EQ(listen(l, 3), 0);
	pid_t pid = fork();
	if (!pid) {
		for (int i = 0; i < 20; i++) {
			int c = socket(AF_UNIX, SOCK_STREAM, 0);
			char b[4];

			if (connect(c, (void *)&a, sizeof(a)) || write(c, "ping", 4) != 4 || read(c, b, 4) != 4)
				_exit(1);
			close(c);
		}
		_exit(0);
	}
	for (int i = 0; i < 20; i++) {
		int c = accept4(l, (void *)&peer, &len, SOCK_CLOEXEC);
		char b[8];

		CHECK(c >= 0);
		CHECK_EQ(fcntl(c, F_GETFD), FD_CLOEXEC);
		CHECK_EQ(read(c, b, 8), 4);
		CHECK_EQ(write(c, b, 4), 4);
		len = sizeof(cred);
		CHECK_EQ(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &len), 0);
		CHECK_EQ(cred.pid, pid);
		len = sizeof(peer);
		close(c);
	}
	int status;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	close(l);
	int c = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_ERR(connect(c, (void *)&a, sizeof(a)), ECONNREFUSED);
	CHECK_EQ(unlink(SOCK_NAME), 0);
	CHECK_ERR(connect(c, (void *)&a, sizeof(a)), ENOENT);
	close(c);
}

/* Send @fd through @s with one byte. */
static int try_send_fd(int s, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 'f';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };

	CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	return sendmsg(s, &m, 0) == 1 ? 0 : -1;
}

static void send_fd(int s, int fd) { CHECK_EQ(try_send_fd(s, fd), 0); }

/* The descriptor in @s's next message, which has one byte. */
static int receive_descriptor(int s)
{
	char c, control[64];
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	int fd;

	CHECK_EQ(recvmsg(s, &m, 0), 1);
	CHECK(CMSG_FIRSTHDR(&m) != NULL);
	CHECK_EQ(CMSG_FIRSTHDR(&m)->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

TEST(descriptors_travel_in_messages)
{
	int s[2], p[2], fd;
	char buf[4];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	CHECK_EQ(pipe(p), 0);
	send_fd(s[0], p[1]);
	close(p[1]);				/* it lives in the message */
	fd = receive_descriptor(s[1]);
	CHECK_EQ(write(fd, "ok", 2), 2);
	CHECK_EQ(read(p[0], buf, 4), 2);
	close(fd);
	CHECK_EQ(read(p[0], buf, 4), 0);
	/* Nobody receives it: it is closed with the socket. */
	CHECK_EQ(pipe(p), 0);
	send_fd(s[0], p[1]);
	close(p[1]);
	close(s[0]);
	close(s[1]);
	CHECK_EQ(read(p[0], buf, 4), 0);
	close(p[0]);
}

/* A descriptor that finds no room in the table is lost, and the message says so. */
TEST(a_full_table_truncates_a_message)
{
	char c, control[64];
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	struct rlimit old, none;
	int s[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	send_fd(s[0], s[0]);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ 0, old.rlim_max };
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	CHECK_EQ(recvmsg(s[1], &m, 0), 1);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	CHECK_EQ(m.msg_flags, MSG_CTRUNC);
	CHECK(CMSG_FIRSTHDR(&m) == NULL);
	close(s[0]);
	close(s[1]);
}

TEST(abstract_names_need_no_file)
{
	struct sockaddr_un a = { AF_UNIX, "\0t_unix" }, from;
	socklen_t len = 2 + 7, from_len = sizeof(from);
	int x = socket(AF_UNIX, SOCK_DGRAM, 0), y = socket(AF_UNIX, SOCK_DGRAM, 0);
	char buf[8];

	CHECK_EQ(bind(x, (void *)&a, len), 0);
	CHECK_ERR(bind(y, (void *)&a, len), EADDRINUSE);
	CHECK_EQ(sendto(y, "dg", 2, 0, (void *)&a, len), 2);
	CHECK_EQ(recvfrom(x, buf, sizeof(buf), 0, (void *)&from, &from_len), 2);
	CHECK_EQ(from_len, 0);
	CHECK_EQ(connect(y, (void *)&a, len), 0);
	CHECK_EQ(send(y, "dg2", 3, 0), 3);
	close(x);
	CHECK_ERR(send(y, "dg3", 3, 0), ECONNREFUSED);
	close(y);
}

TEST(other_families_are_refused)
{
	CHECK_ERR(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERR(socket(AF_UNIX, 9, 0), ESOCKTNOSUPPORT);
	CHECK_ERR(socket(AF_UNIX, SOCK_STREAM, 77), EPROTONOSUPPORT);
	CHECK_ERR(listen(0, 1), ENOTSOCK);
}

TEST(megabytes_pass_through_a_stream)
{
	static char out[65536], in[30000];
	long want = 4 << 20, got = 0;
	unsigned sum_out = 0, sum_in = 0;
	int s[2];

	for (unsigned i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + i / 256;
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	pid_t pid = fork();
	if (!pid) {
		for (long sent = 0; sent < want; sent += sizeof(out))
			if (write(s[0], out, sizeof(out)) != sizeof(out))
				_exit(1);
		_exit(0);
	}
	close(s[0]);
	for (ssize_t n; (n = read(s[1], in, sizeof(in))) > 0; got += n)
		for (ssize_t i = 0; i < n; i++) {
			sum_in += (unsigned char)in[i];
			sum_out += (unsigned char)out[(got + i) % sizeof(out)];
		}
	CHECK_EQ(got, want);
	CHECK_EQ(sum_in, sum_out);
	int status;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	close(s[1]);
}

/* Each socket waits in the queue of the next: closing the last one closes all, however many. */
TEST(chains_of_sockets_in_messages)
{
	int pair[2], last = -1, end[2];
	char c;

	CHECK_EQ(pipe(end), 0);
	for (int i = 0; i < 5000; i++) {
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		send_fd(pair[0], i ? last : end[1]);
		close(i ? last : end[1]);
		close(pair[0]);
		last = pair[1];
	}
	CHECK_EQ(fcntl(end[0], F_SETFL, O_NONBLOCK), 0);
	CHECK_ERR(read(end[0], &c, 1), EAGAIN);		/* the writer is the first of the chain */
	close(last);
	CHECK_EQ(fcntl(end[0], F_SETFL, 0), 0);
	CHECK_EQ(read(end[0], &c, 1), 0);
}

/* Files in messages need no descriptors; still nobody can have more of them than RLIMIT_NOFILE, and one. */
TEST(files_in_flight_are_bounded)
{
	struct rlimit limit = { 40, 40 };
	int st = CHILD_STATUS({
		int pair[2];
		int n = 0;

		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
		CHECK_EQ(setresuid(4711, 4711, 4711), 0);
		while (n < 100 && !try_send_fd(pair[0], pair[0]))
			n++;
		CHECK_EQ(errno, ETOOMANYREFS);
		CHECK_EQ(n, 41);
	});

	CHECK_EQ(st, 0);
}

/* Sockets that only messages in their own queues refer to are freed; one that can still be received is not. */
TEST(rings_of_sockets_are_found)
{
	int ring[8][2], keep[2], end[2], got;
	char c;

	for (int round = 0; round < 100; round++) {
		CHECK_EQ(pipe(end), 0);
		for (int i = 0; i < 8; i++)
			CHECK_EQ(socketpair(AF_UNIX, i & 1 ? SOCK_STREAM : SOCK_DGRAM, 0, ring[i]), 0);
		for (int i = 0; i < 8; i++) {
			send_fd(ring[i][0], ring[(i + 1) % 8][1]);
			send_fd(ring[i][1], ring[(i + 3) % 8][0]);
		}
		send_fd(ring[3][0], end[1]);
		close(end[1]);
		CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, keep), 0);
		send_fd(keep[0], ring[5][1]);
		for (int i = 0; i < 8; i++) {
			close(ring[i][0]);
			close(ring[i][1]);
		}
		close(socket(AF_UNIX, SOCK_DGRAM, 0));	/* may start a search: the ring hangs on what we keep */
		got = receive_descriptor(keep[1]);
		close(socket(AF_UNIX, SOCK_DGRAM, 0));
		CHECK_EQ(fcntl(end[0], F_SETFL, O_NONBLOCK), 0);
		CHECK_ERR(read(end[0], &c, 1), EAGAIN);
		close(got);
		close(keep[0]);
		close(keep[1]);
		close(socket(AF_UNIX, SOCK_DGRAM, 0));
		CHECK_EQ(fcntl(end[0], F_SETFL, 0), 0);
		CHECK_EQ(read(end[0], &c, 1), 0);	/* the ring was freed, and the pipe's writer with it */
		close(end[0]);
	}
}

TEST(time_limits_and_kept_options)
{
	struct timeval limit = { 0, 30000 }, got = { 9, 9 };
	socklen_t len = sizeof(got);
	int s[2], v = 1;
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) && errno == ENOSYS)
		test_skip("no sockets");
	CHECK_EQ(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &got, &len), 0);
	CHECK(len == sizeof(got) && !got.tv_sec && !got.tv_usec);
	CHECK_EQ(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	CHECK_ERR(recv(s[0], &byte, 1, 0), EAGAIN);
	CHECK_EQ(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &got, &len), 0);
	CHECK(!got.tv_sec && got.tv_usec >= 30000 && got.tv_usec < 50000);	/* whole ticks */
	CHECK_EQ(setsockopt(s[1], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
	while (send(s[1], "0123456789", 10, 0) == 10)
		;
	CHECK_EQ(errno, EAGAIN);
	limit.tv_usec = 1000000;
	CHECK_ERR(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), EDOM);
	CHECK_ERR(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, 8), EINVAL);
	CHECK_EQ(setsockopt(s[0], SOL_SOCKET, SO_KEEPALIVE, &v, sizeof(v)), 0);
	v = 0, len = sizeof(v);
	CHECK_EQ(getsockopt(s[0], SOL_SOCKET, SO_KEEPALIVE, &v, &len), 0);
	CHECK_EQ(v, 1);
	close(s[0]);
	close(s[1]);
}
