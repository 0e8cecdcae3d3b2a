/*
 * lib/fdt.h - read a flattened device tree.
 *
 * MODEL     The blob is a header, a block of memory reservations, a structure block of big-endian words
 *           (node begin + name, property, node end, nop) and a block of property names.  A node is named
 *           by its offset in the structure block (int, >= 0); the root is 0, -1 is "none".  Nothing is
 *           allocated or remembered: struct fdt holds checked sizes only.  A parent is found by a walk from the
 *           root; who looks for many has marks made, and walks begin at the nearest before the node.  The same marks
 *           name the nodes that have a phandle.
 *           The blob is input and may lie.  fdt_init() checks the header against itself; every step
 *           checks the word it reads; every loop moves forward or is bounded, so that a mutated blob
 *           costs time at most O(size) per call (O(size * depth) where parents are looked up; with marks a
 *           FDT_MARKS-th of that).
 *           Works before relocation: no pointers in data.
 * INVARIANTS
 *   D1  No byte outside [blob, blob + totalsize) is read, nor beyond `limit` when it is smaller.
 *   D2  A string that is returned has its NUL inside the blob.
 *   D3  A property that is returned has all its bytes inside the structure block.
 * FAILURE   int functions: -ENOENT not there, -EINVAL malformed.  Pointers: NULL for both.
 * TESTS     test/host/lib/test_fdt.c (against libfdt, and thousands of mutated blobs)
 * SEE       Devicetree Specification v0.4, chapter 5
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FDT_H
#define VELLUM_FDT_H

#include "include/types.h"

#define FDT_MAGIC	0xd00dfeedu
#define FDT_NONE	(-1)
#define FDT_MAX_DEPTH	32	/* deeper nodes are malformed */
#define FDT_MAX_CELLS	4	/* in one number; more are malformed */

#define FDT_MARKS	32
#define FDT_PHANDLES	128

/* Nodes at about equal distances, each with those above it: path[depth] is the node itself; who has a phandle. */
struct fdt_marks {
	unsigned nr, nr_phandles;	/* nr_phandles > FDT_PHANDLES: there are more, which are looked for */
	struct { int depth, path[FDT_MAX_DEPTH]; } at[FDT_MARKS];
	struct { u32 phandle; int node; } phandles[FDT_PHANDLES];
};

struct fdt {
	const u8 *blob;
	const struct fdt_marks *marks;	/* NULL: none */
	u32 totalsize;
	u32 off_struct, size_struct;
	u32 off_strings, size_strings;
	u32 off_rsvmap;
	u32 boot_cpuid;
};

/* Check the header of the blob at @p, of which at most @limit bytes may be read (0: unknown). */
__must_check int fdt_init(struct fdt *f, const void *p, size_t limit);
/* Make @m the marks of @f.  Nothing but properties that are no phandles may go from the blob after that. */
void fdt_mark(struct fdt *f, struct fdt_marks *m);
/* Bytes of the blob at @p as its header says, 0 if the magic number is wrong. */
u32 fdt_totalsize(const void *p);
/* Walk the whole structure block once: 0 if every word of it makes sense. */
__must_check int fdt_check(const struct fdt *f);

/* ---- nodes ----------------------------------------------------------------------------------- */

/* The node after @node in file order, FDT_NONE at the end.  *depth (may be NULL) moves along. */
int fdt_next_node(const struct fdt *f, int node, int *depth);
int fdt_first_child(const struct fdt *f, int node);
int fdt_next_sibling(const struct fdt *f, int node);
int fdt_parent(const struct fdt *f, int node);
#define fdt_for_each_child(f, child, node) \
	for (int child = fdt_first_child(f, node); child >= 0; child = fdt_next_sibling(f, child))

/* Name with unit address ("cpu@0"; "" for the root), NULL when malformed. */
const char *fdt_node_name(const struct fdt *f, int node);
/* The name up to '@' is @base ("cpu"), or all of it is ("cpu@0"). */
bool fdt_node_is(const struct fdt *f, int node, const char *base);
/* Absolute path, or an alias and a path ("serial0", "serial0:115200"); '@unit' may be left out. */
int fdt_path(const struct fdt *f, const char *path);
int fdt_by_phandle(const struct fdt *f, u32 phandle);
/* The next node after @prev (FDT_NONE: from the start) that is compatible with @what. */
int fdt_find_compatible(const struct fdt *f, int prev, const char *what);
bool fdt_is_compatible(const struct fdt *f, int node, const char *what);
/* status is absent, "okay" or "ok". */
bool fdt_node_status_ok(const struct fdt *f, int node);
/* The node and all its parents are. */
bool fdt_node_available(const struct fdt *f, int node);

/* ---- properties ------------------------------------------------------------------------------ */

/* Value of a property and its length in *len (may be NULL). */
const void *fdt_getprop(const struct fdt *f, int node, const char *name, int *len);
static inline bool fdt_has_prop(const struct fdt *f, int node, const char *name)
{ int len; return fdt_getprop(f, node, name, &len) != NULL; }
/* Step through properties: *pos starts at 0.  1: one was found, 0: the end. */
int fdt_next_prop(const struct fdt *f, int node, int *pos, const char **name, const void **val, int *len);
/* Put NOPs in the place of a property, so that nobody finds it again: the blob is in memory that can be written. */
void fdt_nop_prop(const struct fdt *f, int node, const char *name);
/* Value as a string that ends inside the property, or NULL. */
const char *fdt_getprop_str(const struct fdt *f, int node, const char *name);
/* The idx-th string of a list, or NULL. */
const char *fdt_getprop_nth_str(const struct fdt *f, int node, const char *name, int idx);
/* The first cell / one or two cells as a number: 0, -ENOENT, -EINVAL. */
__must_check int fdt_read_u32(const struct fdt *f, int node, const char *name, u32 *val);
__must_check int fdt_read_u64(const struct fdt *f, int node, const char *name, u64 *val);
/* The idx-th cell of a property. */
__must_check int fdt_read_u32_idx(const struct fdt *f, int node, const char *name, int idx, u32 *val);
/* @cells (0..4) big-endian cells at @p as a number; -EINVAL when it exceeds 64 bits. */
__must_check int fdt_read_cells(const void *p, u32 cells, u64 *val);
u32 fdt_get_be32(const void *p);
u64 fdt_get_be64(const void *p);

/* #address-cells and #size-cells that @node sets for its children (defaults 2 and 1). */
void fdt_cells(const struct fdt *f, int node, u32 *na, u32 *ns);
/* The idx-th (address, size) of reg as @node's bus sees it, and as the processor does. */
__must_check int fdt_get_reg_raw(const struct fdt *f, int node, int idx, u64 *addr, u64 *size);
__must_check int fdt_get_reg(const struct fdt *f, int node, int idx, u64 *addr, u64 *size);
/* Any property that is a list of such pairs: in @bus's cells, as it is; in the parent's, as the processor sees it. */
__must_check int fdt_get_pair(const struct fdt *f, int bus, int node, const char *name, int idx, u64 *addr,
			      u64 *size);
__must_check int fdt_get_range(const struct fdt *f, int node, const char *name, int idx, u64 *addr, u64 *size);
/* An address of the bus below @bus, as the processor sees it: through every `ranges` up to the root. */
__must_check int fdt_translate(const struct fdt *f, int bus, u64 addr, u64 size, u64 *cpu_addr);

/*
 * The idx-th interrupt of @node: its controller (node offset) and up to *ncells cells of specifier.
 * interrupts-extended wins over interrupts; interrupt-parent is inherited.
 */
__must_check int fdt_get_irq(const struct fdt *f, int node, int idx, int *controller, u32 *cells, u32 *ncells);
/* Number of interrupts-extended (or interrupts) entries. */
int fdt_count_irqs(const struct fdt *f, int node);
/*
 * The same for each interrupt of @node in turn, *at being 0 at first: -ENOENT after the last one.  Looking for the
 * i-th one walks the tree for each before it.
 */
__must_check int fdt_next_irq(const struct fdt *f, int node, int *at, int *controller, u32 *cells, u32 *ncells);

/* ---- machine facts --------------------------------------------------------------------------- */

struct fdt_range {
	u64 base, size;
	int nid;		/* numa-node-id, -1: the tree does not say */
	bool nomap;		/* reserved: must not even be mapped */
	bool hotplug;
};
/*
 * Steps through RAM: every reg entry of every available node of device_type "memory", size > 0; entries of
 * linux,usable-memory instead in a node that has it (who starts a crash kernel says what it may use).
 * `struct fdt_iter it = FDT_ITER_INIT; while (fdt_next_memory(f, &it, &r)) ...`
 */
struct fdt_iter { int node, idx; };
#define FDT_ITER_INIT	{ FDT_NONE, 0 }
bool fdt_next_memory(const struct fdt *f, struct fdt_iter *it, struct fdt_range *r);
/* The memory-reservation block, then the reg entries below /reserved-memory, if that can be understood. */
bool fdt_next_reserved(const struct fdt *f, struct fdt_iter *it, struct fdt_range *r);
#define fdt_for_each_memory(f, it, r) \
	for (struct fdt_iter it = FDT_ITER_INIT; fdt_next_memory(f, &it, r); )
#define fdt_for_each_reserved(f, it, r) \
	for (struct fdt_iter it = FDT_ITER_INIT; fdt_next_reserved(f, &it, r); )

/* /reserved-memory counts in other cells than the root, or does not map its addresses: who knows what it means? */
bool fdt_reserved_malformed(const struct fdt *f);
/* A node below /reserved-memory that leaves its place to us: size, no reg.  alloc-ranges: fdt_get_range(). */
struct fdt_area {
	int node;
	const char *name;
	u64 size, align;	/* align 0: the tree does not say */
	bool nomap, reusable;
	bool bad;		/* its numbers make no sense */
};
bool fdt_next_area(const struct fdt *f, struct fdt_iter *it, struct fdt_area *a);
#define fdt_for_each_area(f, it, a) \
	for (struct fdt_iter it = FDT_ITER_INIT; fdt_next_area(f, &it, a); )
/* The lowest range of /chosen/linux,usable-memory-range that ends above @from: false, there is none. */
bool fdt_usable_range(const struct fdt *f, u64 from, u64 *start, u64 *end);

struct fdt_cpu {
	u64 hartid;
	int node;
	int nid;			/* numa-node-id, -1 */
	bool enabled;			/* status okay */
	const char *mmu;		/* mmu-type, NULL: none */
	const char *isa;		/* riscv,isa, NULL */
};
/* Harts in file order; FDT_ITER_INIT first. */
bool fdt_next_cpu(const struct fdt *f, struct fdt_iter *it, struct fdt_cpu *cpu);
#define fdt_for_each_cpu(f, it, cpu) \
	for (struct fdt_iter it = FDT_ITER_INIT; fdt_next_cpu(f, &it, cpu); )
/* Runs Linux-like kernels: enabled and with an MMU. */
static inline bool fdt_cpu_usable(const struct fdt_cpu *c) { return c->enabled && c->mmu; }
/* timebase-frequency of /cpus, or of its first cpu that has one. */
__must_check int fdt_timebase(const struct fdt *f, u64 *hz);
/* The isa string, or the list riscv,isa-extensions, names extension @ext ("svnapot", "c"). */
bool fdt_cpu_has_ext(const struct fdt *f, int cpu_node, const char *ext);

struct fdt_chosen {
	const char *bootargs;		/* NULL: none */
	const char *stdout_path;
	u64 initrd_start, initrd_end;	/* both 0: none */
	const void *rng_seed;
	int rng_seed_len;
};
void fdt_chosen(const struct fdt *f, struct fdt_chosen *c);

/* Distance of two nodes of numa-distance-map-v1, in either direction if only one is given; 0 unknown. */
unsigned fdt_numa_distance(const struct fdt *f, u32 from, u32 to);

#endif
