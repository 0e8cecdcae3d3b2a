/*
 * test/user/t_filefuzz.c - random calls on the files of a small tmpfs, step by step as on Linux.
 *
 * MODEL     A seed gives a sequence of calls on names, descriptors, attributes, locks, pipes, mounts and limits,
 *           by root and by others, in a tmpfs with few pages and few inodes that is their root; a fork makes
 *           some of them, too.
 *           Every result, errno, content and attribute goes into a hash; at times the whole tree does.
 *           linux_hashes[] is what Linux 6.12 makes of it.  Nothing in it depends on the clock, on inode numbers,
 *           on process ids or on a config option.
 *           Few names and few descriptors, so that calls meet one another.  No call may sleep: every open file
 *           has O_NONBLOCK.  What is drawn does not depend on what a call returned.
 *           The boot parameter filefuzz=SEED prints the steps of one seed, filefuzz=0-63 the table, or any other
 *           seeds', filefuzz=t0-9 the steps of those: for a look with diff at what two kernels do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include "test/user/fuzz.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#define PLACE	"/tmp/filefuzz"
#define STEPS	150
#define NR_FDS	10
#define SEEDS	(sizeof(linux_hashes) / sizeof(*linux_hashes))

static const uint64_t linux_hashes[] = {
#include "test/user/filefuzz.h"
};

static uint64_t *of_child;	/* shared: the hash that a forked child, or a whole seed, came to */
static bool in_child;
static int fds[NR_FDS];
static unsigned nr_sigxfsz;
static unsigned char bytes[70000];

/* A call's result as text: for the end of a note. */
static const char *res(long rc)
{
	static char text[4][24];
	static unsigned turn;
	char *t = text[turn++ % 4];

	if (rc < 0)
		snprintf(t, sizeof(*text), "%s", strerrorname_np(errno));
	else
		snprintf(t, sizeof(*text), "%ld", rc);
	return t;
}

static unsigned sum(const unsigned char *data, long n)
{
	unsigned s = 1;

	for (long i = 0; i < n; i++)
		s = s * 31 + data[i];
	return s;
}

static void on_sigxfsz(int sig)
{
	(void)sig;
	nr_sigxfsz++;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static const char *some_path(void)
{
	static char paths[4][600];
	static unsigned turn;
	static const char *const prefix[] = { "", "", "", "", "", "", "", "./", "../", "/", "a/../", "//" };
	static const char *const suffix[] = { "", "", "", "", "", "", "", "", "", "", "", "/", "/.", "/..", "//" };
	static const char *const odd[] = { "", ".", "..", "/", "/proc/self/fd/5", "/proc/self/fd/7/a", "/null",
		"/proc/self/cwd" };
	char *p = paths[turn++ % 4];
	unsigned depth = 1 + below(3) * below(2);

	if (!below(30)) {
		strcpy(p, PICK(odd));
		return p;
	}
	strcpy(p, PICK(prefix));
	if (!below(90)) {
		memset(p + strlen(p), 0, 300);
		memset(p + strlen(p), 'n', 255 + below(2));
	} else {
		for (unsigned i = 0; i < depth; i++)
			sprintf(p + strlen(p), "%s%c", i ? "/" : "", "abcd"[below(4)]);
	}
	strcat(p, PICK(suffix));
	return p;
}

static int some_fd(void)
{
	int fd = fds[below(NR_FDS)];

	return below(60) ? fd : 777;
}

static int some_dfd(void)
{
	return below(4) ? AT_FDCWD : some_fd();
}

static loff_t some_offset(void)
{
	static const loff_t odd[] = { -1, -4096, 0x7fffffffffffffff, 0x7ffffffffffff000, 1ll << 40, 0x7fffffff,
		0x80000000ll };

	if (!below(30))
		return PICK(odd);
	return below(3) ? below(10) * 4096ll : below(40000);
}

static size_t some_length(void)
{
	return below(4) ? below(9000) : below(3) ? below(5) * 4096 : below(20);
}

static unsigned some_mode(void)
{
	static const unsigned modes[] = { 0755, 0644, 0777, 0600, 01777, 02775, 04755, 06711, 0, 02644, 0444, 0111,
		07777 };

	return below(4) ? PICK(modes) : below(010000);
}

static void keep(unsigned slot, long fd)
{
	if (fd < 0)
		return;
	if (fds[slot] >= 0 && fds[slot] != fd)
		close(fds[slot]);
	fds[slot] = fd;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static unsigned some_open_flags(void)
{
	static const unsigned often[] = {
		O_RDONLY, O_RDWR, O_WRONLY, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_WRONLY | O_CREAT | O_TRUNC,
		O_RDWR | O_CREAT | O_EXCL, O_RDONLY | O_DIRECTORY, O_RDONLY | O_DIRECTORY, O_PATH,
		O_PATH | O_NOFOLLOW, O_RDWR | O_TMPFILE, O_RDWR | O_TMPFILE | O_EXCL, O_RDWR | O_APPEND,
		O_RDWR | O_TRUNC, O_RDONLY | O_NOFOLLOW, O_RDONLY | O_NOATIME, O_RDWR | O_DIRECT,
		O_PATH | O_DIRECTORY, O_RDONLY | O_CREAT, O_RDWR | O_SYNC, O_WRONLY | O_APPEND | O_CREAT,
		O_RDONLY | O_TRUNC, 3, 3 | O_CREAT,
	};
	static const unsigned bit[] = {
		O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DSYNC, O_SYNC, O_DIRECT, O_DIRECTORY, O_NOFOLLOW,
		O_NOATIME, O_CLOEXEC, O_PATH, 020000000, O_ASYNC, O_NOCTTY, O_RDWR, O_WRONLY,
	};
	unsigned flags = PICK(often);

	while (!below(4))
		flags |= PICK(bit);
	return flags | O_NONBLOCK;
}

static void step_open(void)
{
	unsigned slot = below(NR_FDS), flags = some_open_flags(), mode = some_mode();
	int dfd = some_dfd();
	const char *path = some_path();
	long fd = syscall(SYS_openat, dfd, path, flags, mode);

	note("openat %d %s %o %o: %s fl %o", dfd, path, flags, mode, res(fd), fd >= 0 ? fcntl(fd, F_GETFL) : 0);
	keep(slot, fd);
}

static void step_openat2(void)
{
	static const unsigned resolve[] = { 0, 1, 2, 4, 8, 16, 8 | 4, 16 | 2, 24, 64, 1 | 16 };
	unsigned slot = below(NR_FDS);
	struct { uint64_t flags, mode, resolve, more; } how = { .flags = some_open_flags(),
		.resolve = PICK(resolve) };
	int dfd = some_dfd();
	const char *path = some_path();
	size_t size = below(20) ? 24 : below(2) ? 32 : 16;
	long fd;

	if (how.flags & O_PATH)
		how.flags &= ~(uint64_t)O_NONBLOCK;
	if (how.flags & (O_CREAT | 020000000))
		how.mode = some_mode();
	how.more = size == 32 ? below(2) : 0;
	fd = syscall(437, dfd, path, &how, size);
	note("openat2 %d %s %llo %llo %llx size %zu: %s", dfd, path, (long long)how.flags, (long long)how.mode,
	     (long long)how.resolve, size, res(fd));
	keep(slot, fd);
}

static int split(struct iovec *iov, size_t len)
{
	size_t first = below(len + 1), second = below(len - first + 1);

	iov[0] = (struct iovec){ bytes, first };
	iov[1] = (struct iovec){ bytes + first, second };
	iov[2] = (struct iovec){ bytes + first + second, len - first - second };
	return 3;
}

static const int rwf[] = { 0, 0, 0, RWF_APPEND, RWF_DSYNC, RWF_SYNC, RWF_HIPRI, RWF_NOWAIT, 0x20, 0x40, 0x80, 0x100 };

static void step_read(void)
{
	int fd = some_fd(), kind = below(6), flags = PICK(rwf);
	size_t len = some_length();
	loff_t off = some_offset();
	struct iovec iov[3];
	int nr = split(iov, len);
	long rc;

	memset(bytes, 0xee, len);
	rc = kind < 2 ? read(fd, bytes, len) : kind == 2 ? pread(fd, bytes, len, off) :
		kind == 3 ? readv(fd, iov, nr) :
	     kind == 4 ? preadv(fd, iov, nr, off) : preadv2(fd, iov, nr, below(3) ? off : -1, flags);
	note("read%d %d %zu at %lld flags %x: %s sum %x", kind, fd, len, (long long)off, flags, res(rc),
	     sum(bytes, rc));
}

static void step_write(void)
{
	int fd = some_fd(), kind = below(6), flags = PICK(rwf);
	size_t len = some_length();
	loff_t off = some_offset();
	struct iovec iov[3];
	int nr = split(iov, len);
	long rc;

	memset(bytes, below(256), len);
	rc = kind < 2 ? write(fd, bytes, len) : kind == 2 ? pwrite(fd, bytes, len, off) :
		kind == 3 ? writev(fd, iov, nr) :
	     kind == 4 ? pwritev(fd, iov, nr, off) : pwritev2(fd, iov, nr, below(3) ? off : -1, flags);
	note("write%d %d %zu at %lld flags %x: %s xfsz %u", kind, fd, len, (long long)off, flags, res(rc),
	     nr_sigxfsz);
}

static void step_seek(void)
{
	int fd = some_fd(), whence = below(6);
	loff_t off = below(4) ? some_offset() : -some_offset();

	note("lseek %d %lld %d: %s", fd, (long long)off, whence, res(lseek(fd, off, whence)));
}

static void step_size(void)
{
	static const int modes[] = { 0, 1, 3, 3, 16, 17, 8, 32, 2, 64, 0x21, 128, 11 };
	int fd = some_fd(), mode = PICK(modes);
	loff_t off = some_offset(), len = some_offset();
	const char *path = some_path();

	switch (below(5)) {
	case 0:
		return note("ftruncate %d %lld: %s", fd, (long long)off, res(ftruncate(fd, off)));
	case 1:
		return note("truncate %s %lld: %s xfsz %u", path, (long long)off, res(truncate(path, off)),
		     nr_sigxfsz);
	default:
		note("fallocate %d %x %lld %lld: %s", fd, mode, (long long)off, (long long)len,
		     res(fallocate(fd, mode, off, len)));
	}
}

static void step_rename(void)
{
	static const unsigned flags[] = { 0, 0, 0, 0, 1, 2, 2, 4, 3, 8 };
	int odfd = some_dfd(), ndfd = some_dfd(), flag = PICK(flags);
	const char *old = some_path(), *new_ = some_path();

	note("renameat2 %d %s %d %s %x: %s", odfd, old, ndfd, new_, flag,
	     res(syscall(SYS_renameat2, odfd, old, ndfd, new_, flag)));
}

static void step_link(void)
{
	static const int flags[] = { 0, 0, 0, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW };
	int odfd = some_dfd(), ndfd = some_dfd(), flag = PICK(flags);
	const char *old = flag == AT_EMPTY_PATH && below(2) ? "" : some_path(), *new_ = some_path();

	if (below(3))
		return note("linkat %d %s %d %s %x: %s", odfd, old, ndfd, new_, flag, res(linkat(odfd, old, ndfd,
		     new_, flag)));
	note("symlinkat %s %d %s: %s", old, ndfd, new_, res(symlinkat(old, ndfd, new_)));
}

static void step_unlink(void)
{
	static const int flags[] = { 0, 0, AT_REMOVEDIR, AT_REMOVEDIR, 0x100, 0x400 };
	int dfd = some_dfd(), flag = PICK(flags);
	const char *path = some_path();

	note("unlinkat %d %s %x: %s", dfd, path, flag, res(unlinkat(dfd, path, flag)));
}

static void step_make(void)
{
	static const unsigned types[] = { S_IFIFO, S_IFREG, S_IFSOCK, S_IFCHR, S_IFBLK, S_IFDIR, S_IFLNK, 0,
		0130000 };
	int dfd = some_dfd();
	const char *path = some_path();
	unsigned mode = some_mode(), type = PICK(types);
	dev_t dev = makedev(1, below(2) ? 3 : 77);

	if (below(3))
		return note("mkdirat %d %s %o: %s", dfd, path, mode, res(mkdirat(dfd, path, mode)));
	note("mknodat %d %s %o %lx: %s", dfd, path, mode | type, (long)dev,
	     res(syscall(SYS_mknodat, dfd, path, mode | type, dev)));
}

static void step_chmod(void)
{
	static const int flags[] = { 0, 0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_SYMLINK_FOLLOW };
	static const int ids[] = { -1, 0, 1000, 1001 };
	int dfd = some_dfd(), fd = some_fd(), flag = PICK(flags), uid = PICK(ids), gid = PICK(ids);
	const char *path = flag == AT_EMPTY_PATH ? "" : some_path();
	unsigned mode = some_mode();

	switch (below(6)) {
	case 0:
		return note("fchmod %d %o: %s", fd, mode, res(syscall(SYS_fchmod, fd, mode)));
	case 1:
		return note("fchmodat %d %s %o: %s", dfd, path, mode, res(syscall(SYS_fchmodat, dfd, path, mode)));
	case 2:
		return note("fchmodat2 %d %s %o %x: %s", dfd, path, mode, flag, res(syscall(452, dfd, path, mode,
		     flag)));
	case 3:
		return note("fchown %d %d %d: %s", fd, uid, gid, res(fchown(fd, uid, gid)));
	default:
		note("fchownat %d %s %d %d %x: %s", dfd, path, uid, gid, flag, res(fchownat(dfd, path, uid, gid,
		     flag)));
	}
}

static void step_utimes(void)
{
	static const long nsecs[] = { 0, 1, 123456789, 999999999, 1000000000, -1, UTIME_NOW, UTIME_OMIT, UTIME_OMIT };
	static const long secs[] = { 5000000000, 6000000000, -7 };
	static const int flags[] = { 0, 0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_SYMLINK_FOLLOW };
	struct timespec t[2] = { { PICK(secs), PICK(nsecs) }, { PICK(secs), PICK(nsecs) } };
	int dfd = some_dfd(), flag = PICK(flags), how = below(8);
	const char *path = some_path();
	long rc = syscall(SYS_utimensat, dfd, how == 0 ? NULL : path, how == 1 ? NULL : t, flag);

	note("utimensat %d %s how %d %ld.%ld %ld.%ld %x: %s", dfd, path, how, t[0].tv_sec, t[0].tv_nsec, t[1].tv_sec,
	     t[1].tv_nsec, flag, res(rc));
}

/* A time that a step has set; what the clock says is nobody's business. */
static const char *set_time(long sec, long nsec)
{
	static char text[4][32];
	static unsigned turn;
	char *t = text[turn++ % 4];

	snprintf(t, sizeof(*text), "now");
	if (sec < 0 || sec >= 5000000000)
		snprintf(t, sizeof(*text), "%ld.%09ld", sec, nsec);
	return t;
}

static void note_stat(const char *what, int dfd, const char *path, int flag)
{
	struct stat st = { 0 };
	int rc = fstatat(dfd, path, &st, flag);

	if (rc)
		return note("%s %d %s %x: %s", what, dfd, path, flag, res(rc));
	note("%s %d %s %x: mode %o nlink %lu ids %u %u size %ld blocks %ld rdev %lx blksize %ld times %s %s", what,
	     dfd, path,
	     flag, st.st_mode, (long)st.st_nlink, st.st_uid, st.st_gid, (long)st.st_size, (long)st.st_blocks,
	     (long)st.st_rdev, (long)st.st_blksize, set_time(st.st_atim.tv_sec, st.st_atim.tv_nsec),
	     set_time(st.st_mtim.tv_sec, st.st_mtim.tv_nsec));
}

static void step_statx(int dfd, const char *path, int flag)
{
	static const unsigned masks[] = { 0, STATX_BASIC_STATS, STATX_BTIME | STATX_SIZE, 0x80000000, STATX_MODE,
		0xfff };
	struct statx st = { 0 };
	unsigned mask = PICK(masks);
	long rc;

	flag |= below(4) ? 0 : below(2) ? AT_STATX_DONT_SYNC : AT_STATX_FORCE_SYNC;
	rc = statx(dfd, path, flag, mask, &st);
	note("statx %d %s %x %x: %s mode %o size %lld blocks %lld nlink %u attr %llx mask %x", dfd, path, flag,
	     mask, res(rc),
	     st.stx_mode, (long long)st.stx_size, (long long)st.stx_blocks, st.stx_nlink,
	     (long long)(st.stx_attributes & ~STATX_ATTR_MOUNT_ROOT), st.stx_mask & 0xfff);
}

static void step_stat(void)
{
	static const int flags[] = { 0, 0, AT_SYMLINK_NOFOLLOW, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_NO_AUTOMOUNT,
		1 };
	int dfd = some_dfd(), flag = PICK(flags);
	const char *path = flag == AT_EMPTY_PATH ? "" : some_path();
	struct statfs sf;
	int fd = some_fd();

	switch (below(4)) {
	case 0:
		return step_statx(dfd, path, flag);
	case 1:
		memset(&sf, 0, sizeof(sf));
		if (fstatfs(fd, &sf))
			return note("fstatfs %d: %s", fd, res(-1));
		if (sf.f_type == 0x01021994 && sf.f_blocks < 1000)
			return note("fstatfs %d: %ld %ld %ld %ld %ld flags %lx", fd, (long)sf.f_blocks,
			     (long)sf.f_bfree,
				    (long)sf.f_bavail, (long)sf.f_files, (long)sf.f_ffree, (long)sf.f_flags);
		return note("fstatfs %d: type %lx", fd, (long)sf.f_type);
	default:
		note_stat("stat", dfd, path, flag);
	}
}

static void step_names(void)
{
	char link[600];
	int dfd = some_dfd(), fd = some_fd(), size = below(3) ? 500 : below(12);
	const char *path = below(8) ? some_path() : "";
	long rc;

	switch (below(4)) {
	case 0:
		rc = readlinkat(dfd, path, link, size);
		if (rc >= 0)
			link[rc] = 0;
		if (rc >= 0 && link[0] != '/')
			link[strcspn(link, "[#")] = 0;
		return note("readlinkat %d %s %d: %s %s", dfd, path, size, res(rc < 0 ? rc : 0), rc < 0 ? "" : link);
	case 1:
		rc = syscall(SYS_getcwd, link, below(3) ? sizeof(link) : 5);
		return note("getcwd: %s %s", res(rc), rc < 0 ? "" : link);
	case 2:
		return note("chdir %s: %s", path, res(chdir(path)));
	default:
		note("fchdir %d: %s", fd, res(fchdir(fd)));
	}
}

static void note_dir(int fd, size_t size)
{
	struct { uint64_t ino; int64_t off; uint16_t len; uint8_t type; char name[]; } *d;
	char buf[4096], text[1000];
	size_t used = 0;
	long rc = syscall(SYS_getdents64, fd, buf, size);

	text[0] = 0;
	for (long at = 0; at < rc; at += d->len) {
		d = (void *)(buf + at);
		used += snprintf(text + used, sizeof(text) - used, " %.4s:%u", d->name, d->type);
		if (used >= sizeof(text))
			break;
	}
	note("getdents %d %zu: %s%s", fd, size, res(rc), text);
}

static void step_access(void)
{
	static const int flags[] = { 0, 0, AT_EACCESS, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, 1 };
	int dfd = some_dfd(), mode = below(9), flag = PICK(flags);
	const char *path = some_path();

	note("faccessat2 %d %s %o %x: %s", dfd, path, mode, flag, res(syscall(439, dfd, path, mode, flag)));
}

static void step_dup(void)
{
	unsigned slot = below(NR_FDS);
	int fd = some_fd(), other = some_fd(), to = 3 + below(30), flag = below(3) ? 0 : below(2) ? O_CLOEXEC : 1;
	long rc;

	switch (below(6)) {
	case 0:
		rc = dup(fd);
		note("dup %d: %s", fd, res(rc));
		return keep(slot, rc);
	case 1:
		rc = fcntl(fd, below(2) ? F_DUPFD : F_DUPFD_CLOEXEC, below(9) ? to : 100000);
		note("F_DUPFD %d %d: %s", fd, to, res(rc));
		return keep(slot, rc);
	case 2:
		return note("dup3 %d %d %x: %s", fd, other, flag, other == 777 ? "" : res(dup3(fd, other, flag)));
	case 3:
		return note("close %d: %s", fd, res(close(fd)));
	case 4:
		flag = below(8);
		return note("close_range %d %x: %s", to + 100, flag, res(syscall(436, to + 100, to + 90 + below(40),
		     flag)));
	default:
		note("F_DUPFD_QUERY %d %d: %s", fd, other, res(fcntl(fd, 1027, other)));
	}
}

static void step_fcntl(void)
{
	static const unsigned fls[] = { 0, O_APPEND, O_DIRECT, O_NOATIME, O_APPEND | O_NOATIME, O_SYNC,
		~0u & ~O_ASYNC, O_RDWR };
	static const unsigned seals[] = { 1, 2, 4, 8, 16, 32, 0, 64 };
	unsigned fl = PICK(fls) | O_NONBLOCK, seal = PICK(seals), size = below(6) * 4096 + below(2) * 100;
	int fd = some_fd(), value = 0;

	switch (below(10)) {
	case 0:
		return note("F_GETFL %d: %s", fd, res(fcntl(fd, F_GETFL)));
	case 1:
		return note("F_SETFL %d %o: %s", fd, fl, res(fcntl(fd, F_SETFL, fl)));
	case 2:
		return note("F_GETFD %d: %s", fd, res(fcntl(fd, F_GETFD)));
	case 3:
		return note("F_SETFD %d %u: %s", fd, seal, res(fcntl(fd, F_SETFD, seal)));
	case 4:
		return note("F_GETPIPE_SZ %d: %s", fd, res(fcntl(fd, F_GETPIPE_SZ)));
	case 5:
		return note("F_SETPIPE_SZ %d %u: %s", fd, size, res(fcntl(fd, F_SETPIPE_SZ, size)));
	case 6:
		return note("F_ADD_SEALS %d %x: %s", fd, seal, res(fcntl(fd, F_ADD_SEALS, seal)));
	case 7:
		return note("F_GET_SEALS %d: %s", fd, res(fcntl(fd, F_GET_SEALS)));
	case 8:
		return note("FIONREAD %d: %s %d", fd, res(ioctl(fd, FIONREAD, &value)), value);
	default:
		note("F_NOTIFY-like %d: %s", fd, res(fcntl(fd, 1039 + below(3), NULL)));
	}
}

static void step_lock(void)
{
	static const int cmds[] = { F_SETLK, F_SETLK, F_GETLK, 36, 37, 37 };	/* 36: F_OFD_GETLK */
	static const int types[] = { F_RDLCK, F_WRLCK, F_UNLCK, F_WRLCK, 7 };
	static const int flocks[] = { LOCK_SH, LOCK_EX, LOCK_UN, LOCK_EX, 0, LOCK_SH | LOCK_EX };
	struct flock fl = {
		.l_type = PICK(types), .l_whence = below(4), .l_start = (int)below(200) - (below(9) ? 0 : 100),
		.l_len = (int)below(100) - (below(9) ? 0 : 50), .l_pid = below(40) ? 0 : 5,
	};
	int fd = some_fd(), cmd = PICK(cmds), op = PICK(flocks);
	long rc;

	if (!below(4))
		return note("flock %d %x: %s", fd, op, res(flock(fd, op | LOCK_NB)));
	note("lock %d cmd %d type %d whence %d start %ld len %ld pid %d", fd, cmd, fl.l_type, fl.l_whence,
	     (long)fl.l_start,
	     (long)fl.l_len, fl.l_pid);
	rc = fcntl(fd, cmd, &fl);
	note(" = %s type %d whence %d start %ld len %ld pid %d", res(rc), fl.l_type, fl.l_whence, (long)fl.l_start,
	     (long)fl.l_len, fl.l_pid > 0 ? 1 : fl.l_pid);
}

static void step_copy(void)
{
	int in = some_fd(), out = some_fd(), flag = below(5) ? SPLICE_F_NONBLOCK : 0x40;
	loff_t off_in = some_offset(), off_out = some_offset(), *pin = below(2) ? &off_in : NULL,
		*pout = below(2) ? &off_out : NULL;
	size_t len = some_length();
	struct iovec iov = { bytes, len };
	long rc;

	switch (below(5)) {
	case 0:
		rc = syscall(SYS_copy_file_range, in, pin, out, pout, len, below(6) ? 0 : 1);
		note("copy_file_range %d %d %zu: %s", in, out, len, res(rc));
		break;
	case 1:
		rc = sendfile(out, in, pin, len);
		note("sendfile %d %d %zu: %s", out, in, len, res(rc));
		break;
	case 2:
		rc = splice(in, pin, out, pout, len, flag);
		note("splice %d %d %zu %x: %s", in, out, len, flag, res(rc));
		break;
	case 3:
		note("tee %d %d %zu: %s", in, out, len, res(tee(in, out, len, flag)));
		break;
	default:
		memset(bytes, below(256), len);
		note("vmsplice %d %zu: %s", out, len, res(vmsplice(out, &iov, 1, flag)));
	}
	note(" offsets %lld %lld", (long long)off_in, (long long)off_out);
}

static void step_sync(void)
{
	int fd = some_fd(), arg = below(9);
	loff_t off = some_offset(), len = some_offset();

	switch (below(5)) {
	case 0:
		return note("fsync %d: %s", fd, res(arg & 1 ? fsync(fd) : fdatasync(fd)));
	case 1:
		return note("sync_file_range %d %lld %lld %x: %s", fd, (long long)off, (long long)len, arg,
			    res(sync_file_range(fd, off, len, arg)));
	case 2:
		errno = posix_fadvise(fd, off, len, arg);
		return note("fadvise %d %lld %lld %d: %s", fd, (long long)off, (long long)len, arg,
		     res(errno ? -1 : 0));
	case 3:
		return note("readahead %d %lld: %s", fd, (long long)off, res(readahead(fd, off, 4096)));
	default:
		note("syncfs %d: %s", fd, res(syncfs(fd)));
	}
}

static void step_new_fd(void)
{
	unsigned slot = below(NR_FDS), slot2 = (slot + 1) % NR_FDS, flags = below(4);
	int p[2] = { -1, -1 };
	long rc;

	if (below(2)) {
		rc = pipe2(p, O_NONBLOCK | (flags & 1 ? O_CLOEXEC : 0) | (flags == 3 ? O_DIRECT : 0));
		note("pipe2 %x: %s %d %d", flags, res(rc), p[0], p[1]);
		keep(slot, p[0]);
		return keep(slot2, p[1]);
	}
	rc = syscall(SYS_memfd_create, "fuzz", flags);
	note("memfd_create %x: %s", flags, res(rc));
	keep(slot, rc);
}

static void step_identity(void)
{
	static const uid_t ids[] = { 0, 0, 1000, 1001 };
	static const rlim_t sizes[] = { RLIM_INFINITY, RLIM_INFINITY, 5000, 20000, 0 };
	struct rlimit now;
	uid_t uid = PICK(ids), gid = PICK(ids);
	unsigned mask = below(3) ? 022 : below(01000);

	switch (below(4)) {
	case 0:
		return note("umask %o: %o", mask, umask(mask));
	case 1:
		getrlimit(RLIMIT_FSIZE, &now);
		now.rlim_cur = PICK(sizes);
		return note("RLIMIT_FSIZE %ld: %s", (long)now.rlim_cur, res(setrlimit(RLIMIT_FSIZE, &now)));
	default:	/* the saved uid stays 0: that is the way back */
		syscall(SYS_setresuid, -1, 0, -1);
		note("identity %d %d: %s %s", uid, gid, res(syscall(SYS_setresgid, -1, gid, -1)),
		     res(syscall(SYS_setresuid, below(2) ? uid : 0, uid, 0)));
	}
}

static void step_mount(void)
{
	static const unsigned long flags[] = {
		MS_BIND, MS_BIND, MS_BIND | MS_REC, MS_MOVE, MS_BIND | MS_REMOUNT | MS_RDONLY,
		MS_BIND | MS_REMOUNT, MS_PRIVATE, MS_BIND | MS_REMOUNT | MS_NOEXEC | MS_NOSUID | MS_NODEV,
		MS_UNBINDABLE, MS_REC | MS_PRIVATE, MS_BIND | MS_REMOUNT | MS_NOSYMFOLLOW, MS_REMOUNT,
		MS_SHARED | MS_PRIVATE,
	};
	static const int umounts[] = { 0, 0, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW, MNT_DETACH | MNT_EXPIRE,
		MNT_FORCE, 16 };
	static const char *const points[] = { "/a", "/b", "/c", "/a/a", "/b/a" };	/* "/" and "/proc" stay */
	const char *from = some_path(), *to = PICK(points);
	unsigned long flag = PICK(flags);
	int uflag = PICK(umounts);

	switch (below(4)) {
	case 0:
		return note("umount2 %s %x: %s", to, uflag, res(umount2(to, uflag)));
	case 1:
		return note("mount tmpfs %s: %s", to, res(mount("fuzz", to, "tmpfs", 0, "size=64k,nr_inodes=8")));
	default:
		note("mount %s %s %lx: %s", from, to, flag, res(mount(from, to, NULL, flag, NULL)));
	}
}

static void step(void);

static void step_fork(void)
{
	int status;
	pid_t child;

	if (in_child)
		return step_lock();
	fflush(stdout);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		in_child = true;
		for (int i = 0; i < 8; i++)
			if (below(2))
				step_lock();
			else
				step();
		fflush(stdout);
		*of_child = hash;
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	note("child %016llx", (unsigned long long)*of_child);
}

static void step_dir(void)
{
	int fd = some_fd();
	size_t size = below(4) ? 4096 : 24 + below(100);

	if (below(2))
		lseek(fd, 0, SEEK_SET);
	note_dir(fd, size);
}

static void step(void)
{
	static void (*const steps[])(void) = {
		step_open, step_open, step_open, step_open, step_open, step_openat2, step_read, step_read,
		step_write, step_write, step_write, step_seek, step_size, step_size, step_rename, step_rename,
		step_link, step_link, step_unlink, step_unlink, step_make, step_make, step_chmod, step_chmod,
		step_utimes, step_stat, step_stat, step_names, step_access, step_dup, step_fcntl, step_fcntl,
		step_lock, step_copy, step_copy, step_sync, step_new_fd, step_identity, step_identity,
		step_mount, step_fork, step_dir,
	};

	PICK(steps)();
}

/* ---- a seed ---------------------------------------------------------------------------------- */

/* All that can be seen below @path. */
static void look_at_tree(const char *path, int depth)
{
	char name[1024];
	struct dirent *d;
	DIR *dir = opendir(path);

	note_stat("look", AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
	if (!dir)
		return;
	while (depth < 5 && (d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (!strcmp(d->d_name, "proc"))
			continue;
		snprintf(name, sizeof(name), "%s/%s", depth ? path : "", d->d_name);
		if (d->d_type == DT_DIR)
			look_at_tree(name, depth + 1);
		else
			note_stat("look", AT_FDCWD, name, AT_SYMLINK_NOFOLLOW);
	}
	closedir(dir);
}

static void look_at_mounts(void)
{
	static const char option[] = ",inode64";	/* of a kernel with TMPFS_INODE64 */
	char line[1024], *p;
	FILE *f = fopen("/proc/self/mounts", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		p = strstr(line, option);
		if (p)
			memmove(p, p + strlen(option), strlen(p + strlen(option)) + 1);
		if (!strstr(line, "proc"))
			note("mounted %.*s", (int)strcspn(line, "\n"), line);
	}
	fclose(f);
}

static void look(void)
{
	uid_t uid = geteuid(), ruid = getuid();
	gid_t gid = getegid();
	struct rlimit size;

	getrlimit(RLIMIT_FSIZE, &size);
	syscall(SYS_setresuid, -1, 0, -1);
	syscall(SYS_setresgid, -1, 0, -1);
	look_at_tree("/", 0);
	look_at_mounts();
	syscall(SYS_setresgid, -1, gid, -1);
	syscall(SYS_setresuid, ruid, uid, 0);
}

static uint64_t run_seed(unsigned seed)
{
	struct sigaction sa = { .sa_handler = on_sigxfsz };

	state = seed * 0x9e3779b97f4a7c15ull + 1;
	hash = 0xcbf29ce484222325ull;
	sigaction(SIGXFSZ, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	syscall(436, 3, ~0u, 0);
	umask(022);
	CHECK(!chroot(PLACE) && !chdir("/") && !mkdir("proc", 0755) && !mount("proc", "proc", "proc", 0, NULL));
	CHECK_EQ(mknod("null", S_IFCHR | 0666, makedev(1, 3)), 0);
	for (int i = 0; i < NR_FDS; i++)
		fds[i] = -1;
	for (int i = 0; i < STEPS; i++) {
		step();
		if (i % 25 == 24)
			look();
	}
	return hash;
}

/* A process and a mount of its own for each seed. */
static uint64_t hash_of(unsigned seed)
{
	uint64_t got;

	of_child = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(of_child != MAP_FAILED);
	mkdir(PLACE, 0755);
	CHECK_EQ(mount("fuzz", PLACE, "tmpfs", 0, "size=128k,nr_inodes=20,mode=777"), 0);
	CHECK_EQ(CHILD_STATUS(*of_child = run_seed(seed); fflush(stdout)), 0);
	got = *of_child;
	munmap(of_child, 4096);
	while (!umount2(PLACE, MNT_DETACH))
		;
	return got;
}

TEST_TIMED(random_calls_do_what_linux_does, 120)
{
	const char *wish = getenv("filefuzz");
	unsigned from = 0, to = SEEDS / 8;	/* the others by hand */

	if (wish && sscanf(wish, "%u-%u", &from, &to) == 2) {
		for (; from <= to; from++)
			printf("0x%016llx,	/* filefuzz %u */\n", (unsigned long long)hash_of(from), from);
		return;
	}
	if (wish) {
		trace = true;
		if (sscanf(wish, "t%u-%u", &from, &to) != 2)
			from = to = atoi(wish);
		for (; from <= to; from++) {
			printf("seed %u\n", from);
			hash_of(from);
		}
		return;
	}
	for (unsigned i = from; i < to; i++) {
		uint64_t got = hash_of(i);

		if (got != linux_hashes[i % SEEDS])
			test_fail(__FILE__, __LINE__,
				  "seed %u gives %016llx, on Linux %016llx: boot with filefuzz=%u on both",
				  i, (unsigned long long)got, (unsigned long long)linux_hashes[i % SEEDS], i);
	}
}
