/*
 * lib/fdt_cpu.c - what a device tree says of the harts' caches, and of which harts share a core.
 *
 * MODEL     The caches of level 1 are properties of the cpu node; its next-level-cache names a node that is
 *           compatible with "cache", has a cache-level and may name a further one.  Each node has a unified
 *           cache, or one for instructions and one for data, by the names of their properties.
 *           /cpus/cpu-map is a tree of socketN, clusterN, coreN and threadN, each numbered from 0 below its
 *           parent; the leaves (threads, or cores without) name cpu nodes.  Sockets may be left out, threads
 *           too; clusters may be nested, and the innermost counts.
 * INVARIANTS
 *   C1  Levels rise along a chain: it ends, and cannot go round in circles.
 *   C2  The map is entered at most FDT_MAX_DEPTH deep.
 * COST      caches: O(size) for each level.  Place: O(size of the map) for each hart.
 * TESTS     test/host/lib/test_fdt_cpu.c; test/boot/cpus.py (what programs see of it)
 * SEE       Devicetree Specification v0.4, 3.8 and 3.9;
 *           Linux's Documentation/devicetree/bindings/cpu/cpu-topology.txt
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/fdt_cpu.h"
#include "include/uapi/errno.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

/* ---- caches ---------------------------------------------------------------------------------- */

static const struct { const char *size, *sets, *line, *block; } cache_props[FDT_CACHE_KINDS] = {
	[FDT_CACHE_UNIFIED] = { "cache-size", "cache-sets", "cache-line-size", "cache-block-size" },
	[FDT_CACHE_INSTRUCTION] = { "i-cache-size", "i-cache-sets", "i-cache-line-size", "i-cache-block-size" },
	[FDT_CACHE_DATA] = { "d-cache-size", "d-cache-sets", "d-cache-line-size", "d-cache-block-size" },
};

static u32 number_or_0(const struct fdt *f, int node, const char *name)
{
	u32 v;

	return fdt_read_u32(f, node, name, &v) ? 0 : v;
}

/* The caches of @node behind the @n of @out; how many there are then. */
static unsigned add_caches(const struct fdt *f, int node, unsigned level, struct fdt_cache *out, unsigned n)
{
	for (unsigned kind = 0; kind < FDT_CACHE_KINDS && n < FDT_MAX_CACHES; kind++) {
		if (!fdt_has_prop(f, node, cache_props[kind].size))
			continue;
		out[n] = (struct fdt_cache){
			.node = node, .level = level, .kind = kind,
			.bytes = number_or_0(f, node, cache_props[kind].size),
			.sets = number_or_0(f, node, cache_props[kind].sets),
			.line = number_or_0(f, node, cache_props[kind].line),
		};
		if (!out[n].line)
			out[n].line = number_or_0(f, node, cache_props[kind].block);
		n++;
	}
	return n;
}

static int next_cache_node(const struct fdt *f, int node)
{
	u32 phandle;

	if (fdt_read_u32(f, node, "next-level-cache", &phandle) && fdt_read_u32(f, node, "l2-cache", &phandle))
		return FDT_NONE;
	return fdt_by_phandle(f, phandle);
}

int fdt_cpu_caches(const struct fdt *f, int cpu_node, struct fdt_cache *out)
{
	unsigned n = add_caches(f, cpu_node, 1, out, 0);
	u32 below = 1, level;

	for (int node = next_cache_node(f, cpu_node); node >= 0; node = next_cache_node(f, node)) {
		if (!fdt_is_compatible(f, node, "cache") || fdt_read_u32(f, node, "cache-level", &level) ||
		    level <= below)
			return -EINVAL;		/* C1 */
		n = add_caches(f, node, level, out, n);
		below = level;
	}
	return n;
}

/* ---- cpu-map --------------------------------------------------------------------------------- */

struct search {
	const struct fdt *f;
	u32 phandle;			/* of the cpu node */
	struct fdt_cpu_place at;	/* where the search is */
};

/* The child @base@i of @parent ("core", 2: core2). */
static int numbered_child(const struct fdt *f, int parent, const char *base, unsigned i)
{
	char name[24];

	snprintf(name, sizeof(name), "%s%u", base, i);
	fdt_for_each_child(f, child, parent)
		if (fdt_node_is(f, child, name))
			return child;
	return FDT_NONE;
}

static bool names_cpu(const struct search *s, int node)
{
	u32 phandle;

	return !fdt_read_u32(s->f, node, "cpu", &phandle) && phandle == s->phandle;
}

static int search_core(struct search *s, int core)
{
	int i = 0;

	for (int thread; (thread = numbered_child(s->f, core, "thread", i)) >= 0; i++) {
		s->at.thread = i;
		if (names_cpu(s, thread))
			return 0;
	}
	s->at.thread = -1;
	return !i && names_cpu(s, core) ? 0 : -ENOENT;
}

/* => C2: @depth; s->at has the hart if it is there (0) */
static int search_cluster(struct search *s, int cluster, int id, int depth)
{
	int rc;

	if (depth > FDT_MAX_DEPTH)
		return -EINVAL;
	for (int i = 0, c; (c = numbered_child(s->f, cluster, "cluster", i)) >= 0; i++) {
		rc = search_cluster(s, c, i, depth + 1);
		if (rc != -ENOENT)
			return rc;
	}
	for (int i = 0, core; (core = numbered_child(s->f, cluster, "core", i)) >= 0; i++) {
		if (!depth)
			return -EINVAL;		/* cores stand in clusters */
		s->at.cluster = id;
		s->at.core = i;
		rc = search_core(s, core);
		if (rc != -ENOENT)
			return rc;
	}
	return -ENOENT;
}

int fdt_cpu_place(const struct fdt *f, int cpu_node, struct fdt_cpu_place *place)
{
	struct search s = { .f = f };
	int map = fdt_path(f, "/cpus/cpu-map"), i = 0, rc = -ENOENT;

	if (map < 0 || fdt_read_u32(f, cpu_node, "phandle", &s.phandle))
		return -ENOENT;
	for (int socket; rc == -ENOENT && (socket = numbered_child(f, map, "socket", i)) >= 0; i++) {
		s.at.package = i;
		rc = search_cluster(&s, socket, -1, 0);
	}
	if (!i)
		rc = search_cluster(&s, map, -1, 0);
	if (!rc)
		*place = s.at;
	return rc;
}
