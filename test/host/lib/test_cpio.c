/*
 * test/host/lib/test_cpio.c - archives that we write here, a concatenation, hard links, and broken ones.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include "test/host/tap.h"
#include "lib/cpio.h"

static u8 buf[1 << 16];
static size_t len, archive_start;

static void pad(void)
{
	while ((len - archive_start) & 3)
		buf[len++] = 0;
}

static void member(const char *name, const char *data, u32 ino, u32 mode, u32 nlink, bool with_sum)
{
	u32 size = strlen(data), sum = 0;

	for (u32 i = 0; i < size; i++)
		sum += (u8)data[i];
	len += sprintf((char *)buf + len, "07070%d%08x%08x%08x%08X%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1 + with_sum,
		       ino, mode, 1000, 100, nlink, 0x5f000000, size, 3, 1, 4, 64, (u32)strlen(name) + 1,
		       with_sum ? sum : 0);
	strcpy((char *)buf + len, name);
	len += strlen(name) + 1;
	pad();
	memcpy(buf + len, data, size);
	len += size;
	pad();
}

static void trailer(void)
{
	member("TRAILER!!!", "", 0, 0, 1, false);
}

/* All members as text: name:mode:size:nlink:archive, then the return code. */
static const char *walk(const u8 *p, size_t n)
{
	static char out[4096];
	struct cpio_iter it;
	struct cpio_entry e;
	int rc, at = 0;

	cpio_init(&it, p, n);
	while ((rc = cpio_next(&it, &e)) == 1 && at < 4000)
		at += snprintf(out + at, sizeof(out) - at, "%.40s:%o:%zu:%u:%u ", e.name, e.mode, e.size, e.nlink,
			       e.archive);
	snprintf(out + at, sizeof(out) - at, "%d", rc);
	return out;
}

static void build(void)
{
	len = archive_start = 0;
	member(".", "", 1, 040755, 2, false);
	member("bin/sh", "", 7, 0100755, 2, false);
	member("bin/busybox", "ELF...", 7, 0100755, 2, false);
	member("lib", "usr/lib", 9, 0120777, 1, true);
	trailer();
	while (len & 511)
		buf[len++] = 0;
	archive_start = len;
	member("second", "x", 7, 0100644, 1, false);
	trailer();
}

static void test_mutations(void)
{
	struct cpio_iter it;
	struct cpio_entry e;
	int rc;

	for (int i = 0; i < 30000; i++) {
		size_t n = rnd_one_in(3) ? rnd_below(len) : len;
		u8 *copy = malloc(n ? n : 1);
		unsigned long sum = 0;
		int members = 0;

		memcpy(copy, buf, n);
		for (int k = rnd_below(4); n && k >= 0; k--)
			copy[rnd_below(n)] = rnd_one_in(2) ? "0123456789abcdefF"[rnd_below(17)] : rnd();
		cpio_init(&it, copy, n);
		while ((rc = cpio_next(&it, &e)) == 1) {
			CHECK(members++ < 100);
			sum += strlen(e.name);
			for (size_t k = 0; k < e.size; k++)
				sum += ((const u8 *)e.data)[k];
		}
		CHECK(rc == 0 || rc == -EINVAL);
		free(copy);
	}
	ok(true, "30000 broken archives stay inside their memory");
}

int main(void)
{
	struct cpio_iter it;
	struct cpio_entry e;

	build();
	is_str(walk(buf, len), ".:40755:0:2:0 bin/sh:100755:0:2:0 bin/busybox:100755:6:2:0 lib:120777:7:1:0 "
	       "second:100644:1:1:1 0", "two archives in a row");
	cpio_init(&it, buf, len);
	CHECK(cpio_next(&it, &e) == 1);
	ok(e.ino == 1 && e.uid == 1000 && e.gid == 100 && e.mtime == 0x5f000000 && e.maj == 3 && e.min == 1 &&
	   e.rmaj == 4 && e.rmin == 64, "every field");
	is_str(walk(buf, 0), "0", "nothing is an empty archive");
	is_str(walk((const u8 *)"\x1f\x8b...", 5), "-22", "compressed data is none");
	ok(cpio_is_archive(buf, len) && !cpio_is_archive(buf, 100), "cpio_is_archive");
	buf[6 + 6 * 8 + 7] = '1';	/* "." with a data size of 1: the next magic number is off */
	ok(strstr(walk(buf, len), "-22"), "a size that is wrong");
	build();
	buf[6 + 3 * 8 + 7] = 'x';	/* gid of "." */
	cpio_init(&it, buf, len);
	ok(cpio_next(&it, &e) == 1 && e.gid == 100 >> 4, "a field ends at what is no digit");
	build();
	memset(buf + 6 + 11 * 8, '0', 8);	/* the bytes of its name, which is no longer than the padding */
	cpio_init(&it, buf, len);
	ok(cpio_next(&it, &e) == 1 && !strcmp(e.name, "bin/sh"), "a member without a name is stepped over");
	build();
	memcpy(buf, "070707", 6);
	cpio_init(&it, buf, len);
	ok(cpio_next(&it, &e) < 0 && strstr(it.error, "-H newc"), "the old format");
	build();
	len = archive_start = 0;
	member("sum", "data", 7, 0100644, 1, true);
	buf[len - 1] ^= 1;
	trailer();
	cpio_init(&it, buf, len);
	ok(cpio_next(&it, &e) == 1 && cpio_next(&it, &e) < 0 &&
	   strstr(it.error, "checksum"), "a wrong sum is the last");
	build();
	test_mutations();
	return done_testing();
}
