/*
 * lib/fdt_cpu.h - what a device tree says of the harts' caches, and of which harts share a core.  Theory: fdt_cpu.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FDT_CPU_H
#define VELLUM_FDT_CPU_H

#include "lib/fdt.h"

enum fdt_cache_kind { FDT_CACHE_UNIFIED, FDT_CACHE_INSTRUCTION, FDT_CACHE_DATA, FDT_CACHE_KINDS };

struct fdt_cache {
	int node;			/* who has the same node of a level beyond 1 shares the cache */
	unsigned level;			/* 1: in the cpu node itself */
	enum fdt_cache_kind kind;
	u32 bytes, sets, line;		/* 0: the tree does not say */
};

#define FDT_MAX_CACHES	8

/* 0: fully associative, or the tree does not say enough. */
static inline u32 fdt_cache_ways(const struct fdt_cache *c)
{ return c->sets > 1 && c->line ? c->bytes / c->sets / c->line : 0; }

/* The caches of the hart of @cpu_node into @out (FDT_MAX_CACHES): how many, or -EINVAL for nonsense. */
int fdt_cpu_caches(const struct fdt *f, int cpu_node, struct fdt_cache *out);

struct fdt_cpu_place { int package, cluster, core, thread; };	/* cluster, thread -1: not divided so */

/* Where /cpus/cpu-map has the hart of @cpu_node: 0, -ENOENT (none, or not in it), -EINVAL (none Linux would take). */
__must_check int fdt_cpu_place(const struct fdt *f, int cpu_node, struct fdt_cpu_place *place);

#endif
