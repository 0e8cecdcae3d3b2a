/*
 * arch/riscv/isa.c - the extensions of a hart as one word, for /proc/cpuinfo.
 *
 * MODEL     The device tree names extensions in any order, and leaves out what others contain.  The word has
 *           them in Linux's order: single letters, then Z, then S, each group in the order of known[].
 *           Extensions of vectors are left out: the kernel keeps no vector state.
 *           A tree with riscv,isa only is from before the counters and Zicsr, Zifencei were named apart from I.
 * TESTS     test/user/t_programs.c; the console of a run beside Linux's
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/machine.h"
#include "lib/fdt.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

static const char letters[] = "imafdqch";

static const char *const known[] = {
	"zicbom", "zicboz", "zicntr", "zicond", "zicsr", "zifencei", "zihintntl", "zihintpause", "zihpm", "zimop",
	"zacas", "zawrs", "zfa", "zfh", "zfhmin", "zca", "zcb", "zcd", "zcf", "zcmop", "zba", "zbb", "zbc", "zbkb",
	"zbkc", "zbkx", "zbs", "zk", "zkn", "zknd", "zkne", "zknh", "zkr", "zks", "zkt", "zksed", "zksh", "ztso",
	"smaia", "smnpm", "smstateen", "ssaia", "sscofpmf", "ssnpm", "sstc", "svade", "svadu", "svinval", "svnapot",
	"svpbmt", "svvptc",
};

/* Who has @whole has @part. */
static const struct { const char *part, *whole; } contained[] = {
	{ "zca", "c" }, { "zfhmin", "zfh" }, { "zbkb", "zk" }, { "zbkb", "zkn" }, { "zbkb", "zks" }, { "zbkc", "zk" },
	{ "zbkc", "zkn" }, { "zbkc", "zks" }, { "zbkx", "zk" }, { "zbkx", "zkn" }, { "zbkx", "zks" }, { "zkn", "zk" },
	{ "zknd", "zk" }, { "zknd", "zkn" }, { "zkne", "zk" }, { "zkne", "zkn" }, { "zknh", "zk" }, { "zknh", "zkn" },
	{ "zkr", "zk" }, { "zkt", "zk" }, { "zksed", "zks" }, { "zksh", "zks" },
};

static bool named(int node, const char *ext) { return fdt_cpu_has_ext(&boot_fdt, node, ext); }

static bool has_ext(int node, const char *ext)
{
	static const char *const of_i[] = { "zicntr", "zicsr", "zifencei", "zihpm" };

	if (named(node, ext))
		return true;
	for (unsigned i = 0; i < ARRAY_SIZE(contained); i++)
		if (!strcmp(contained[i].part, ext) && named(node, contained[i].whole))
			return true;
	if (!strcmp(ext, "zcd"))
		return named(node, "c") && named(node, "d");
	if (fdt_has_prop(&boot_fdt, node, "riscv,isa-extensions"))
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(of_i); i++)
		if (!strcmp(of_i[i], ext))
			return true;
	return false;
}

void arch_isa_text(unsigned h, char *buf, size_t n)
{
	int node = hart_info[h].node;
	size_t at = scnprintf(buf, n, "rv64");

	for (const char *l = letters; *l; l++)
		if (named(node, (char[]){ *l, 0 }))
			at += scnprintf(buf + at, n - at, "%c", *l);
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (has_ext(node, known[i]))
			at += scnprintf(buf + at, n - at, "_%s", known[i]);
}
