/*
 * user/fsops.c - file operations by chance, and what came of them: for tests of file systems.
 *
 *   fsops DIR                  the tree below DIR: "= NAME d", "= NAME l TARGET", "= NAME f SIZE CRC"
 *   fsops DIR SEED STEPS       STEPS operations of SEED below DIR first, then "HASH h" of what each returned
 *   fsops -v DIR SEED STEPS    the same with a line for each operation
 *   fsops -s DIR               syncfs(2) twice: "SYNCFS ERRNO ERRNO"
 *   fsops -r DIR SEED          records are appended to files and fsynced, for ever: "SAFE FILE NR BYTES" tells that
 *                              NR records of BYTES each are safe in FILE (a record's bytes: record())
 *
 * What is drawn depends on the seed alone, not on what a call returned; nothing in the hash depends on the clock, on
 * inode numbers, or on where blocks lie.  So two kernels that do the same print the same.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define NR_FDS	8

static uint64_t state, hash = 1469598103934665603ull;
static int verbose, fds[NR_FDS];
static unsigned char bytes[200000];

static unsigned below(unsigned n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * 2685821657736338717ull) >> 33) % n;
}

static void note(const char *what, long rc)
{
	long v = rc < 0 ? -errno : rc;

	hash = (hash ^ (uint64_t)v) * 1099511628211ull;
	if (verbose)
		printf("%s -> %ld\n", what, v);
}

/* ---- arguments -------------------------------------------------------------------------------------------- */

static const char *some_path(void)
{
	static char paths[4][700];
	static unsigned turn;
	char *p = paths[turn++ % 4];
	unsigned depth = 1 + below(3);

	*p = 0;
	for (unsigned i = 0; i < depth; i++) {
		sprintf(p + strlen(p), "%s%c", i ? "/" : "", "pqrstuvw"[below(i + 1 < depth ? 3 : 8)]);
		if (!below(12))
			sprintf(p + strlen(p), "%0*u", (int)(20 + below(200)), below(3));
	}
	return p;
}

static long some_offset(void)
{
	switch (below(6)) {
	case 0: return below(10);
	case 1: return below(5000);
	case 2: return below(3) * 4096;
	case 3: return below(300000);
	case 4: return 12 * 1024 + below(3) * 4096 + below(2000);
	default: return 200000 + below(6) * 100000;
	}
}

static long some_length(void)
{
	switch (below(4)) {
	case 0: return below(20);
	case 1: return below(4) * 1024;
	case 2: return below(9000);
	default: return below(70000);
	}
}

static unsigned sum(const unsigned char *p, long n)
{
	unsigned s = 1;

	for (long i = 0; i < n; i++)
		s = s * 31 + p[i];
	return s;
}

static void fill(long n)
{
	unsigned v = below(1u << 30);

	for (long i = 0; i < n; i++)
		bytes[i] = (v = v * 1103515245 + 12345) >> 16;
}

/* ---- operations --------------------------------------------------------------------------------------------- */

static void op_open(void)
{
	static const int flags[] = { 0, O_TRUNC, O_APPEND, O_EXCL, O_CREAT, O_CREAT, O_CREAT | O_TRUNC,
		O_CREAT | O_EXCL, O_CREAT | O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_CREAT | O_SYNC };
	unsigned k = below(NR_FDS);
	int f = flags[below(sizeof(flags) / sizeof(*flags))];
	int mode = (int[]){ O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY }[below(5)];
	int rc;

	if (fds[k] >= 0)
		close(fds[k]);
	rc = openat(AT_FDCWD, some_path(), f | mode | O_NONBLOCK, 0644);	/* FIFOs */
	note("open", rc < 0 ? rc : 0);
	fds[k] = rc;
}

static void op_write(void)
{
	int fd = fds[below(NR_FDS)];
	long off = some_offset(), n = some_length();

	fill(n);
	if (below(3)) {
		note("pwrite", pwrite(fd, bytes, n, off));
	} else {
		struct iovec v[2] = { { bytes, (size_t)n / 3 }, { bytes + n / 3, (size_t)(n - n / 3) } };

		note("writev", writev(fd, v, 2));
	}
}

static void op_read(void)
{
	int fd = fds[below(NR_FDS)];
	long off = some_offset(), n = some_length(), rc = pread(fd, bytes, n, off);

	note("pread", rc);
	if (rc > 0)
		note("  bytes", sum(bytes, rc));
}

static void op_map(void)
{
	int fd = fds[below(NR_FDS)];
	long off = below(20) * 4096l, n = 1 + below(30000);
	unsigned v = below(256), at = below(30000), do_sync = below(3);
	struct stat st;
	unsigned char *p;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, off);
	note("mmap", p == MAP_FAILED ? -1 : 0);
	if (p == MAP_FAILED)
		return;
	for (long i = at % n; i < n && off + i < st.st_size; i += 997)
		p[i] = v;
	if (!do_sync)
		note("msync", msync(p, n, MS_SYNC));
	munmap(p, n);
}

static void op_size(void)
{
	int fd = fds[below(NR_FDS)];
	long size = below(3) ? some_offset() : below(3) * 100000l;

	note("ftruncate", ftruncate(fd, size));
}

static void op_name(void)
{
	const char *a = some_path(), *b = some_path();
	char target[900];
	unsigned n = below(2) ? below(60) : 59 + below(800);

	switch (below(9)) {
	case 0: note("mkdir", mkdir(a, 0755)); break;
	case 1: note("rmdir", rmdir(a)); break;
	case 2: case 3: note("unlink", unlink(a)); break;
	case 4: note("link", link(a, b)); break;
	case 5: case 6: note("rename", rename(a, b)); break;
	case 7:
		memset(target, 'a' + n % 26, n);
		target[n] = 0;
		note("symlink", symlink(target, a));
		break;
	case 8: note("mknod", mknod(a, below(2) ? S_IFIFO | 0600 : S_IFCHR | 0600, 0x103)); break;
	}
}

static void op_stat(void)
{
	struct stat st;
	int rc = lstat(some_path(), &st);

	note("lstat", rc);
	if (rc)
		return;
	note("  mode", st.st_mode);
	note("  nlink", st.st_nlink);
	note("  size", st.st_size);
	if (!S_ISDIR(st.st_mode))
		note("  blocks", S_ISREG(st.st_mode) ? 0 : st.st_blocks);
}

static void op_attr(void)
{
	const char *a = some_path();
	struct timespec t[2] = { { below(1u << 30), below(999999999) }, { below(1u << 30), 5 } };
	struct stat st;

	switch (below(4)) {
	case 0: note("chmod", fchmodat(AT_FDCWD, a, below(2) ? 0644 : 04755, 0)); break;
	case 1: note("chown", lchown(a, below(3) * 70000, below(100))); break;
	case 2: note("utimes", utimensat(AT_FDCWD, a, t, AT_SYMLINK_NOFOLLOW)); break;
	case 3: note("truncate", truncate(a, some_offset())); break;
	}
	if (!lstat(a, &st)) {
		note("  mode", st.st_mode);
		note("  uid", st.st_uid);
		if (st.st_mtime > 100000 && st.st_mtime < 1u << 30)
			note("  mtime", st.st_mtime * 3 + st.st_mtim.tv_nsec);
	}
}

static void op_sync(void)
{
	int fd = fds[below(NR_FDS)];

	switch (below(5)) {
	case 0: note("fsync", fsync(fd)); break;
	case 1: note("fdatasync", fdatasync(fd)); break;
	case 2: sync(); break;
	case 3: note("fallocate", fallocate(fd, 0, 0, 5000)); break;
	case 4: note("seek_hole", lseek(fd, some_offset(), below(2) ? SEEK_HOLE : SEEK_DATA)); break;
	}
}

/* More names than a block holds, then most of them go. */
static void op_many(void)
{
	unsigned from = below(50), n = 20 + below(60);
	char name[64];

	mkdir("p", 0755);
	mkdir("p/many", 0755);
	for (unsigned i = from; i < from + n; i++) {
		int fd;

		sprintf(name, "p/many/name-%0*u", 1 + (int)(i % 20), i);
		if (below(3)) {
			fd = open(name, O_CREAT | O_WRONLY, 0600);
			note("many", fd < 0 ? -1 : write(fd, name, i % 30));
			close(fd);
		} else {
			note("few", unlink(name));
		}
	}
}

static void one(void)
{
	switch (below(20)) {
	case 0: case 1: case 2: case 3: op_open(); break;
	case 4: case 5: case 6: case 7: op_write(); break;
	case 8: case 9: op_read(); break;
	case 10: case 11: op_map(); break;
	case 12: op_size(); break;
	case 13: case 14: case 15: op_name(); break;
	case 16: op_stat(); break;
	case 17: op_attr(); break;
	case 18: op_sync(); break;
	case 19: if (below(3)) op_stat(); else op_many(); break;
	}
}

/* ---- the tree ------------------------------------------------------------------------------------------------- */

/* zlib's crc32(). */
static unsigned crc32(unsigned crc, const unsigned char *p, long n)
{
	static unsigned table[256];

	if (!table[1])
		for (unsigned i = 0; i < 256; i++) {
			table[i] = i;
			for (int k = 0; k < 8; k++)
				table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
		}
	for (crc = ~crc; n--; p++)
		crc = table[(crc ^ *p) & 255] ^ crc >> 8;
	return ~crc;
}

static void show_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	unsigned s = 0;
	long size = 0, n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		s = crc32(s, bytes, n);
		size += n;
	}
	printf("= %s f %ld %u\n", path + 2, size, s);
	close(fd);
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void show(const char *dir)
{
	struct dirent **names;
	char path[4096], target[4096];
	int n = scandir(dir, &names, NULL, by_name);

	for (int i = 0; i < n; i++) {
		struct stat st;
		long len;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		if (!strcmp(names[i]->d_name, ".") || !strcmp(names[i]->d_name, "..") ||
		    !strcmp(names[i]->d_name, "lost+found") || lstat(path, &st))
			continue;
		if (S_ISLNK(st.st_mode)) {
			len = readlink(path, target, sizeof(target) - 1);
			target[len < 0 ? 0 : len] = 0;
			printf("= %s l %s\n", path + 2, target);
		} else if (S_ISREG(st.st_mode)) {
			show_file(path);
		} else if (S_ISDIR(st.st_mode)) {
			printf("= %s d\n", path + 2);
			show(path);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/* ---- records ------------------------------------------------------------------------------------------------- */

static void record(unsigned char *p, unsigned nr, unsigned n, char of)
{
	for (unsigned k = 0; k < n; k++)
		p[k] = nr * 7 + k + of;
}

static void records(void)
{
	static const unsigned size[4] = { 100, 1000, 5000, 30 };
	unsigned nr[4] = { 0 };
	char name[16];
	int dir = open(".", O_RDONLY);

	for (;;) {
		unsigned k = below(4);
		int fd;

		sprintf(name, "log%u", k);
		fd = open(name, O_CREAT | O_WRONLY | O_APPEND, 0600);
		record(bytes, nr[k]++, size[k], name[3]);
		if (fd < 0 || write(fd, bytes, size[k]) != (long)size[k] || (below(2) ? fsync(fd) : fdatasync(fd)) ||
		    (nr[k] == 1 && fsync(dir))) {
			printf("FAILED %s\n", strerror(errno));
			return;
		}
		close(fd);
		printf("SAFE %s %u %u\n", name, nr[k], size[k]);
		/* Others come and go beside them, and are not synced. */
		sprintf(name, "tmp%u", below(20));
		if (below(3)) {
			fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);
			if (write(fd, bytes, below(40000)) < 0)
				return;
			close(fd);
		} else {
			unlink(name);
		}
	}
}

/* syncfs(2) twice, by one descriptor: what it says. */
static int sync_instance(const char *path)
{
	int fd = open(path, O_RDONLY), first, second;

	if (fd < 0)
		return 1;
	first = syncfs(fd) ? errno : 0;
	second = syncfs(fd) ? errno : 0;
	printf("SYNCFS %d %d\n", first, second);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	int raw = argc > 1 && !strcmp(argv[1], "-r");

	verbose = argc > 1 && !strcmp(argv[1], "-v");
	argv += raw | verbose;
	argc -= raw | verbose;
	if (argc > 2 && !strcmp(argv[1], "-s"))
		return sync_instance(argv[2]);
	if (argc < 2 || chdir(argv[1]))
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(022);
	state = argc > 2 ? 88172645463325252ull + strtoul(argv[2], NULL, 0) * 7919 : 1;
	if (raw) {
		records();
		return 0;
	}
	if (argc > 3) {
		for (unsigned i = 0; i < 10; i++)
			below(2);
		memset(fds, 0xff, sizeof(fds));
		for (long i = 0; i < strtol(argv[3], NULL, 0); i++)
			one();
		for (unsigned k = 0; k < NR_FDS; k++)
			if (fds[k] >= 0)
				close(fds[k]);
		printf("HASH %016llx\n", (unsigned long long)hash);
	}
	show(".");
	return 0;
}
