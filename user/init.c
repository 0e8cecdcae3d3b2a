/*
 * user/init.c - the first program of `make run`: mounts what a shell needs, gives the console a session of
 * its own, runs a login shell in it, and powers the machine off when that ends.  busybox's poweroff, reboot
 * and halt ask process 1 by signal.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_or_say(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) && errno != EBUSY)
		fprintf(stderr, "init: mount %s on %s: %s\n", type, where, strerror(errno));
}

static pid_t spawn(const char *path, char *const argv[], int own_session)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (own_session) {
		setsid();
		ioctl(0, TIOCSCTTY, 1);
	}
	execv(path, argv);
	fprintf(stderr, "init: %s: %s\n", path, strerror(errno));
	_exit(127);
}

/* Reap children until @pid is among them. */
static void wait_for(pid_t pid)
{
	pid_t got;

	while ((got = wait(NULL)) != pid)
		if (got < 0 && errno == ECHILD)
			return;
}

/* Async-signal-safe throughout. */
static void end_machine(int sig)
{
	kill(-1, SIGTERM);
	sync();
	reboot(sig == SIGTERM ? RB_AUTOBOOT : sig == SIGUSR1 ? RB_HALT_SYSTEM : RB_POWER_OFF);
}

int main(void)
{
	char *const install[] = { "busybox", "--install", "-s", NULL };
	char *const shell[] = { "-sh", NULL };

	signal(SIGUSR1, end_machine);
	signal(SIGUSR2, end_machine);
	signal(SIGTERM, end_machine);
	mount_or_say("proc", "/proc");
	mount_or_say("sysfs", "/sys");
	mount_or_say("devtmpfs", "/dev");
	mkdir("/dev/shm", 01777);
	mount_or_say("tmpfs", "/dev/shm");
	setenv("PATH", "/usr/sbin:/usr/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "vt102", 1);
	if (chdir("/root"))
		perror("init: /root");

	/* A device node made by devtmpfs is the better console: open it anew. */
	int console = open("/dev/console", O_RDWR);
	if (console >= 0) {
		for (int fd = 0; fd < 3; fd++)
			dup2(console, fd);
		if (console > 2)
			close(console);
	}
	wait_for(spawn("/usr/bin/busybox", install, 0));
	puts("\nWelcome to Vellum.  `exit` or `poweroff` ends the machine; try `cat /proc/buddyinfo`.\n");
	fflush(stdout);
	wait_for(spawn("/usr/bin/sh", shell, 1));

	end_machine(SIGUSR2);
	return 0;
}
