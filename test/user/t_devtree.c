/* test/user/t_devtree.c - the device tree as files: /sys/firmware/fdt, /sys/firmware/devicetree, /proc/device-tree.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>

#define BLOB "/sys/firmware/fdt"
#define BASE "/sys/firmware/devicetree/base"

static void need_tree(void)
{
	if (access(BLOB, F_OK) || access(BASE, F_OK))
		test_skip("this kernel shows no device tree");
}

/* The whole file in memory, with a NUL behind it: its bytes, -1 on failure. */
static long slurp(const char *path, char **buf)
{
	long n = 0, got, room = 1 << 20;
	int fd = open(path, O_RDONLY);

	*buf = malloc(room + 1);
	CHECK(*buf);
	if (fd < 0)
		return -1;
	while ((got = read(fd, *buf + n, room - n)) > 0)
		n += got;
	close(fd);
	(*buf)[n] = 0;
	return got < 0 ? -1 : n;
}

static uint32_t be32(const void *p)
{
	const unsigned char *b = p;

	return (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

TEST(blob_is_whole)
{
	struct stat st;
	char *blob, part[64];
	long n;
	int fd;

	need_tree();
	CHECK(!stat(BLOB, &st) && (st.st_mode & 07777) == 0400);
	n = slurp(BLOB, &blob);
	CHECK(n > 40);
	CHECK_EQ(be32(blob), 0xd00dfeed);
	CHECK_EQ(be32(blob + 4), n);
	CHECK_EQ(st.st_size, n);
	fd = open(BLOB, O_RDONLY);
	CHECK_EQ(pread(fd, part, sizeof(part), n - 10), 10);
	CHECK(!memcmp(part, blob + n - 10, 10));
	CHECK_EQ(pread(fd, part, sizeof(part), 33), sizeof(part));
	CHECK(!memcmp(part, blob + 33, sizeof(part)));
	CHECK_EQ(pread(fd, part, sizeof(part), n), 0);
	CHECK_EQ(pread(fd, part, sizeof(part), n + 4096), 0);
	close(fd);
}

TEST(nobody_may_write)
{
	need_tree();
	CHECK_ERR(open(BLOB, O_WRONLY), EACCES);
	CHECK_ERR(open(BASE "/compatible", O_RDWR), EACCES);
	CHECK_ERR(open(BASE "/name", O_RDWR), EACCES);
	CHECK(open(BASE "/new", O_WRONLY | O_CREAT, 0644) < 0);
	CHECK(mkdir(BASE "/chosen/new", 0755) < 0);
	CHECK(unlink(BASE "/compatible") < 0 && rmdir(BASE "/chosen") < 0);
	CHECK_EQ(CHILD_STATUS(CHECK(!setuid(1000));
			      CHECK_ERR(open(BLOB, O_RDONLY), EACCES);
			      CHECK(open(BASE "/compatible", O_RDONLY) >= 0); _exit(0)), 0);
}

TEST(values)
{
	char *a, *b;

	need_tree();
	CHECK(slurp(BASE "/compatible", &a) > 1);
	CHECK(strlen(a) > 1);
	CHECK_EQ(slurp(BASE "/cpus/timebase-frequency", &a), 4);
	CHECK(be32(a) >= 10000);
	CHECK_EQ(slurp(BASE "/name", &a), 1);
	CHECK_EQ(a[0], 0);
	CHECK_EQ(slurp(BASE "/chosen/name", &a), 7);
	CHECK(!strcmp(a, "chosen"));
	CHECK_EQ(slurp(BASE "/cpus/cpu@0/name", &a), 4);
	CHECK(!strcmp(a, "cpu"));
	CHECK(slurp("/proc/device-tree/cpus/cpu@0/device_type", &a) == 4 && !strcmp(a, "cpu"));
	CHECK_ERR(open(BASE "/cpus/cpu", O_RDONLY), ENOENT);		/* no unit address, no such name */
	CHECK_ERR(open(BASE "/compatible#1", O_RDONLY), ENOENT);
	CHECK_ERR(open(BASE "/compatibl", O_RDONLY), ENOENT);
	CHECK_ERR(open(BASE "/compatible/x", O_RDONLY), ENOTDIR);
	CHECK(slurp(BASE "/chosen/bootargs", &a) >= 1 && slurp("/proc/cmdline", &b) >= 1);
	b[strcspn(b, "\n")] = 0;
	CHECK(!strcmp(a, b));
	CHECK_ERR(open(BASE "/chosen/rng-seed", O_RDONLY), ENOENT);	/* a secret */
}

TEST(link_in_proc)
{
	char to[128] = "";

	need_tree();
	CHECK_EQ(readlink("/proc/device-tree", to, sizeof(to) - 1), sizeof(BASE) - 1);
	CHECK(!strcmp(to, BASE));
}

static int folders, files;

static int look_at(const char *path, const struct stat *st, int type, __attribute__((unused)) struct FTW *at)
{
	char *buf;

	if (type == FTW_D || type == FTW_DP) {
		folders++;
		CHECK(st->st_nlink >= 2);
		return 0;
	}
	CHECK_EQ(type, FTW_F);
	files++;
	CHECK_EQ(st->st_mode & 0222, 0);
	CHECK(st->st_mode & 0400);
	long n = slurp(path, &buf);
	CHECK(n >= 0 && (!st->st_size || n == st->st_size));
	free(buf);
	return 0;
}

/* As many nodes and properties as the blob has, and a "name" for each node. */
static void count_tokens(const char *blob, int *nodes, int *props)
{
	const char *p = blob + be32(blob + 8);

	for (*nodes = *props = 0; be32(p) != 9; ) {
		uint32_t kind = be32(p);

		p += 4;
		if (kind == 1) {
			++*nodes;
			p += (strlen(p) + 4) & ~3ul;
		} else if (kind == 3) {
			++*props;
			p += 8 + ((be32(p) + 3) & ~3u);
		}
	}
}

TEST(walk_over_all)
{
	int nodes, props;
	char *blob;

	need_tree();
	CHECK(slurp(BLOB, &blob) > 40);
	count_tokens(blob, &nodes, &props);
	CHECK_EQ(nftw(BASE, look_at, 16, FTW_PHYS), 0);
	CHECK_EQ(folders, nodes);
	CHECK(files >= props && files <= props + nodes);
}

/* The number of links is that of the folders in it, and a name keeps its number. */
TEST(folders_of_nodes)
{
	struct dirent *e;
	struct stat st, child;
	char path[512];
	DIR *d = NULL;
	unsigned subs = 0;

	need_tree();
	CHECK(!stat(BASE, &st) && S_ISDIR(st.st_mode));
	d = opendir(BASE);
	CHECK(d);
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), BASE "/%s", e->d_name);
		CHECK(!stat(path, &child));
		CHECK_EQ(child.st_ino, e->d_ino);
		CHECK_EQ(S_ISDIR(child.st_mode), e->d_type == DT_DIR);
		subs += S_ISDIR(child.st_mode);
	}
	closedir(d);
	CHECK(subs > 2);
	CHECK_EQ(st.st_nlink, subs + 2);
}
