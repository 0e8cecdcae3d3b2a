/*
 * test/user/t_fuzz.c - random system calls with hostile arguments, by many processes and threads at once.
 *
 * MODEL     A round starts a process per slot, with some threads each, as uid 1000 (the odd ones keep the
 *           capabilities that cannot stop the machine), in a folder of their own and with small limits.  They
 *           call what SHAPES say, with arguments drawn by kind: descriptors of every type, paths, pointers into
 *           a page of random words, to read-only, unmapped and kernel addresses, lengths around pages, flags, ids.
 *           A timer keeps interrupting them, so that none sleeps for long; who ends or gets stuck has a successor.
 *           At the end of a round all of uid 1000 are killed and reaped.  Nothing is expected of a call, but that
 *           the machine stands afterwards, gives its memory back (main.c) and still works.
 *           STORM=seconds makes it longer, SEED=n chooses another sequence, FUZZ=1 says the seed of each round.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#define DIR_NAME	"/tmp/fuzz"
#define PAGE		4096ul
#define LIFE		(12ul << 20)	/* what one may take, about: half of RLIMIT_AS */
#define POOL		(16 * PAGE)	/* of random words; a read-only page and a hole follow */
#define NR_FDS		48

static unsigned long rng;
static char *pool, *arena;	/* @arena is what is mapped, cut and protected */

static long rnd(unsigned long n)
{
	unsigned long x = rng;			/* threads race for it: so much the better */

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	rng = x;
	return n ? (long)((x >> 9) % n) : (long)x;
}

/*
 * What a call takes: f descriptor, d folder's descriptor, s path, p pointer, P pointer into the pool or NULL,
 * l length, o offset, i small number, b bits, t process, g signal, m mapping,
 * F flags of mmap, x anything.
 */
static const struct shape { short nr; const char *args; } shapes[] = {
	{ SYS_getcwd, "pl" }, { SYS_eventfd2, "xb" }, { SYS_epoll_create1, "b" }, { SYS_epoll_ctl, "fifP" },
	{ SYS_epoll_pwait, "fPiiPl" }, { SYS_dup, "f" }, { SYS_dup3, "ffb" }, { SYS_fcntl, "fix" },
	{ SYS_fcntl, "fiP" }, { SYS_ioctl, "fxP" }, { SYS_flock, "fi" }, { SYS_mknodat, "dsbx" },
	{ SYS_mkdirat, "dsb" }, { SYS_unlinkat, "dsi" }, { SYS_unlinkat, "dsb" }, { SYS_symlinkat, "sds" },
	{ SYS_linkat, "dsdsb" }, { SYS_renameat2, "dsdsi" }, { SYS_statfs, "sp" }, { SYS_fstatfs, "fp" },
	{ SYS_truncate, "so" }, { SYS_ftruncate, "fo" }, { SYS_fallocate, "fboo" }, { SYS_faccessat, "dsi" },
	{ 439, "dsib" }, { SYS_chdir, "s" }, { SYS_fchdir, "f" }, { SYS_fchmod, "fb" }, { SYS_fchmodat, "dsb" },
	{ SYS_fchownat, "dsiib" }, { SYS_openat, "dsbb" }, { SYS_openat, "dsbb" }, { SYS_openat, "dsbb" },
	{ 437, "dsPl" }, { SYS_close, "f" }, { 436, "ffi" }, { SYS_pipe2, "pb" }, { SYS_getdents64, "fpl" },
	{ SYS_lseek, "foi" }, { SYS_read, "fpl" }, { SYS_write, "fpl" }, { SYS_readv, "fPi" },
	{ SYS_writev, "fPi" }, { SYS_pread64, "fplo" }, { SYS_pwrite64, "fplo" }, { SYS_preadv, "fPio" },
	{ SYS_pwritev, "fPio" }, { SYS_preadv2, "fPioxb" }, { SYS_pwritev2, "fPioxb" }, { SYS_sendfile, "ffPl" },
	{ SYS_pselect6, "iPPPPP" }, { SYS_ppoll, "PiPPl" }, { SYS_signalfd4, "fPlb" }, { SYS_vmsplice, "fPib" },
	{ SYS_splice, "fPfPlb" }, { SYS_tee, "fflb" }, { SYS_copy_file_range, "fPfPlb" },
	{ SYS_readlinkat, "dspl" }, { SYS_newfstatat, "dspb" }, { SYS_fstat, "fp" }, { 291, "dsbbp" },
	{ SYS_fsync, "f" }, { SYS_sync_file_range, "foob" }, { SYS_utimensat, "dsPb" },
	{ SYS_timerfd_create, "ib" }, { SYS_timerfd_settime, "fbPP" }, { SYS_timerfd_gettime, "fp" },
	{ SYS_capget, "PP" }, { SYS_personality, "i" }, { SYS_waitid, "itPbP" }, { SYS_wait4, "tPbP" },
	{ SYS_set_tid_address, "p" }, { SYS_futex, "PiiPPi" }, { SYS_futex, "PxiPPi" },
	{ SYS_set_robust_list, "pl" }, { SYS_get_robust_list, "tPP" }, { SYS_nanosleep, "PP" },
	{ SYS_getitimer, "ip" }, { SYS_timer_create, "iPP" }, { SYS_timer_settime, "ibPP" },
	{ SYS_timer_delete, "i" }, { SYS_timer_gettime, "ip" }, { SYS_clock_gettime, "xp" },
	{ SYS_clock_getres, "xp" }, { SYS_clock_nanosleep, "ibPP" }, { SYS_syslog, "ipl" },
	{ SYS_sched_getparam, "tp" }, { SYS_sched_setscheduler, "tiP" }, { SYS_sched_setaffinity, "tlP" },
	{ SYS_sched_getaffinity, "tlP" }, { SYS_sched_getattr, "tpli" }, { SYS_sched_setattr, "tPi" },
	{ SYS_kill, "tg" }, { SYS_tkill, "tg" }, { SYS_tgkill, "ttg" }, { SYS_sigaltstack, "PP" },
	{ SYS_rt_sigaction, "gPPi" }, { SYS_rt_sigprocmask, "iPPi" }, { SYS_rt_sigtimedwait, "PPPi" },
	{ SYS_rt_sigqueueinfo, "tgP" }, { SYS_rt_tgsigqueueinfo, "ttgP" }, { SYS_setpriority, "iti" },
	{ SYS_getpriority, "it" }, { SYS_setgid, "i" }, { SYS_setresuid, "iii" }, { SYS_setgroups, "iP" },
	{ SYS_getgroups, "ip" }, { SYS_setpgid, "tt" }, { SYS_getpgid, "t" }, { SYS_setsid, "" },
	{ SYS_uname, "p" }, { SYS_getrlimit, "ip" }, { SYS_getrusage, "ip" }, { SYS_umask, "b" },
	{ SYS_prctl, "ixxxx" }, { SYS_prctl, "iPxPx" }, { SYS_sysinfo, "p" }, { SYS_times, "p" },
	{ SYS_getrandom, "plb" }, { SYS_socket, "iii" }, { SYS_socket, "ibi" }, { SYS_socketpair, "iiip" },
	{ SYS_bind, "fPl" }, { SYS_listen, "fi" }, { SYS_accept4, "fPPb" }, { SYS_connect, "fPl" },
	{ SYS_getsockname, "fPP" }, { SYS_getpeername, "fPP" }, { SYS_sendto, "fplbPl" },
	{ SYS_recvfrom, "fplbPP" }, { SYS_setsockopt, "fiiPl" }, { SYS_getsockopt, "fiiPP" },
	{ SYS_shutdown, "fi" }, { SYS_sendmsg, "fPb" }, { SYS_recvmsg, "fPb" }, { SYS_sendmmsg, "fPib" },
	{ SYS_recvmmsg, "fPibP" }, { SYS_readahead, "fol" }, { SYS_brk, "p" }, { SYS_munmap, "ml" },
	{ SYS_mremap, "mllbm" }, { SYS_clone, "bxPPx" }, { SYS_clone, "gxxxx" }, { 435, "Pl" },
	{ SYS_execveat, "dsPPb" }, { SYS_execve, "sPP" }, { SYS_mmap, "mliFfo" }, { SYS_mmap, "mliFfo" },
	{ SYS_mprotect, "mli" }, { SYS_msync, "mli" }, { SYS_mlock, "ml" }, { SYS_mlock2, "mli" },
	{ SYS_mlockall, "i" }, { SYS_mincore, "mlp" }, { SYS_madvise, "mli" }, { SYS_madvise, "mli" },
	{ SYS_mbind, "mliPib" }, { SYS_get_mempolicy, "PPimb" }, { SYS_set_mempolicy, "iPi" },
	{ SYS_migrate_pages, "tiPP" }, { SYS_move_pages, "tiPPPb" }, { SYS_prlimit64, "tiPP" },
	{ SYS_membarrier, "bbi" }, { SYS_memfd_create, "sb" }, { SYS_process_vm_readv, "tPiPii" },
	{ SYS_process_vm_writev, "tPiPii" }, { SYS_unshare, "b" }, { SYS_name_to_handle_at, "dsPPb" },
	{ SYS_setxattr, "ssPlb" }, { SYS_fgetxattr, "fspl" }, { SYS_remap_file_pages, "mliib" }, { 434, "tb" },
	{ 424, "fgPb" }, { SYS_fadvise64, "foli" }, { SYS_setitimer, "iPP" }, { SYS_chroot, "s" },
	{ SYS_sethostname, "Pl" },
};
#define NR_SHAPES (sizeof(shapes) / sizeof(*shapes))

/* No terminal among them: results are printed on it. */
static const char *const paths[] = {
	"", ".", "..", "f1", "f2", "d1", "d1/x", "d1/../d2", "link", "loop", "fifo", "d1/", "f1/", "d2", "d2/y",
	"./d1/./f", "/proc/self/fd/5", "/proc/self/maps", "/proc/self/mem", "/proc/self/stat",
	"/proc/self/environ", "/proc/self/fd", "/proc/self/exe", "/proc/self/task", "/proc/self/cwd/f1",
	"/proc/self/pagemap", "/proc/self/smaps", "/proc/meminfo", "/proc/self/clear_refs",
	"/proc/self/numa_maps", "/proc/self/comm", "/proc/self/mountinfo", "/proc/self/status",
	"/proc/self/fdinfo/6", "/proc/self/syscall", "/proc/locks", "/proc/slabinfo", "/proc/zoneinfo",
	"/proc/self/oom_score_adj", "/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/ptmx", "/sys",
	"/sys/devices", "/proc", "/proc/self/limits", "/proc/self/wchan", "/proc/self/io",
	"/proc/self/task/self/maps", "socket", "/proc/version",
};
#define NR_PATHS (sizeof(paths) / sizeof(*paths))

static long odd_number(void)
{
	static const long odd[] = {
		0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 65, 127, 128, 255, 256, 511, 512, 1000, 1024, 2047,
		4095, 4096, 4097, 8192, 65535, 65536, 1 << 20, 0x7fffffff, 0x80000000l, 0xffffffffl, -1, -2, -22,
		-4095, -4096, -100, 0x7fffffffffffffffl, (long)0x8000000000000000ul, 0x3ffffff000l, 0x4000000000l,
		0x7ffffffff000l,
	};

	return odd[rnd(sizeof(odd) / sizeof(*odd))];
}

static long some_pointer(void)
{
	switch (rnd(16)) {
	case 0: return 0;
	case 1: return (long)pool + POOL - rnd(64);		/* ends in the read-only page */
	case 2: return (long)pool + POOL + PAGE - rnd(64);	/* ends in the hole */
	case 3: return (long)pool + POOL + PAGE + rnd(PAGE);
	case 4: return (long)(0xffffffc000000000ul + rnd(1ul << 38));
	case 5: return odd_number();
	case 6: return (long)pool + rnd(POOL);			/* not aligned */
	case 7: return (long)&shapes;				/* the program itself */
	case 8: case 9: return (long)arena + rnd(POOL);
	}
	return (long)pool + rnd(POOL / 8) * 8;
}

static long some_bits(void)
{
	long v = rnd(8) ? 0 : odd_number();

	for (unsigned n = rnd(2) ? 0 : rnd(4); n; n--)
		v |= 1l << rnd(rnd(4) ? 20 : 40);
	return v;
}

static long some_process(void)
{
	switch (rnd(6)) {
	case 0: return 0;
	case 1: return getppid();
	case 2: return getpid() + (long)rnd(12) - 6;
	case 3: return odd_number();
	}
	return getpid();
}

static long argument(char kind)
{
	if (!rnd(24))
		return rnd(2) ? odd_number() : (long)rnd(0);
	switch (kind) {
	case 'd': if (rnd(3)) return AT_FDCWD;		/* fall through */
	case 'f': return rnd(10) ? rnd(NR_FDS) + 3 : odd_number();
	case 's': return rnd(16) ? (long)paths[rnd(NR_PATHS)] : some_pointer();
	case 'p': return some_pointer();
	case 'P': return rnd(4) ? (long)pool + rnd(POOL / 8) * 8 : rnd(3) ? 0 : some_pointer();
	case 'm':
		if (rnd(4))
			return (long)arena + (long)(rnd(POOL / PAGE) * PAGE);
		return rnd(16) ? 0 : (long)(some_pointer() & -PAGE);
	case 'l': return rnd(2) ? (long)(rnd(3) * PAGE) + rnd(2) * rnd(256) : odd_number();
	case 'o': return rnd(2) ? rnd(1 << 18) : odd_number();
	case 'i': return rnd(8) ? rnd(1ul << rnd(7)) : odd_number();
	case 'b': return some_bits();
	case 'F':
		return 1 + rnd(2) + (rnd(2) ? MAP_ANONYMOUS : 0) + (rnd(3) ? 0 : MAP_FIXED) +
		       (rnd(4) ? 0 : some_bits());
	case 't': return some_process();
	case 'g': return rnd(4) ? rnd(66) : odd_number();
	}
	return rnd(3) ? odd_number() : rnd(2) ? some_pointer() : some_bits();
}

/* Words that make sense as parts of structures: pointers with lengths, descriptors, times, flags. */
static void fill_pool(void)
{
	static const char kinds[] = "xplfiboPs";
	long *word = (long *)pool;

	for (unsigned n = 64 + rnd(256), at = rnd(POOL / 8); n; n--, at = (at + 1) % (POOL / 8)) {
		long v = argument(kinds[rnd(sizeof(kinds) - 1)]);

		word[at] = rnd(4) ? v : (v & 0xffffffff) | argument('i') << 32;
	}
}

/* Calls that would end the fuzzing rather than the machine, or harm other tests. */
static bool spared(long nr, const long *a)
{
	if (nr == SYS_reboot || nr == SYS_mount || nr == SYS_umount2 ||
	    nr == SYS_pivot_root || nr == SYS_swapoff || nr == SYS_swapon ||
	    nr == SYS_vhangup || nr == SYS_exit_group || nr == SYS_settimeofday || nr == SYS_clock_settime ||
	    nr == SYS_adjtimex || nr == SYS_clock_adjtime)
		return true;
	if (nr == SYS_kill || nr == SYS_rt_sigqueueinfo || nr == SYS_tkill || nr == SYS_tgkill)
		return (int)a[0] <= 0 && rnd(64);
	if (nr == SYS_execve || nr == SYS_execveat || nr == SYS_exit || nr == SYS_rt_sigreturn || nr == SYS_setitimer)
		return rnd(32);
	if (nr == SYS_ppoll || nr == SYS_rt_sigaction || nr == SYS_rt_sigprocmask || nr == SYS_rt_sigsuspend)
		return rnd(4);
	if (nr == SYS_clone || nr == 435)
		return rnd(8);
	return false;
}

static void one_call(void)
{
	const struct shape *s = &shapes[rnd(NR_SHAPES)];
	const char *args = s->args;
	long nr = s->nr, a[6];

	if (!rnd(32))
		nr = rnd(470), args = "xxxxxx";
	for (unsigned i = 0; i < 6; i++)
		a[i] = *args ? argument(*args++) : argument('x');
	/* Who runs the tests keeps its memory, limits, harts and priority. */
	if (*s->args == 't' && ((int)a[0] == 1 || (int)a[0] == getppid()))
		return;
	if (!spared(nr, a))
		syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void nothing(__attribute__((unused)) int sig) { }

static void *caller(__attribute__((unused)) void *arg)
{
	for (unsigned long n = 0;; n++) {
		if (!(n % 64))
			fill_pool();
		one_call();
	}
	return NULL;
}

/* A descriptor of every type, at 3 and up. */
static void open_files(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT };
	sigset_t all;
	int sv[2], ep;

	sigfillset(&all);
	for (int i = 0; i < 3; i++)
		if (dup2(open("/dev/null", O_RDWR), i) != i)
			_exit(1);	/* the console is no file to play with */
	closefrom(3);
	for (unsigned i = 0; i < 4; i++)
		open("f1", O_RDWR | O_CREAT | (i & 1 ? O_APPEND : 0), 0666);
	open("d1", O_RDONLY | O_DIRECTORY);
	open("d1", O_PATH);
	pipe2(sv, O_NONBLOCK);
	pipe(sv);
	open("fifo", O_RDWR);
	eventfd(3, 0);
	timerfd_create(CLOCK_MONOTONIC, 0);
	signalfd(-1, &all, 0);
	memfd_create("fuzz", MFD_ALLOW_SEALING);
	socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, sv);
	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, sv);
	socket(AF_UNIX, SOCK_STREAM, 0);
	open("/dev/ptmx", O_RDWR | O_NOCTTY);
	open("/proc/self/maps", O_RDONLY);
	open("/proc/self/fd", O_RDONLY);
	open("/dev/zero", O_RDWR);
	ep = epoll_create1(0);
	for (int fd = 3; fd < ep; fd++)
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	epoll_create1(0);
}

static void set_limit(int which, unsigned long n)
{
	struct rlimit r = { n, n };

	CHECK_EQ(setrlimit(which, &r), 0);
}

/* Another user, for good; @strong: with the capabilities that cannot harm what is not ours. */
static void drop_rights(bool strong)
{
	static const unsigned spare[] = {
		CAP_KILL, CAP_SETUID, CAP_SYS_BOOT, CAP_SYS_TIME, CAP_SYS_NICE, CAP_SYS_RESOURCE, CAP_SYS_PTRACE,
		CAP_SYS_RAWIO, CAP_SETPCAP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_CHOWN,
		CAP_NET_ADMIN,
	};
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0 } };
	unsigned long caps = strong ? (1ul << 41) - 1 : 0;

	for (unsigned i = 0; i < sizeof(spare) / sizeof(*spare); i++)
		caps &= ~(1ul << spare[i]);
	CHECK_EQ(prctl(PR_SET_KEEPCAPS, strong), 0);
	CHECK_EQ(setresgid(1000, 1000, 1000), 0);
	CHECK_EQ(setresuid(1000, 1000, 1000), 0);
	for (int i = 0; strong && i < 2; i++)
		d[i].permitted = d[i].effective = caps >> 32 * i;
	CHECK_EQ(syscall(SYS_capset, &h, d), 0);
}

/* One life of a slot: until a signal ends it, its own or the supervisor's. */
static void live(unsigned slot)
{
	static const int signals[] = { SIGALRM, SIGUSR1, SIGPIPE, SIGXFSZ, SIGTTOU, SIGTTIN, SIGTSTP };
	struct sigaction sa = { .sa_handler = nothing };
	struct itimerval tick = { { 0, 4000 }, { 0, 4000 } };
	pthread_t t;

	setpgid(0, 0);
	open_files();
	for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &sa, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
	for (unsigned i = 0; i < slot % 3; i++)
		pthread_create(&t, NULL, caller, NULL);
	caller(NULL);
}

/* Starts a life when one has ended, and ends those that got stuck.  Says on @ready that kill_all() may come. */
static void supervise(unsigned slot, int ready)
{
	struct timespec limit = { .tv_nsec = 100000000 };
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	sigset_t chld;

	write(fd, "900", 3);
	close(fd);
	setpgid(0, 0);
	set_limit(RLIMIT_AS, 24 << 20);
	set_limit(RLIMIT_FSIZE, 256 << 10);
	set_limit(RLIMIT_NOFILE, 64);
	set_limit(RLIMIT_NPROC, 48);
	set_limit(RLIMIT_MEMLOCK, 256 << 10);
	set_limit(RLIMIT_CORE, 0);
	set_limit(RLIMIT_NICE, 0);
	set_limit(RLIMIT_RTPRIO, 0);
	set_limit(RLIMIT_SIGPENDING, 64);
	drop_rights(slot & 1);
	CHECK_EQ(write(ready, "", 1), 1);
	close(ready);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	for (;;) {
		pid_t p = fork();

		if (!p)
			live(slot);
		rnd(0);
		rng += 0x9e3779b97f4a7c15ul;
		if (p < 0)
			usleep(10000);
		else if (sigtimedwait(&chld, NULL, &limit) < 0)
			kill(p, SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* Only what uid 1000 may signal: all of a round, wherever in the tree it has got to. */
static void kill_all(void)
{
	int st;

	do {
		pid_t p = fork();

		CHECK(p >= 0);
		if (!p) {
			CHECK_EQ(setresuid(1000, 1000, 1000), 0);
			kill(-1, SIGKILL);
			_exit(0);
		}
		/* They may have killed the killer, or stopped it. */
		CHECK_EQ(waitpid(p, &st, WUNTRACED), p);
		if (WIFSTOPPED(st))
			kill(p, SIGKILL);
	} while (st);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static void make_folder(void)
{
	CHECK_EQ(system("rm -rf " DIR_NAME "; mkdir -m 777 " DIR_NAME
			"; cd " DIR_NAME "; mkdir -m 777 d1 d2; ln -s d1 link; ln -s loop loop; mkfifo -m 666 fifo; "
			"echo text >f1; echo text >f2; chmod 666 f1 f2"), 0);
	CHECK_EQ(chdir(DIR_NAME), 0);
}

static void round_of(unsigned nr, unsigned ms, bool said)
{
	unsigned long seed = rng;
	int ready[2];
	char said_so;

	if (said)
		dprintf(1, "# round of seed %lu\n", seed);
	fill_pool();
	CHECK_EQ(pipe(ready), 0);
	for (unsigned i = 0; i < nr; i++) {
		pid_t p = fork();

		CHECK(p >= 0);
		if (!p) {
			rng = seed + i * 0x9e3779b97f4a7c15ul;
			supervise(i, ready[1]);
		}
	}
	close(ready[1]);
	for (unsigned i = 0; i < nr && read(ready[0], &said_so, 1) == 1; i++)
		;
	close(ready[0]);
	usleep(ms * 1000);
	kill_all();
	rng = seed;
	rnd(0);
	rng *= 0x9e3779b97f4a7c15ul;
	rng |= 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

TEST_TIMED(random_calls_leave_the_machine_standing, 3600)
{
	const char *s = getenv("STORM"), *seed = getenv("SEED");
	double end = now() + (s ? atof(s) : 2);
	unsigned slots;
	char name[65], again[65];

	CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	gethostname(name, sizeof(name));
	rng = (seed ? strtoul(seed, NULL, 0) : 20240229) * 0x9e3779b97f4a7c15ul | 1;
	pool = mmap(NULL, POOL + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(pool != MAP_FAILED);
	arena = mmap(NULL, POOL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(arena != MAP_FAILED);
	CHECK_EQ(mprotect(pool + POOL, PAGE, PROT_READ), 0);
	CHECK_EQ(munmap(pool + POOL + PAGE, PAGE), 0);
	/* As many as the memory carries: the killer has to get some too. */
	slots = 4 + 2 * sysconf(_SC_NPROCESSORS_ONLN);
	if (slots > 2 + sysconf(_SC_AVPHYS_PAGES) / (LIFE / PAGE))
		slots = 2 + sysconf(_SC_AVPHYS_PAGES) / (LIFE / PAGE);
	do {
		make_folder();
		round_of(slots, 1000, getenv("FUZZ"));
	} while (now() < end);
	CHECK_EQ(chdir("/"), 0);
	CHECK_EQ(system("rm -rf " DIR_NAME), 0);
	CHECK_EQ(sethostname(name, strlen(name)), 0);
	CHECK_EQ(gethostname(again, sizeof(again)), 0);
	CHECK_EQ(system("test $(echo a b c | tr a-c d-f | wc -c) = 6"), 0);
}
