/*
 * lib/xarray.c - the sparse pointer array: storing, erasing, marks, searches.
 *
 * MODEL     A store first makes room: roots are put on top until the index is covered, then the way down is
 *           completed; new nodes that stay without an entry because a later one could not be had are
 *           pruned again.
 *           Searches are one routine: `want` is NULL for "any entry" or the number of a mark; each
 *           level turns a node into a 64-bit word of candidate slots.
 * INVARIANTS and interface: lib/xarray.h
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/xarray.h"

#define XA_MASK		(XA_CHUNK - 1)
#define XA_MAX_LEVELS	11		/* 64 bits in chunks of 6 */
#define ANY_ENTRY	(-1)

static void *(*node_alloc)(bool may_sleep);
static void (*node_free)(void *node);
static void (*node_free_later)(struct xa_node *node);

void xa_set_allocator(void *(*alloc)(bool may_sleep), void (*free)(void *node),
		      void (*free_later)(struct xa_node *node))
{
	node_alloc = alloc;
	node_free = free;
	node_free_later = free_later;
}

static inline unsigned slot_of(const struct xa_node *node, unsigned long index)
{
	return index >> node->shift & XA_MASK;
}

/* The largest index below a root at @shift. */
static inline unsigned long max_of_shift(unsigned shift)
{
	return shift + XA_CHUNK_SHIFT >= 64 ? ~0ul : (1ul << (shift + XA_CHUNK_SHIFT)) - 1;
}

static bool covers(const struct xa_node *root, unsigned long index)
{
	return root && index <= max_of_shift(root->shift);
}

static void set_root(struct xarray *xa, struct xa_node *root)
{
	smp_store_release(&xa->root, root);		/* X5 */
}

/* A zeroed node, from @r when there is one. */
static struct xa_node *get_node(struct xa_reserve *r)
{
	struct xa_node *node;

	if (!r)
		return node_alloc(false);
	node = r->nodes;
	ASSERT(node);
	r->nodes = node->parent;
	r->nr--;
	node->parent = NULL;
	return node;
}

static void link_node(struct xa_node *parent, unsigned offset, struct xa_node *node)
{
	node->parent = parent;
	node->offset = offset;
	smp_store_release(&parent->slots[offset], node);	/* X5 */
	parent->count++;
}

/* The child at @offset of the inner @node, made if it is not there; NULL without memory. */
static struct xa_node *make_child(struct xa_node *node, unsigned offset, struct xa_reserve *r)
{
	struct xa_node *child = node->slots[offset];

	if (child)
		return child;
	child = get_node(r);
	if (child) {
		child->shift = node->shift - XA_CHUNK_SHIFT;
		link_node(node, offset, child);
	}
	return child;
}

/* Put roots on top until @index is covered; 0 or -ENOMEM with the tree covering less, but sound. */
static int grow(struct xarray *xa, unsigned long index, struct xa_reserve *r)
{
	struct xa_node *root;

	if (!xa->root) {
		root = get_node(r);
		if (!root)
			return -ENOMEM;
		while (index > max_of_shift(root->shift))
			root->shift += XA_CHUNK_SHIFT;
		set_root(xa, root);
		return 0;
	}
	while (!covers(xa->root, index)) {
		struct xa_node *old = xa->root;

		root = get_node(r);
		if (!root)
			return -ENOMEM;
		root->shift = old->shift + XA_CHUNK_SHIFT;
		for (unsigned m = 0; m < XA_MARKS; m++)
			root->marks[m] = old->marks[m] != 0;
		link_node(root, 0, old);
		set_root(xa, root);
	}
	return 0;
}

/* Drop nodes from @node upwards that hold nothing, then roots that have only a slot 0. */
static void shrink(struct xarray *xa, struct xa_node *node)
{
	while (node && !node->count) {
		struct xa_node *parent = node->parent;

		if (parent) {
			WRITE_ONCE(parent->slots[node->offset], NULL);
			parent->count--;
		} else {
			set_root(xa, NULL);
		}
		node_free_later(node);
		node = parent;
	}
	while (xa->root && xa->root->shift && xa->root->count == 1 && xa->root->slots[0]) {
		struct xa_node *old = xa->root, *root = old->slots[0];

		root->parent = NULL;
		root->offset = 0;
		set_root(xa, root);
		node_free_later(old);
	}
}

/* The leaf for @index, made as needed. */
static struct xa_node *make_leaf(struct xarray *xa, unsigned long index, struct xa_reserve *r)
{
	struct xa_node *node, *child;

	if (unlikely(!covers(xa->root, index)) && grow(xa, index, r)) {
		shrink(xa, NULL);
		return NULL;
	}
	for (node = xa->root; node->shift; node = child) {
		child = make_child(node, slot_of(node, index), r);
		if (!child) {
			shrink(xa, node);
			return NULL;
		}
	}
	return node;
}

static struct xa_node *find_leaf(const struct xarray *xa, unsigned long index)
{
	struct xa_node *node = xa->root;

	if (!covers(node, index))
		return NULL;
	while (node && node->shift)
		node = node->slots[slot_of(node, index)];
	return node;
}

enum if_present { REPLACE, REFUSE };

static int store(struct xarray *xa, unsigned long index, void *entry, struct xa_reserve *r,
		 enum if_present how)
{
	struct xa_node *leaf = make_leaf(xa, index, r);
	void **slot;

	ASSERT(entry);
	if (!leaf)
		return -ENOMEM;
	slot = &leaf->slots[index & XA_MASK];
	if (*slot && how == REFUSE)
		return -EBUSY;
	leaf->count += !*slot;
	smp_store_release(slot, entry);			/* what it points to is whole for who finds it */
	return 0;
}

int xa_store(struct xarray *xa, unsigned long index, void *entry)
{
	return store(xa, index, entry, NULL, REPLACE);
}

int xa_insert(struct xarray *xa, unsigned long index, void *entry)
{
	return store(xa, index, entry, NULL, REFUSE);
}

void xa_store_reserved(struct xarray *xa, unsigned long index, void *entry, struct xa_reserve *r)
{
	int rc = store(xa, index, entry, r, REPLACE);

	ASSERT(!rc);
}

int xa_insert_reserved(struct xarray *xa, unsigned long index, void *entry, struct xa_reserve *r)
{
	return store(xa, index, entry, r, REFUSE);
}

/* Clear @mark of slot @offset, and upwards where it was the last one (X2). */
static void clear_mark_up(struct xa_node *node, unsigned offset, enum xa_mark mark)
{
	while (node && node->marks[mark] >> offset & 1) {
		node->marks[mark] &= ~(1ull << offset);
		if (node->marks[mark])
			break;
		offset = node->offset;
		node = node->parent;
	}
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	struct xa_node *leaf = find_leaf(xa, index);
	unsigned offset = index & XA_MASK;
	void *entry;

	if (!leaf)
		return NULL;
	entry = leaf->slots[offset];
	if (!entry)
		return NULL;
	for (unsigned m = 0; m < XA_MARKS; m++)
		clear_mark_up(leaf, offset, m);
	WRITE_ONCE(leaf->slots[offset], NULL);
	if (--leaf->count == 0)
		shrink(xa, leaf);
	return entry;
}

static void free_subtree(struct xa_node *node)
{
	for (unsigned i = 0; node->shift && i < XA_CHUNK; i++)
		if (node->slots[i])
			free_subtree(node->slots[i]);
	node_free_later(node);
}

void xa_destroy(struct xarray *xa)
{
	struct xa_node *root = xa->root;

	set_root(xa, NULL);
	if (root)
		free_subtree(root);
}

/* Most nodes for one store: a root chain up to the index's height, and a way down from its top. */
int xa_reserve(struct xa_reserve *r, unsigned long index)
{
	unsigned levels = max(1u, DIV_ROUND_UP(fls64(index), XA_CHUNK_SHIFT));

	/* A tree that is higher than the index needs has its whole way down to complete. */
	unsigned want = max(2 * levels, XA_MAX_LEVELS);

	while (r->nr < want) {
		struct xa_node *node = node_alloc(true);

		if (!node) {
			xa_unreserve(r);
			return -ENOMEM;
		}
		node->parent = r->nodes;
		r->nodes = node;
		r->nr++;
	}
	return 0;
}

void xa_unreserve(struct xa_reserve *r)
{
	while (r->nodes) {
		struct xa_node *node = r->nodes;

		r->nodes = node->parent;
		node_free(node);
	}
	r->nr = 0;
}

/* ---- searches -------------------------------------------------------------------------------- */

/* Offset of the first slot >= @from of @node that is in use, or marked; XA_CHUNK if none. */
static inline unsigned next_slot(const struct xa_node *node, unsigned from, int mark)
{
	if (mark == ANY_ENTRY) {
		while (from < XA_CHUNK && !node->slots[from])
			from++;
		return from;
	}
	if (from >= XA_CHUNK || !(node->marks[mark] >> from))
		return XA_CHUNK;
	return from + __builtin_ctzll(node->marks[mark] >> from);
}

/*
 * Find the leaf of the first candidate in [*index, max], and make *index its index.
 * NULL when there is none.
 */
static struct xa_node *seek(const struct xarray *xa, unsigned long *index, unsigned long max, int mark)
{
	struct xa_node *node = xa->root;
	unsigned long i = *index;

	if (!covers(node, i))
		return NULL;
	for (;;) {
		unsigned slot = slot_of(node, i), found = next_slot(node, slot, mark);

		if (found == XA_CHUNK) {	/* nothing here: on behind this node */
			unsigned long behind = i | max_of_shift(node->shift);

			if (behind >= max || behind >= max_of_shift(xa->root->shift))
				return NULL;
			i = behind + 1;
			node = xa->root;	/* at most once per level: inner slots lead to entries */
			continue;
		}
		if (found != slot)
			i = (i & ~max_of_shift(node->shift)) | (unsigned long)found << node->shift;
		if (i > max)
			return NULL;
		if (!node->shift) {
			*index = i;
			return node;
		}
		node = node->slots[found];
	}
}

static void *find(const struct xarray *xa, unsigned long *index, unsigned long max, int mark)
{
	unsigned long i = *index;
	struct xa_node *leaf = i <= max ? seek(xa, &i, max, mark) : NULL;

	if (!leaf)
		return NULL;
	*index = i;
	return leaf->slots[i & XA_MASK];
}

void *xa_find(const struct xarray *xa, unsigned long *index, unsigned long max)
{
	return find(xa, index, max, ANY_ENTRY);
}

void *xa_find_marked(const struct xarray *xa, unsigned long *index, unsigned long max, enum xa_mark mark)
{
	return find(xa, index, max, mark);
}

static unsigned extract(const struct xarray *xa, void **dst, unsigned long start, unsigned long max,
			unsigned n, int mark)
{
	unsigned got = 0;

	while (got < n && start <= max) {
		struct xa_node *leaf = seek(xa, &start, max, mark);
		unsigned long base = start & ~(unsigned long)XA_MASK;
		unsigned slot = start & XA_MASK;

		if (!leaf)
			break;
		for (; slot < XA_CHUNK && got < n && base + slot <= max; slot = next_slot(leaf, slot + 1, mark))
			dst[got++] = leaf->slots[slot];
		start = base + XA_CHUNK;
		if (!start)
			break;
	}
	return got;
}

unsigned xa_extract(const struct xarray *xa, void **dst, unsigned long start, unsigned long max, unsigned n)
{
	return extract(xa, dst, start, max, n, ANY_ENTRY);
}

unsigned xa_extract_marked(const struct xarray *xa, void **dst, unsigned long start, unsigned long max,
			   unsigned n, enum xa_mark mark)
{
	return extract(xa, dst, start, max, n, mark);
}

unsigned long xa_find_hole(const struct xarray *xa, unsigned long start, unsigned long max)
{
	while (start <= max) {
		struct xa_node *leaf = find_leaf(xa, start);

		if (!leaf)
			return start;
		do {
			if (!leaf->slots[start & XA_MASK])
				return start;
		} while (start++ != max && start & XA_MASK);
		if (start - 1 == max)
			return start;
	}
	return start;
}

/* ---- marks ----------------------------------------------------------------------------------- */

bool xa_get_mark(const struct xarray *xa, unsigned long index, enum xa_mark mark)
{
	const struct xa_node *leaf = find_leaf(xa, index);

	return leaf && leaf->marks[mark] >> (index & XA_MASK) & 1;
}

void xa_set_mark(struct xarray *xa, unsigned long index, enum xa_mark mark)
{
	struct xa_node *node = find_leaf(xa, index);
	unsigned offset = index & XA_MASK;

	if (!node || !node->slots[offset])
		return;
	while (node && !(node->marks[mark] >> offset & 1)) {
		node->marks[mark] |= 1ull << offset;
		offset = node->offset;
		node = node->parent;
	}
}

void xa_clear_mark(struct xarray *xa, unsigned long index, enum xa_mark mark)
{
	struct xa_node *leaf = find_leaf(xa, index);

	if (leaf)
		clear_mark_up(leaf, index & XA_MASK, mark);
}

/* ---- validator ------------------------------------------------------------------------------- */

static long verify_node(const struct xa_node *node, const struct xa_node *parent, unsigned offset)
{
	unsigned used = 0;
	long total = 0;

	if (node->parent != parent || node->offset != offset)
		return -1;
	for (unsigned i = 0; i < XA_CHUNK; i++) {
		const struct xa_node *child = node->slots[i];
		long below = 1;

		used += child != NULL;
		if (child && node->shift) {
			if (child->shift != node->shift - XA_CHUNK_SHIFT)
				return -1;
			below = verify_node(child, node, i);
		}
		if (below < 0)
			return -1;
		total += child ? below : 0;
		for (unsigned m = 0; m < XA_MARKS; m++) {
			bool set = node->marks[m] >> i & 1;

			if (set && !child)					/* X3 */
				return -1;
			if (child && node->shift && set != (child->marks[m] != 0))	/* X2 */
				return -1;
		}
	}
	return used && used == node->count ? total : -1;			/* X1 */
}

long xa_verify(const struct xarray *xa)
{
	const struct xa_node *root = xa->root;

	if (!root)
		return 0;
	if (root->shift && root->count == 1 && root->slots[0])			/* X4 */
		return -1;
	return verify_node(root, NULL, 0);
}
