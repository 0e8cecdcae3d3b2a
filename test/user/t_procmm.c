/* test/user/t_procmm.c - what /proc says about memory as a whole: names, order, figures that agree.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <sys/mman.h>

#define PG 4096ul

static char text[1 << 18];

static char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t n = 0;
	ssize_t got;

	CHECK(fd >= 0);
	while ((got = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += got;
	CHECK_EQ(got, 0);
	close(fd);
	text[n] = 0;
	return text;
}

/* The lines of @at that begin with these words (after blanks), in this order; others may stand between. */
static void in_order(const char *at, const char *const words[])
{
	for (; *words; words++) {
		size_t len = strlen(*words);
		const char *line = at;

		for (;;) {
			const char *p = line + strspn(line, " ");

			if (!strncmp(p, *words, len) && (p[len] == ' ' || p[len] == '\n' || p[len - 1] == ' '))
				break;
			line = strchr(line, '\n');
			if (!line || !*++line)
				test_fail(__FILE__, __LINE__, "no line \"%s\" where it should be", *words);
		}
		at = strchr(line, '\n');
		CHECK(at++);
	}
}

static const char *const zone_stats[] = {
	"nr_zone_inactive_anon", "nr_zone_active_anon", "nr_zone_inactive_file", "nr_zone_active_file",
	"nr_zone_unevictable", "nr_zone_write_pending", "nr_mlock", "nr_bounce", "nr_free_cma", "numa_hit",
	"numa_miss", "numa_foreign", "numa_interleave", "numa_local", "numa_other", NULL
};
static const char *const node_stats[] = {
	"nr_inactive_anon", "nr_active_anon", "nr_inactive_file", "nr_active_file", "nr_unevictable",
	"nr_slab_reclaimable", "nr_slab_unreclaimable", "nr_isolated_anon", "nr_isolated_file",
	"workingset_nodes", "workingset_refault_anon", "workingset_refault_file", "workingset_activate_anon",
	"workingset_activate_file", "workingset_restore_anon", "workingset_restore_file",
	"workingset_nodereclaim", "nr_anon_pages", "nr_mapped", "nr_file_pages", "nr_dirty", "nr_writeback",
	"nr_writeback_temp", "nr_shmem", "nr_shmem_hugepages", "nr_shmem_pmdmapped", "nr_file_hugepages",
	"nr_file_pmdmapped", "nr_anon_transparent_hugepages", "nr_vmscan_write", "nr_vmscan_immediate_reclaim",
	"nr_dirtied", "nr_written", "nr_throttled_written", "nr_kernel_misc_reclaimable", "nr_foll_pin_acquired",
	"nr_foll_pin_released", "nr_kernel_stack", "nr_page_table_pages", "nr_sec_page_table_pages",
	"nr_swapcached", NULL
};

TEST(zoneinfo_has_the_fields_of_linux)
{
	static const char *const head[] = { "Node 0, zone    DMA32", "per-node stats", NULL };
	static const char *const sizes[] = {
		"pages free", "boost", "min", "low", "high", "promo", "spanned", "present", "managed", "cma",
		"protection: ", "nr_free_pages", NULL
	};
	static const char *const tail[] = {
		"pagesets", "cpu: 0", "count:", "high:", "batch:", "vm stats threshold:", "node_unreclaimable:",
		"start_pfn:", NULL
	};
	const char *zone = slurp("/proc/zoneinfo");

	in_order(zone, head);
	in_order(zone, node_stats);
	in_order(zone, sizes);
	in_order(zone, zone_stats);
	in_order(zone, tail);
}

TEST(vmstat_has_the_fields_of_linux)
{
	static const char *const head[] = { "nr_free_pages", NULL };
	static const char *const tail[] = { "nr_memmap_pages", "nr_memmap_boot_pages", NULL };
	static const char *const events[] = {
		"pgpgin", "pgpgout", "pswpin", "pswpout", "pgalloc_dma32", "pgalloc_normal", "pgalloc_movable",
		"allocstall_dma32", "allocstall_normal", "allocstall_movable", "pgskip_dma32", "pgskip_normal",
		"pgskip_movable", "pgfree", "pgactivate", "pgdeactivate", "pglazyfree", "pgfault", "pgmajfault",
		"pglazyfreed", "pgrefill", "pgreuse", "pgsteal_kswapd", "pgsteal_direct", "pgscan_kswapd",
		"pgscan_direct", "pginodesteal", "slabs_scanned", "pageoutrun", "drop_pagecache", "drop_slab",
		"oom_kill", "pgmigrate_success", "pgmigrate_fail", "compact_migrate_scanned",
		"compact_free_scanned", "compact_isolated", "compact_stall", "compact_fail", "compact_success",
		"unevictable_pgs_culled", "unevictable_pgs_mlocked", "nr_unstable", NULL
	};
	const char *all = slurp("/proc/vmstat");

	in_order(all, head);
	in_order(all, zone_stats);
	in_order(all, node_stats);
	in_order(all, tail);
	if (strstr(all, "\npgfault "))		/* a kernel may be built without events */
		in_order(all, events);
}

TEST(vmstat_counts_what_happens)
{
	char *p = strstr(slurp("/proc/vmstat"), "\npgfault ");
	long before, after;
	char *area;

	if (!p)
		test_skip("this kernel does not count events");
	before = atol(p + 9);
	area = mmap(NULL, 500 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(area != MAP_FAILED && !madvise(area, 500 * PG, MADV_NOHUGEPAGE));
	for (unsigned i = 0; i < 500; i++)
		area[i * PG] = 1;
	after = atol(strstr(slurp("/proc/vmstat"), "\npgfault ") + 9);
	CHECK(after - before >= 500);
}

TEST(pagetypeinfo_and_buddyinfo_have_the_form_of_linux)
{
	static const char *const lines[] = {
		"Page block order:", "Pages per block:", "Free pages count per migrate type at order",
		"Node    0, zone    DMA32, type    Unmovable", "Node    0, zone    DMA32, type      Movable",
		"Node    0, zone    DMA32, type  Reclaimable", "Node    0, zone    DMA32, type   HighAtomic",
		"Number of blocks type     Unmovable      Movable  Reclaimable   HighAtomic",
		"Node 0, zone    DMA32", NULL
	};
	unsigned long n[16];
	char *p = slurp("/proc/buddyinfo");

	/* "Node 0, zone    DMA32      3      1 ...": one column of width 6 per order. */
	CHECK(!strncmp(p, "Node 0, zone    DMA32 ", 22));
	CHECK_EQ(sscanf(p + 22, "%lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu", n, n + 1, n + 2, n + 3, n + 4,
			n + 5, n + 6, n + 7, n + 8, n + 9, n + 10), 11);
	if (geteuid())
		test_skip("pagetypeinfo is root's");
	in_order(slurp("/proc/pagetypeinfo"), lines);
}

/* ---- /proc/sys/vm ---------------------------------------------------------------------------- */

static int put(const char *name, const char *value)
{
	char path[96];
	int fd, rc;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	fd = open(path, O_WRONLY);
	CHECK(fd >= 0);
	rc = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static long get(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	return atol(slurp(path));
}

/* Sum of a watermark over the zones. */
static long watermark(const char *name)
{
	char *p = slurp("/proc/zoneinfo");
	char line[32];
	long sum = 0;

	snprintf(line, sizeof(line), "\n        %-9s", name);
	while ((p = strstr(p, line)))
		sum += atol(p += strlen(line));
	return sum;
}

TEST(watermarks_follow_their_sysctls)
{
	long kb = get("min_free_kbytes"), scale = get("watermark_scale_factor"), gap;
	char value[32];

	if (geteuid())
		test_skip("root only");
	CHECK_EQ(put("min_free_kbytes", "-1"), -EINVAL);
	CHECK_EQ(put("watermark_scale_factor", "0"), -EINVAL);
	CHECK_EQ(put("watermark_scale_factor", "3001"), -EINVAL);
	snprintf(value, sizeof(value), "%ld", kb);
	CHECK_EQ(put("min_free_kbytes", value), 0);	/* shared out afresh: init's memory was not free at boot */
	long min = watermark("min");
	snprintf(value, sizeof(value), "%ld", kb * 2);
	CHECK_EQ(put("min_free_kbytes", value), 0);
	long twice = watermark("min");
	CHECK(twice > min * 15 / 10 && twice <= min * 21 / 10);
	gap = watermark("low") - twice;
	CHECK_EQ(put("watermark_scale_factor", "500"), 0);
	long wider = watermark("low") - watermark("min");
	snprintf(value, sizeof(value), "%ld", scale);
	CHECK_EQ(put("watermark_scale_factor", value), 0);
	snprintf(value, sizeof(value), "%ld", kb);
	CHECK_EQ(put("min_free_kbytes", value), 0);
	CHECK(wider > gap);
	CHECK_EQ(watermark("min"), min);
}

TEST(the_size_of_hart_lists_can_be_set)
{
	if (geteuid())
		test_skip("root only");
	CHECK_EQ(get("percpu_pagelist_high_fraction"), 0);
	CHECK_EQ(put("percpu_pagelist_high_fraction", "7"), -EINVAL);
	CHECK_EQ(put("percpu_pagelist_high_fraction", "-8"), -EINVAL);
	CHECK_EQ(put("percpu_pagelist_high_fraction", "8"), 0);
	CHECK_EQ(get("percpu_pagelist_high_fraction"), 8);
	CHECK_EQ(put("percpu_pagelist_high_fraction", "0"), 0);
}

TEST(lowmem_reserve_ratio_has_a_number_per_zone)
{
	int n[4];

	/* Linux has one more where devices have memory. */
	CHECK(sscanf(slurp("/proc/sys/vm/lowmem_reserve_ratio"), "%d %d %d %d", n, n + 1, n + 2, n + 3) >= 3);
	CHECK(n[0] == 256 && n[1] == 32 && n[2] == 0);
}

/* ---- /proc/kpage* ---------------------------------------------------------------------------- */

static uint64_t word_at(int fd, uint64_t index)
{
	uint64_t word;

	CHECK_EQ(pread(fd, &word, 8, index * 8), 8);
	return word;
}

#define KPF_SLAB	(1ull << 7)
#define KPF_BUDDY	(1ull << 10)
#define KPF_MMAP	(1ull << 11)
#define KPF_ANON	(1ull << 12)
#define KPF_SWAPBACKED	(1ull << 14)
#define KPF_NOPAGE	(1ull << 20)
#define PM_PRESENT	(1ull << 63)
#define PM_PFN		((1ull << 55) - 1)

TEST(kpageflags_and_kpagecount_know_a_page)
{
	int pagemap, flags, count;
	uint64_t entry, f;
	char *p;

	if (geteuid() || access("/proc/kpageflags", R_OK))
		test_skip("no /proc/kpageflags");
	p = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*p = 1;
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	flags = open("/proc/kpageflags", O_RDONLY);
	count = open("/proc/kpagecount", O_RDONLY);
	CHECK(pagemap >= 0 && flags >= 0 && count >= 0);
	entry = word_at(pagemap, (uintptr_t)p / PG);
	CHECK(entry & PM_PRESENT);
	f = word_at(flags, entry & PM_PFN);
	CHECK((f & (KPF_MMAP | KPF_ANON | KPF_SWAPBACKED)) == (KPF_MMAP | KPF_ANON | KPF_SWAPBACKED));
	CHECK(!(f & (KPF_SLAB | KPF_BUDDY | KPF_NOPAGE)));
	CHECK_EQ(word_at(count, entry & PM_PFN), 1);
	int st = CHILD_STATUS({ CHECK_EQ(word_at(count, entry & PM_PFN), 2); });
	CHECK_EQ(st, 0);
	munmap(p, PG);
	CHECK_EQ(word_at(count, entry & PM_PFN), 0);
	CHECK(word_at(flags, 0) & KPF_NOPAGE);
	CHECK_ERR(pread(flags, &f, 4, 0), EINVAL);
	CHECK_ERR(pread(flags, &f, 8, 4), EINVAL);
	CHECK_EQ(pread(flags, &f, 8, 1ll << 46), 0);
}

TEST(kpageflags_sees_free_memory)
{
	static uint64_t words[4096];
	unsigned long buddy = 0, slab = 0, none = 0;
	long free_kb;
	ssize_t n;
	int fd;

	if (geteuid() || access("/proc/kpageflags", R_OK))
		test_skip("no /proc/kpageflags");
	fd = open("/proc/kpageflags", O_RDONLY);
	while ((n = read(fd, words, sizeof(words))) > 0)
		for (ssize_t i = 0; i < n / 8; i++) {
			buddy += !!(words[i] & KPF_BUDDY);
			slab += !!(words[i] & KPF_SLAB);
			none += !!(words[i] & KPF_NOPAGE);
		}
	CHECK_EQ(n, 0);
	free_kb = atol(strstr(slurp("/proc/meminfo"), "MemFree:") + 8);
	CHECK(slab > 0 && none > 0);
	/* Harts' lists are free memory too, and are in no block. */
	CHECK(buddy * 4 <= free_kb * 11 / 10ul && buddy * 4 >= free_kb / 2ul);
}

/* Thousands of regions are read piece by piece: in order, each once, also when others come and go meanwhile. */
TEST(maps_of_many_regions)
{
	enum { N = 3000 };
	size_t page = sysconf(_SC_PAGESIZE);
	char *base = mmap(NULL, 2 * N * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), line[512];
	unsigned long start, end, last = 0;
	unsigned found = 0;

	CHECK(base != MAP_FAILED);
	for (unsigned i = 0; i < N; i++)
		CHECK_EQ(mprotect(base + 2 * i * page, page, PROT_READ), 0);
	FILE *f = fopen("/proc/self/maps", "r");
	setvbuf(f, NULL, _IOFBF, 1024);
	for (unsigned n = 0; fgets(line, sizeof(line), f); n++) {
		CHECK_EQ(sscanf(line, "%lx-%lx", &start, &end), 2);
		CHECK(start >= last && end > start);
		last = end;
		if (start >= (unsigned long)base && end <= (unsigned long)base + 2 * N * page)
			found += strstr(line, " r--p ") != NULL;
		if (n % 100 == 0 && n < N)	/* behind us */
			munmap(base + (n % 200 ? 0 : page), page);
	}
	fclose(f);
	CHECK(found >= N - 2 && found <= N);
	f = fopen("/proc/self/smaps", "r");
	for (found = 0; fgets(line, sizeof(line), f);)
		found += !strncmp(line, "VmFlags:", 8);
	fclose(f);
	CHECK(found >= 2 * N - 4);
	CHECK_EQ(munmap(base, 2 * N * page), 0);
}
