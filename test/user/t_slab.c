/* test/user/t_slab.c - what programs see of the kernel's objects: /proc/slabinfo, /sys/kernel/slab.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>

#define PG	4096l
#define SLABS	"/sys/kernel/slab"

/* What is in the file, NUL-terminated; its length, or -1. */
static long read_text(const char *path, char *buf, size_t n)
{
	int fd = open(path, O_RDONLY);
	long got = -1;

	if (fd < 0)
		return -1;
	got = read(fd, buf, n - 1);
	if (got >= 0)
		buf[got] = 0;
	close(fd);
	return got;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int rc = fd < 0 ? -1 : write(fd, text, strlen(text)), e = errno;

	if (fd >= 0)
		close(fd);
	errno = e;
	return rc;
}

/* The number that the attribute starts with. */
static long attr(const char *cache, const char *name)
{
	char path[PATH_MAX], text[4096], *end;
	long v;

	snprintf(path, sizeof(path), SLABS "/%s/%s", cache, name);
	if (read_text(path, text, sizeof(text)) <= 0)
		test_fail(__FILE__, __LINE__, "%s cannot be read: %s", path, strerror(errno));
	v = strtol(text, &end, 10);
	if (end == text || text[strlen(text) - 1] != '\n')
		test_fail(__FILE__, __LINE__, "%s says %s", path, text);
	return v;
}

/* "TOTAL N0=COUNT N1=COUNT": the counts add up. */
static void check_by_node(const char *cache, const char *name)
{
	char path[PATH_MAX], text[4096], *p;
	long total, sum = 0;

	snprintf(path, sizeof(path), SLABS "/%s/%s", cache, name);
	CHECK(read_text(path, text, sizeof(text)) > 0);
	total = strtol(text, &p, 10);
	while (!strncmp(p, " N", 2)) {
		p = strchr(p, '=');
		CHECK(p);
		sum += strtol(p + 1, &p, 10);
	}
	if (strcmp(p, "\n") || total != sum)
		test_fail(__FILE__, __LINE__, "%s says %s", path, text);
}

static void need_slab_attributes(void)
{
	if (access(SLABS, F_OK))
		test_skip("the slab allocator has no attributes");
}

static void check_cache(const char *c)
{
	static const char *const by_node[] = {
		"slabs", "objects", "total_objects", "partial", "objects_partial", "cpu_slabs",
	};
	static const char *const flags[] = {
		"hwcache_align", "reclaim_account", "destroy_by_rcu", "sanity_checks", "red_zone", "poison",
		"store_user", "trace",
	};
	long bytes = PG << attr(c, "order");

	for (unsigned i = 0; i < sizeof(by_node) / sizeof(*by_node); i++)
		check_by_node(c, by_node[i]);
	for (unsigned i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		CHECK((attr(c, flags[i]) | 1) == 1);
	CHECK(attr(c, "object_size") > 0 && attr(c, "object_size") <= attr(c, "slab_size"));
	CHECK(attr(c, "objs_per_slab") == bytes / attr(c, "slab_size"));
	CHECK(attr(c, "align") == 0 || (attr(c, "align") & (attr(c, "align") - 1)) == 0);
	CHECK(attr(c, "aliases") >= 0 && attr(c, "min_partial") >= 0 && attr(c, "cpu_partial") >= 0);
	CHECK(attr(c, "slabs_cpu_partial") >= 0);
}

TEST(slab_attributes_of_every_cache)
{
	unsigned dirs = 0, links = 0;
	struct dirent *e;
	struct stat st;
	DIR *d;

	need_slab_attributes();
	d = opendir(SLABS);
	CHECK(d);
	while ((e = readdir(d))) {
		char path[PATH_MAX], to[PATH_MAX];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), SLABS "/%s", e->d_name);
		CHECK(!lstat(path, &st) && (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode)));
		CHECK(S_ISDIR(st.st_mode) == (e->d_type == DT_DIR) && S_ISLNK(st.st_mode) == (e->d_type == DT_LNK));
		if (S_ISLNK(st.st_mode)) {
			links++;
			CHECK(realpath(path, to) && !strncmp(to, SLABS "/", strlen(SLABS "/")));
		} else {
			dirs++;
			check_cache(e->d_name);
		}
	}
	closedir(d);
	/* A cache that is debugged is never merged: slub_debug, KASAN. */
	CHECK(dirs > 20 && (links > 0 || attr("kmalloc-64", "store_user")));
}

/* How many links of the directory lead to its entry @to; and entries called @to. */
static unsigned links_to(const char *to, unsigned *same)
{
	DIR *d = opendir(SLABS);
	unsigned links = 0;
	struct dirent *e;

	CHECK(d);
	*same = 0;
	while ((e = readdir(d))) {
		char path[PATH_MAX], text[PATH_MAX];
		ssize_t n;

		*same += !strcmp(e->d_name, to);
		if (e->d_type != DT_LNK)
			continue;
		snprintf(path, sizeof(path), SLABS "/%s", e->d_name);
		n = readlink(path, text, sizeof(text) - 1);
		CHECK(n > 0);
		text[n] = 0;
		links += !strcmp(strrchr(text, '/') ? strrchr(text, '/') + 1 : text, to);
	}
	closedir(d);
	return links;
}

/* What others may be merged with goes by an id that only it has, and every name of it is a link. */
TEST(slab_caches_that_merge_go_by_an_id)
{
	unsigned same, merged = 0;
	struct dirent *e;
	DIR *d;

	need_slab_attributes();
	d = opendir(SLABS);
	CHECK(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] != ':')
			continue;
		unsigned links = links_to(e->d_name, &same);
		CHECK_EQ(same, 1);
		CHECK(links >= 1 && links <= attr(e->d_name, "aliases") + 1);
		CHECK(strlen(e->d_name) >= 8);
		CHECK_EQ(attr(e->d_name, "slab_size"), atol(e->d_name + strlen(e->d_name) - 7));
		merged += links > 1;
	}
	closedir(d);
	CHECK(merged > 0 || attr("kmalloc-64", "store_user"));
}

TEST(slab_attributes_that_can_be_set)
{
	char path[PATH_MAX], text[64];
	struct stat st;
	long was;

	need_slab_attributes();
	was = attr("kmalloc-64", "min_partial");
	CHECK_EQ(write_text(SLABS "/kmalloc-64/min_partial", "9\n"), 2);
	CHECK_EQ(attr("kmalloc-64", "min_partial"), 9);
	CHECK_ERR(write_text(SLABS "/kmalloc-64/min_partial", "many"), EINVAL);
	CHECK_EQ(attr("kmalloc-64", "min_partial"), 9);
	snprintf(text, sizeof(text), "%ld", was);
	CHECK(write_text(SLABS "/kmalloc-64/min_partial", text) > 0);
	was = attr("kmalloc-64", "cpu_partial");
	CHECK(write_text(SLABS "/kmalloc-64/cpu_partial", "0") == 1);
	CHECK_EQ(attr("kmalloc-64", "cpu_partial"), 0);
	snprintf(text, sizeof(text), "%ld", was);
	CHECK(write_text(SLABS "/kmalloc-64/cpu_partial", text) > 0);
	CHECK_EQ(attr("kmalloc-64", "cpu_partial"), was);
	CHECK(write_text(SLABS "/kmalloc-64/shrink", "1") == 1);
	CHECK_ERR(write_text(SLABS "/kmalloc-64/shrink", "0"), EINVAL);
	CHECK_EQ(read_text(SLABS "/kmalloc-64/shrink", text, sizeof(text)), 0);
	CHECK_ERR(write_text(SLABS "/kmalloc-64/objects", "1"), EACCES);
	snprintf(path, sizeof(path), SLABS "/kmalloc-64/aliases");
	CHECK(!stat(path, &st) && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0400 && st.st_size == PG);
	CHECK_ERR(mkdir(SLABS "/mine", 0755), EPERM);
	CHECK_ERR(unlink(path), EPERM);
	CHECK_ERR(open(SLABS "/kmalloc-64/nothing", O_RDONLY), ENOENT);
	CHECK_ERR(open(SLABS "/no_such_cache", O_RDONLY), ENOENT);
}

/* Each pipe has two open files. */
TEST(slab_counts_what_is_allocated)
{
	int fds[400][2];
	unsigned n = 0;

	need_slab_attributes();
	if (access(SLABS "/filp", F_OK))
		test_skip("files have no cache of their own");
	for (; n < 400 && !pipe(fds[n]); n++)
		;
	CHECK_EQ(n, 400);
	CHECK(attr("filp", "objects") >= 2 * n && attr("filp", "total_objects") >= attr("filp", "objects"));
	while (n--) {
		close(fds[n][0]);
		close(fds[n][1]);
	}
}

TEST(slabinfo_lines_have_the_form_of_version_2_1)
{
	FILE *f = fopen("/proc/slabinfo", "r");
	long slab_kb = 0, sum_kb = 0;
	char line[512];
	unsigned n = 0;

	if (!f)
		test_skip("no /proc/slabinfo");
	CHECK(fgets(line, sizeof(line), f) && !strcmp(line, "slabinfo - version: 2.1\n"));
	CHECK(fgets(line, sizeof(line), f) && !strncmp(line, "# name            <active_objs> ", 32));
	while (fgets(line, sizeof(line), f)) {
		unsigned long active, num, size, per_slab, pages, limit, batch, shared, slabs_active, slabs, avail;
		char name[64];
		int end = 0;

		CHECK_EQ(sscanf(line, "%63s %lu %lu %lu %lu %lu : tunables %lu %lu %lu : slabdata %lu %lu %lu%n",
				name, &active, &num, &size, &per_slab, &pages, &limit, &batch, &shared, &slabs_active,
				&slabs, &avail, &end), 12);
		if (line[end] != '\n' || active > num || slabs_active > slabs || (slabs && num > slabs * per_slab))
			test_fail(__FILE__, __LINE__, "%s", line);
		sum_kb += slabs * pages * PG / 1024;
		n++;
	}
	fclose(f);
	CHECK(n > 20);
	f = fopen("/proc/meminfo", "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "Slab: %ld kB", &slab_kb);
	fclose(f);
	/* What was shrunk, or grew, between the two looks; slabs of a smaller order than usual. */
	CHECK(sum_kb <= slab_kb + 1024 && slab_kb > 0);
}
