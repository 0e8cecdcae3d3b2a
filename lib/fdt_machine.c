/*
 * lib/fdt_machine.c - what a device tree says of the machine: memory, reservations, harts, /chosen.
 *
 * MODEL     Iterators hold a node and the number of the next reg entry in it; node FDT_NONE is the start.
 *           The reservation iterator first counts entries of the reservation block (idx, node FDT_NONE),
 *           then walks the children of /reserved-memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/ctype.h"
#include "lib/fdt.h"
#include "lib/fdt_internal.h"
#include "lib/string.h"

static int numa_id(const struct fdt *f, int node)
{
	u32 nid;

	return fdt_read_u32(f, node, "numa-node-id", &nid) || nid > INT32_MAX ? -1 : (int)nid;
}

static bool is_memory(const struct fdt *f, int node)
{
	const char *type = fdt_getprop_str(f, node, "device_type");

	return type && !strcmp(type, "memory") && fdt_node_available(f, node);
}

static const char *memory_property(const struct fdt *f, int node)
{
	return fdt_has_prop(f, node, "linux,usable-memory") ? "linux,usable-memory" : "reg";
}

bool fdt_next_memory(const struct fdt *f, struct fdt_iter *it, struct fdt_range *r)
{
	if (it->node < 0) {
		it->node = 0;
		it->idx = 0;
	}
	while (it->node >= 0) {
		int rc = -ENOENT;

		if (it->node && (it->idx || is_memory(f, it->node)))
			rc = fdt_get_range(f, it->node, memory_property(f, it->node), it->idx++, &r->base, &r->size);
		if (rc) {
			it->node = fdt_next_node(f, it->node, NULL);
			it->idx = 0;
			continue;
		}
		if (!r->size || r->base + r->size < r->base)
			continue;
		r->nid = numa_id(f, it->node);
		r->nomap = false;
		r->hotplug = fdt_has_prop(f, it->node, "hotpluggable");
		return true;
	}
	return false;
}

/* The next entry of the memory-reservation block, which ends with a pair of zeros. */
static bool next_rsvmap(const struct fdt *f, struct fdt_iter *it, struct fdt_range *r)
{
	for (;;) {
		u64 off = f->off_rsvmap + 16ull * it->idx;

		if (off + 16 > f->totalsize)
			return false;
		r->base = fdt_get_be64(f->blob + off);
		r->size = fdt_get_be64(f->blob + off + 8);
		if (!r->base && !r->size)
			return false;
		it->idx++;
		if (r->size)
			return true;
	}
}

bool fdt_reserved_malformed(const struct fdt *f)
{
	int node = fdt_path(f, "/reserved-memory");
	u32 na, ns, root_na, root_ns;

	if (node < 0)
		return false;
	fdt_cells(f, 0, &root_na, &root_ns);
	return fdt_read_u32(f, node, "#address-cells", &na) || fdt_read_u32(f, node, "#size-cells", &ns) ||
	       na != root_na || ns != root_ns || !fdt_has_prop(f, node, "ranges");
}

/* The first node below /reserved-memory that can be believed. */
static int first_reserved(const struct fdt *f)
{
	return fdt_reserved_malformed(f) ? FDT_NONE : fdt_first_child(f, fdt_path(f, "/reserved-memory"));
}

bool fdt_next_reserved(const struct fdt *f, struct fdt_iter *it, struct fdt_range *r)
{
	*r = (struct fdt_range){ .nid = -1 };
	if (it->node < 0) {
		if (next_rsvmap(f, it, r))
			return true;
		it->node = first_reserved(f);
		it->idx = 0;
	}
	while (it->node > 0) {
		int rc = it->idx || fdt_node_status_ok(f, it->node) ?
			fdt_get_reg(f, it->node, it->idx++, &r->base, &r->size) : -ENOENT;

		if (rc) {
			it->node = fdt_next_sibling(f, it->node);
			it->idx = 0;
			continue;
		}
		if (!r->size)
			continue;
		r->nomap = fdt_has_prop(f, it->node, "no-map");
		return true;
	}
	it->node = 0;		/* stays at the end */
	return false;
}

/* Property @name of @cells cells as a number: 0, -ENOENT, -EINVAL. */
static int read_number(const struct fdt *f, int node, const char *name, u32 cells, u64 *val)
{
	int len;
	const u8 *p = fdt_getprop(f, node, name, &len);

	if (!p)
		return -ENOENT;
	return (u32)len == 4 * cells ? fdt_read_cells(p, cells, val) : -EINVAL;
}

static void read_area(const struct fdt *f, int node, struct fdt_area *a)
{
	u32 na, ns;
	int rc;

	*a = (struct fdt_area){ .node = node, .name = fdt_node_name(f, node) };
	fdt_cells(f, 0, &na, &ns);
	a->bad = read_number(f, node, "size", ns, &a->size) || !a->size;
	rc = read_number(f, node, "alignment", na, &a->align);
	a->bad |= (rc && rc != -ENOENT) || a->align & (a->align - 1);
	a->nomap = fdt_has_prop(f, node, "no-map");
	a->reusable = fdt_has_prop(f, node, "reusable");
}

bool fdt_next_area(const struct fdt *f, struct fdt_iter *it, struct fdt_area *a)
{
	int node = it->node == 0 ? FDT_NONE : it->node < 0 ? first_reserved(f) : fdt_next_sibling(f, it->node);

	for (; node > 0; node = fdt_next_sibling(f, node)) {
		if (!fdt_node_status_ok(f, node) || fdt_has_prop(f, node, "reg") || !fdt_has_prop(f, node, "size"))
			continue;
		read_area(f, node, a);
		it->node = node;
		return true;
	}
	it->node = 0;		/* stays at the end */
	return false;
}

bool fdt_usable_range(const struct fdt *f, u64 from, u64 *start, u64 *end)
{
	int chosen = fdt_path(f, "/chosen");
	bool found = false;
	u64 base, size;

	for (int i = 0; !fdt_get_range(f, chosen, "linux,usable-memory-range", i, &base, &size); i++) {
		u64 last = base + size < base ? ~0ull : base + size;

		if (last <= from || !size || (found && base >= *start))
			continue;
		*start = base;
		*end = last;
		found = true;
	}
	return found;
}

/* ---- harts ----------------------------------------------------------------------------------- */

static bool is_cpu(const struct fdt *f, int node)
{
	const char *type = fdt_getprop_str(f, node, "device_type");

	return type ? !strcmp(type, "cpu") : fdt_node_is(f, node, "cpu");
}

bool fdt_next_cpu(const struct fdt *f, struct fdt_iter *it, struct fdt_cpu *cpu)
{
	int node = it->node < 0 ? fdt_first_child(f, fdt_path(f, "/cpus")) :
		   it->node == 0 ? FDT_NONE : fdt_next_sibling(f, it->node);

	for (; node >= 0; node = fdt_next_sibling(f, node)) {
		if (!is_cpu(f, node) || fdt_get_reg_raw(f, node, 0, &cpu->hartid, NULL))
			continue;
		cpu->node = node;
		cpu->nid = numa_id(f, node);
		cpu->enabled = fdt_node_status_ok(f, node);
		cpu->mmu = fdt_getprop_str(f, node, "mmu-type");
		if (cpu->mmu && !strcmp(cpu->mmu, "riscv,none"))
			cpu->mmu = NULL;
		cpu->isa = fdt_getprop_str(f, node, "riscv,isa");
		it->node = node;
		return true;
	}
	it->node = 0;		/* stays at the end */
	return false;
}

int fdt_timebase(const struct fdt *f, u64 *hz)
{
	int cpus = fdt_path(f, "/cpus"), rc = fdt_read_u64(f, cpus, "timebase-frequency", hz);
	struct fdt_cpu cpu;

	fdt_for_each_cpu(f, it, &cpu) {
		if (!rc)
			break;
		rc = fdt_read_u64(f, cpu.node, "timebase-frequency", hz);
	}
	return rc ? rc : *hz ? 0 : -EINVAL;
}

/* The end of [name, end) without a version: "zba1p0" is zba, "zvl128b" itself. */
static const char *cut_version(const char *name, const char *end)
{
	const char *p = end;

	while (p > name && isdigit((u8)p[-1]))
		p--;
	if (p == end || p - name < 2 || (p[-1] | 32) != 'p' || !isdigit((u8)p[-2]))
		return p == name ? end : p;
	for (p--; p > name && isdigit((u8)p[-1]); p--)
		;
	return p;
}

/* The next extension of an ISA string is [*name, *end), its version left out; where to go on, NULL at the end. */
static const char *isa_next(const char *isa, const char **name, const char **end)
{
	isa += strspn(isa, "_");
	*name = isa;
	if (!*isa)
		return NULL;
	if (strchr("sxzSXZ", *isa)) {
		isa += strcspn(isa, "_");
		*end = cut_version(*name, isa);
		return isa;
	}
	*end = ++isa;
	isa += strspn(isa, "0123456789");
	if (isa != *end && (*isa | 32) == 'p' && isdigit((u8)isa[1]))
		isa += 1 + strspn(isa + 1, "0123456789");
	return isa;
}

/* Does an ISA string (rv64imafdc_zicsr2p0_...) name @ext? */
static bool isa_string_has(const char *isa, const char *ext)
{
	const char *name, *end;
	size_t n = strlen(ext);

	if ((isa[0] | 32) != 'r' || (isa[1] | 32) != 'v')
		return false;
	for (isa += 2; isdigit((u8)*isa); isa++)
		;
	while ((isa = isa_next(isa, &name, &end))) {
		if ((size_t)(end - name) == n && !strncasecmp(name, ext, n))
			return true;
		if (n == 1 && end - name == 1 && (*name | 32) == 'g' && strchr("imafd", ext[0]))
			return true;
	}
	return false;
}

bool fdt_cpu_has_ext(const struct fdt *f, int cpu_node, const char *ext)
{
	const char *isa;

	if (fdt_has_prop(f, cpu_node, "riscv,isa-extensions"))
		return list_has_string(f, cpu_node, "riscv,isa-extensions", ext);
	isa = fdt_getprop_str(f, cpu_node, "riscv,isa");
	return isa && isa_string_has(isa, ext);
}

/* ---- /chosen, distances ---------------------------------------------------------------------- */

void fdt_chosen(const struct fdt *f, struct fdt_chosen *c)
{
	int node = fdt_path(f, "/chosen");
	u64 start, end;

	*c = (struct fdt_chosen){ 0 };
	if (node < 0)
		return;
	c->bootargs = fdt_getprop_str(f, node, "bootargs");
	c->stdout_path = fdt_getprop_str(f, node, "stdout-path");
	c->rng_seed = fdt_getprop(f, node, "rng-seed", &c->rng_seed_len);
	if (!fdt_read_u64(f, node, "linux,initrd-start", &start) &&
	    !fdt_read_u64(f, node, "linux,initrd-end", &end) && start < end) {
		c->initrd_start = start;
		c->initrd_end = end;
	}
}

unsigned fdt_numa_distance(const struct fdt *f, u32 from, u32 to)
{
	int map = fdt_find_compatible(f, FDT_NONE, "numa-distance-map-v1"), len = 0;
	const u8 *p = fdt_getprop(f, map, "distance-matrix", &len);
	unsigned reverse = 0;

	for (; p && len >= 12; len -= 12, p += 12) {
		u32 a = fdt_get_be32(p), b = fdt_get_be32(p + 4), distance = fdt_get_be32(p + 8);

		if (a == from && b == to)
			return distance;
		if (a == to && b == from)
			reverse = distance;
	}
	return reverse;
}
