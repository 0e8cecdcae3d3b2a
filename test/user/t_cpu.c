/* test/user/t_cpu.c - what programs learn of the harts: riscv_hwprobe, cache sizes, /sys/devices/system/cpu.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/auxv.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define WHICH_CPUS 1
#define IMA_C 2ull
#define ZCA (1ull << 43)
#define ZCD (1ull << 45)
enum { VENDOR, ARCH, IMP, BASE, EXT_0, CPUPERF_0, CBOZ_SIZE, HIGHEST, TIME_FREQ, MISALIGNED };

struct pair { int64_t key; uint64_t value; };

static long probe(struct pair *p, size_t n, size_t bytes, void *cpus, unsigned flags)
{
	return syscall(258, p, n, bytes, cpus, flags);
}

static uint64_t value_of(int key)
{
	struct pair p = { key, 77 };

	CHECK_EQ(probe(&p, 1, 0, NULL, 0), 0);
	CHECK_EQ(p.key, key);
	return p.value;
}

static cpu_set_t only(int cpu)
{
	cpu_set_t s;

	CPU_ZERO(&s);
	if (cpu >= 0)
		CPU_SET(cpu, &s);
	return s;
}

TEST(hwprobe_keys)
{
	struct pair p[3] = { { EXT_0, 1 }, { -5, 7 }, { 1000, 7 } };

	CHECK_EQ(value_of(BASE), 1);
	CHECK((value_of(EXT_0) & (3 | ZCA | ZCD)) == (3 | ZCA | ZCD));	/* C and D imply the parts of C */
	CHECK(value_of(MISALIGNED) >= 1 && value_of(MISALIGNED) <= 4);
	CHECK_EQ(value_of(CPUPERF_0), value_of(MISALIGNED));
	CHECK(value_of(TIME_FREQ) >= 10000);
	CHECK(value_of(HIGHEST) > (uintptr_t)p && !(value_of(HIGHEST) & 4095));
	CHECK(!(value_of(EXT_0) & 1 << 6) == !value_of(CBOZ_SIZE));
	CHECK_EQ(probe(p, 3, 0, NULL, 0), 0);
	CHECK(p[0].key == EXT_0 && p[0].value == value_of(EXT_0));
	CHECK(p[1].key == -1 && !p[1].value && p[2].key == -1 && !p[2].value);
	CHECK_EQ(probe(NULL, 0, 0, NULL, 0), 0);
	CHECK_ERR(probe((void *)8, 1, 0, NULL, 0), EFAULT);
	CHECK_ERR(probe(p, 1, 0, NULL, 2), EINVAL);
	CHECK_ERR(probe(p, 1, 0, NULL, 3), EINVAL);
}

TEST(hwprobe_of_a_set_of_harts)
{
	struct pair p = { EXT_0, 0 };
	cpu_set_t s = only(0);

	CHECK_EQ(probe(&p, 1, sizeof(s), &s, 0), 0);
	CHECK(!(value_of(EXT_0) & ~p.value));		/* one hart has at least what all have */
	s = only(1000);
	CHECK_ERR(probe(&p, 1, sizeof(s), &s, 0), EINVAL);
	CPU_SET(0, &s);
	CHECK_EQ(probe(&p, 1, sizeof(s), &s, 0), 0);	/* those that are not there say nothing */
	s = only(-1);
	CHECK_ERR(probe(&p, 1, sizeof(s), &s, 0), EINVAL);
	CHECK_ERR(probe(&p, 1, 0, &s, 0), EINVAL);
	CHECK_ERR(probe(&p, 1, 8, NULL, 0), EFAULT);
	CHECK_ERR(probe(&p, 1, 8, (void *)8, 0), EFAULT);
}

TEST(hwprobe_which_harts)
{
	struct pair p[2] = { { EXT_0, IMA_C }, { BASE, 1 } };
	int all = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t s = only(-1);

	CHECK_EQ(probe(p, 2, sizeof(s), &s, WHICH_CPUS), 0);
	CHECK_EQ(CPU_COUNT(&s), all);				/* none means all */
	s = only(0);
	CHECK_EQ(probe(p, 2, sizeof(s), &s, WHICH_CPUS), 0);
	CHECK(CPU_COUNT(&s) == 1 && CPU_ISSET(0, &s));
	s = only(1000);						/* none that is there stays none */
	CHECK_EQ(probe(p, 2, 8, &s, WHICH_CPUS), 0);
	CHECK_EQ(CPU_COUNT(&s), all + 1);		/* 8 bytes were none; the bit beyond was not looked at */
	CHECK(CPU_ISSET(1000, &s));
	p[0].value = 1ull << 63;
	s = only(0);
	CHECK_EQ(probe(p, 2, sizeof(s), &s, WHICH_CPUS), 0);
	CHECK(CPU_COUNT(&s) == 0 && p[0].key == EXT_0 && p[0].value == 1ull << 63);
	p[0] = (struct pair){ CPUPERF_0, 1 };			/* a mask: SLOW and FAST differ in bit 0 */
	s = only(0);
	CHECK_EQ(probe(p, 1, sizeof(s), &s, WHICH_CPUS), 0);
	CHECK_EQ(CPU_COUNT(&s), value_of(CPUPERF_0) & 1);
	p[0] = (struct pair){ 1000, 1 };
	s = only(0);
	CHECK_EQ(probe(p, 2, sizeof(s), &s, WHICH_CPUS), 0);
	CHECK(CPU_COUNT(&s) == 0 && p[0].key == -1 && p[0].value == 0 && p[1].key == BASE);
	CHECK_ERR(probe(p, 1, 0, NULL, WHICH_CPUS), EINVAL);
	CHECK_ERR(probe(p, 1, 0, &s, WHICH_CPUS), EINVAL);
	CHECK_ERR(probe(p, 1, 8, NULL, WHICH_CPUS), EINVAL);
	CHECK_ERR(probe(p, 1, 8, (void *)8, WHICH_CPUS), EFAULT);
}

/* The vDSO's function @name: its dynamic symbols end where their strings begin. */
static void *vdso_symbol(const char *name)
{
	char *base = (char *)getauxval(AT_SYSINFO_EHDR), *strings = NULL;
	Elf64_Ehdr *e = (void *)base;
	Elf64_Phdr *ph = (void *)(base + e->e_phoff);
	Elf64_Sym *symbols = NULL;

	CHECK(base);
	for (int i = 0; i < e->e_phnum; i++) {
		if (ph[i].p_type != PT_DYNAMIC)
			continue;
		for (Elf64_Dyn *d = (void *)(base + ph[i].p_offset); d->d_tag; d++) {
			if (d->d_tag == DT_STRTAB)
				strings = base + d->d_un.d_ptr;
			if (d->d_tag == DT_SYMTAB)
				symbols = (void *)(base + d->d_un.d_ptr);
		}
	}
	CHECK(strings && symbols);
	for (Elf64_Sym *s = symbols; (char *)s < strings; s++)
		if (!strcmp(strings + s->st_name, name))
			return base + s->st_value;
	test_fail(__FILE__, __LINE__, "no %s in the vDSO", name);
	return NULL;
}

typedef int probe_fn(struct pair *p, size_t n, size_t bytes, void *cpus, unsigned flags);
static volatile char block_calls;
static volatile int calls;

static void count_call(int sig)
{
	(void)sig;
	block_calls = 0;
	calls++;
}

/* What was once said of all harts is said again without a call, and the same. */
TEST(hwprobe_in_the_vdso)
{
	probe_fn *vdso_probe = (probe_fn *)vdso_symbol("__vdso_riscv_hwprobe");
	struct sigaction sa = { .sa_handler = count_call };
	struct pair p[12], q[12];
	cpu_set_t s = only(0);
	int rc, tries = 0;

	for (int i = 0; i < 12; i++)
		q[i] = p[i] = (struct pair){ i == 10 ? -5 : i == 11 ? 1000 : i, 7 };
	CHECK_EQ(sigaction(SIGSYS, &sa, NULL), 0);
	CHECK_EQ(prctl(59, 1, 0, 0, &block_calls), 0);	/* PR_SET_SYSCALL_USER_DISPATCH */
	do {
		calls = 0;
		CHECK_EQ(probe(p, 12, 0, NULL, 0), 0);
		block_calls = 1;
		rc = vdso_probe(q, 12, 0, NULL, 0);
		block_calls = 0;
	} while (calls && tries++ < 64);	/* a late hart may have come between the two */
	CHECK_EQ(calls, 0);
	CHECK_EQ(rc, 0);
	CHECK(!memcmp(p, q, sizeof(p)));
	q[0] = (struct pair){ EXT_0, 7 };
	CHECK_EQ(vdso_probe(q, 1, sizeof(s), &s, 0), 0);	/* of a set */
	CHECK(!(value_of(EXT_0) & ~q[0].value));
	q[0] = (struct pair){ EXT_0, IMA_C };
	CHECK_EQ(vdso_probe(q, 1, sizeof(s), &s, WHICH_CPUS), 0);
	CHECK_EQ(CPU_COUNT(&s), 1);
	CHECK_EQ(vdso_probe(q, 1, 0, NULL, 8), -EINVAL);
}

/* A set may be said to be as large as one likes: what lies beyond the kernel's is not touched. */
TEST(hwprobe_touches_no_more_than_a_set)
{
	struct pair p = { BASE, 1 };
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED && !munmap(page + 4096, 4096));
	page[2048] = 5;
	CHECK_EQ(probe(&p, 1, 1ul << 40, page, WHICH_CPUS), 0);
	CHECK_EQ(page[2048], 5);
}

static bool read_text(const char *path, char *buf, size_t n)
{
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, buf, n - 1);

	close(fd);
	buf[got > 0 ? got : 0] = 0;
	return got >= 0;
}

static long number_in(const char *path)
{
	char buf[64];

	return read_text(path, buf, sizeof(buf)) ? strtol(buf, NULL, 10) : -1;
}

TEST(cpu_folders)
{
	static const char *const lists[] = { "online", "possible", "present" };
	char path[128], buf[256], want[32];
	int n = sysconf(_SC_NPROCESSORS_CONF);

	snprintf(want, sizeof(want), n > 1 ? "0-%d\n" : "0\n", n - 1);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/%s", lists[i]);
		CHECK(read_text(path, buf, sizeof(buf)));
		CHECK(!strcmp(buf, want));
	}
	CHECK(read_text("/sys/devices/system/cpu/offline", buf, sizeof(buf)) && !strcmp(buf, "\n"));
	CHECK(number_in("/sys/devices/system/cpu/kernel_max") >= n - 1);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/core_id", i);
		CHECK(number_in(path) >= 0);
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", i);
		CHECK(number_in(path) >= 0);
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", i);
		CHECK(read_text(path, buf, sizeof(buf)) && buf[0]);
		snprintf(path, sizeof(path), "/sys/bus/cpu/devices/cpu%d/topology/core_cpus", i);
		CHECK(read_text(path, buf, sizeof(buf)) && strtoull(buf, NULL, 16) >> i & 1);
	}
}

/* What exec told us of a cache is what the files say, if they say anything. */
TEST(cache_sizes)
{
	static const struct { int key; const char *level, *type; } caches[] = {
		{ AT_L1I_CACHESIZE, "1\n", "Instruction\n" }, { AT_L1D_CACHESIZE, "1\n", "Data\n" },
		{ AT_L2_CACHESIZE, "2\n", "Unified\n" }, { AT_L3_CACHESIZE, "3\n", "Unified\n" },
	};
	char dir[80], path[160], level[32], type[32];
	cpu_set_t s = only(0);

	for (unsigned i = 0; i < sizeof(caches) / sizeof(*caches); i++) {
		errno = 0;
		CHECK(getauxval(caches[i].key) || !errno);	/* 0 is said, too */
		CHECK(getauxval(caches[i].key + 1) || !errno);
	}
	CHECK_EQ(sched_setaffinity(0, sizeof(s), &s), 0);
	if (!getenv("T_CPU_AGAIN")) {		/* the numbers are those of the hart that does the exec */
		setenv("T_CPU_AGAIN", "1", 1);
		CHECK_EQ(CHILD_STATUS(dup2(open("/dev/null", O_WRONLY), 1);
				      execl("/proc/self/exe", "utest", "cpu.cache_sizes", NULL); _exit(1)), 0);
		return;
	}
	for (int i = 0; i < 16; i++) {
		snprintf(dir, sizeof(dir), "/sys/devices/system/cpu/cpu0/cache/index%d", i);
		snprintf(path, sizeof(path), "%s/level", dir);
		if (!read_text(path, level, sizeof(level)))
			break;
		snprintf(path, sizeof(path), "%s/type", dir);
		CHECK(read_text(path, type, sizeof(type)));
		for (unsigned k = 0; k < sizeof(caches) / sizeof(*caches); k++) {
			if (strcmp(level, caches[k].level) || strcmp(type, caches[k].type))
				continue;
			snprintf(path, sizeof(path), "%s/size", dir);
			CHECK_EQ(number_in(path), getauxval(caches[k].key) >> 10);
			snprintf(path, sizeof(path), "%s/ways_of_associativity", dir);
			CHECK_EQ(number_in(path), getauxval(caches[k].key + 1) >> 16);
		}
	}
}
