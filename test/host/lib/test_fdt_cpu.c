/*
 * test/host/lib/test_fdt_cpu.c - caches and places of harts: trees with every shape, broken chains, mutated blobs.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/fdt.c lib/fdt_bus.c lib/fdt_machine.c lib/fdt_cpu.c
#include <errno.h>
#include <unistd.h>
#include "test/host/tap.h"
#include "lib/fdt_cpu.h"

static u8 *blob;
static size_t blob_size;
static struct fdt fdt, *f = &fdt;

/* The tree that dtc makes of @source. */
static void compile(const char *source)
{
	char in[] = "/tmp/fdt-cpu-XXXXXX", cmd[100];
	int fd = mkstemp(in);
	FILE *p;

	CHECK(fd >= 0 && write(fd, source, strlen(source)) == (ssize_t)strlen(source));
	close(fd);
	snprintf(cmd, sizeof(cmd), "dtc -q -f -I dts -O dtb %s", in);
	p = popen(cmd, "r");
	blob = realloc(blob, 65536);
	blob_size = fread(blob, 1, 65536, p);
	CHECK(!pclose(p));
	unlink(in);
	CHECK(!fdt_init(f, blob, blob_size));
}

static int cpu(const char *name) { return fdt_path(f, name); }

/* Four harts a..d; @map: the children of cpu-map; @props: of each hart; @rest: further nodes. */
static void machine(const char *map, const char *props, const char *rest)
{
	static char text[8192];
	int at = snprintf(text, sizeof(text), "/dts-v1/; / { %s cpus { #address-cells = <1>; #size-cells = <0>; "
			  "cpu-map { %s }; ", rest, map);

	for (int i = 0; i < 4; i++)
		at += snprintf(text + at, sizeof(text) - at, "%c: cpu@%d { reg = <%d>; phandle = <%d>; %s }; ",
			       'a' + i, i, i, i + 1, props);
	snprintf(text + at, sizeof(text) - at, "}; };");
	compile(text);
}

static bool at(const char *name, int package, int cluster, int core, int thread)
{
	struct fdt_cpu_place p;

	return !fdt_cpu_place(f, cpu(name), &p) && p.package == package && p.cluster == cluster && p.core == core &&
	       p.thread == thread;
}

static int place_error(const char *name)
{
	struct fdt_cpu_place p;

	return fdt_cpu_place(f, cpu(name), &p);
}

static void test_places(void)
{
	machine("cluster0 { core0 { cpu = <&a>; }; core1 { cpu = <&b>; }; };"
		"cluster1 { core0 { cpu = <&c>; }; };", "", "");
	ok(at("/cpus/cpu@0", 0, 0, 0, -1) && at("/cpus/cpu@1", 0, 0, 1, -1) && at("/cpus/cpu@2", 0, 1, 0, -1),
	   "clusters number their cores from 0");
	is_int(place_error("/cpus/cpu@3"), -ENOENT, "a hart that the map leaves out");
	machine("socket0 { cluster0 { core0 { thread0 { cpu = <&d>; }; thread1 { cpu = <&a>; }; }; }; };"
		"socket1 { cluster0 { cluster0 { core0 { cpu = <&b>; }; }; "
		"cluster1 { core0 { cpu = <&c>; }; }; }; };",
		"", "");
	ok(at("/cpus/cpu@3", 0, 0, 0, 0) && at("/cpus/cpu@0", 0, 0, 0, 1), "threads of a core");
	ok(at("/cpus/cpu@1", 1, 0, 0, -1) && at("/cpus/cpu@2", 1, 1, 0, -1), "the innermost cluster counts");
	machine("core0 { cpu = <&a>; };", "", "");
	is_int(place_error("/cpus/cpu@0"), -EINVAL, "a core without a cluster");
	machine("cluster1 { core0 { cpu = <&a>; }; };", "", "");
	is_int(place_error("/cpus/cpu@0"), -ENOENT, "clusters are numbered from 0 on");
	compile("/dts-v1/; / { cpus { cpu@0 { reg = <0>; }; }; };");
	is_int(place_error("/cpus/cpu@0"), -ENOENT, "no map");
}

#define L1 "i-cache-size = <0x8000>; i-cache-sets = <64>; i-cache-block-size = <64>; "

static int caches(const char *props, const char *rest, struct fdt_cache *c)
{
	machine("", props, rest);
	return fdt_cpu_caches(f, cpu("/cpus/cpu@1"), c);
}

static bool is_cache(const struct fdt_cache *c, unsigned level, enum fdt_cache_kind kind, u32 bytes, u32 ways,
		     u32 line)
{
	return c->level == level && c->kind == kind && c->bytes == bytes &&
	       fdt_cache_ways(c) == ways && c->line == line;
}

static void test_caches(void)
{
	struct fdt_cache c[FDT_MAX_CACHES];

	ok(caches(L1 "d-cache-size = <0x4000>; d-cache-sets = <1>; d-cache-line-size = <32>; next-level-cache = <9>;",
		  "x { phandle = <9>; compatible = \"cache\"; cache-level = <3>; cache-size = <0x100000>;"
		  " cache-sets = <1024>; cache-line-size = <128>; };", c) == 3 &&
	   is_cache(&c[0], 1, FDT_CACHE_INSTRUCTION, 0x8000, 8, 64) &&
	   is_cache(&c[1], 1, FDT_CACHE_DATA, 0x4000, 0, 32) &&
	   is_cache(&c[2], 3, FDT_CACHE_UNIFIED, 0x100000, 8, 128), "two of level 1, one of level 3");
	is_int(caches("", "", c), 0, "a hart without");
	ok(caches("l2-cache = <9>;",
		  "x { phandle = <9>; compatible = \"cache\"; cache-level = <2>; i-cache-size = <4096>;"
		  " d-cache-size = <8192>; };", c) == 2 && is_cache(&c[0], 2, FDT_CACHE_INSTRUCTION, 4096, 0, 0) &&
	   c[1].node == c[0].node, "l2-cache, split");
	is_int(caches(L1 "next-level-cache = <77>;", "", c), 1, "a next level that is not there");
	is_int(caches(L1 "next-level-cache = <9>;", "x { phandle = <9>; compatible = \"cache\"; };", c), -EINVAL,
	       "no level");
	is_int(caches(L1 "next-level-cache = <9>;", "x { phandle = <9>; cache-level = <2>; };", c), -EINVAL,
	       "not a cache");
	is_int(caches(L1 "next-level-cache = <9>;", "x { phandle = <9>; compatible = \"cache\"; cache-level = <2>;"
		      " next-level-cache = <9>; };", c), -EINVAL, "a circle");
	is_int(caches(L1 "next-level-cache = <&a>;", "", c), -EINVAL, "a hart as cache");
	static char chain[4096];
	int n = 0;
	for (int i = 2; i < 20; i++)
		n += snprintf(chain + n, sizeof(chain) - n,
			      "x%d { phandle = <%d>; compatible = \"cache\"; cache-level = <%d>; "
			      "cache-size = <4096>; next-level-cache = <%d>; };", i, 100 + i, i, 101 + i);
	is_int(caches("next-level-cache = <102>;", chain, c), FDT_MAX_CACHES, "more levels than are kept");
}

static bool has(const char *isa, const char *ext)
{
	char text[200];

	snprintf(text, sizeof(text), "/dts-v1/; / { cpus { cpu@0 { reg = <0>; riscv,isa = \"%s\"; }; }; };", isa);
	compile(text);
	return fdt_cpu_has_ext(f, cpu("/cpus/cpu@0"), ext);
}

static void test_isa_strings(void)
{
	static const char odd[] = "RV64I2p1ma_fd2c_Zba1p0_zicsr20_zvl128b_xvendor2p0_svade";

	ok(has(odd, "i") && has(odd, "m") && has(odd, "a") && has(odd, "f") && has(odd, "d") && has(odd, "c"),
	   "letters");
	ok(has(odd, "zba") && has(odd, "zicsr") && has(odd, "zvl128b") && has(odd, "xvendor") && has(odd, "svade"),
	   "names, without their versions");
	ok(!has(odd, "p") && !has(odd, "z") && !has(odd, "zb") && !has(odd, "v") && !has(odd, "zvl") &&
	   !has(odd, "s"), "what is no name of its own");
	ok(has("rv64gc", "d") && has("rv64gc", "c") && !has("rv64gc", "q"), "G is IMAFD");
	ok(!has("rv64", "i") && !has("", "i") && !has("rv64_", "i") && has("rv64imacp", "p"), "short strings");
}

/* The reader may say anything of a broken blob, inside its memory. */
static void test_broken(void)
{
	struct fdt_cache c[FDT_MAX_CACHES];
	struct fdt_cpu_place p;
	unsigned long said = 0;

	machine("socket0 { cluster0 { core0 { thread0 { cpu = <&d>; }; thread1 { cpu = <&a>; }; };"
		" core1 { cpu = <&b>; }; }; };", L1 "next-level-cache = <9>;",
		"x { phandle = <9>; compatible = \"cache\"; cache-level = <2>; cache-size = <4096>; };");
	for (int i = 0; i < 20000; i++) {
		u8 *copy = malloc(blob_size);
		struct fdt g;

		memcpy(copy, blob, blob_size);
		for (int k = rnd_below(6); k >= 0; k--)
			copy[40 + rnd_below(blob_size - 40)] = rnd_one_in(2) ? rnd() : rnd_below(10);
		if (!fdt_init(&g, copy, blob_size))
			for (int node = 0; node >= 0; node = fdt_next_node(&g, node, NULL))
				said += fdt_cpu_caches(&g, node, c) + !fdt_cpu_place(&g, node, &p);
		free(copy);
	}
	ok(said, "20000 broken trees are read inside their memory");
}

int main(void)
{
	test_places();
	test_caches();
	test_isa_strings();
	test_broken();
	free(blob);
	return done_testing();
}
