/*
 * lib/xarray.h - a sparse array of pointers with marks: the page cache's index.
 *
 * MODEL     A radix tree of 64-slot nodes.  The root node covers 64 << shift indices; a node at shift 0
 *           is a leaf, its slots hold the entries.  An entry is any pointer but NULL.  Each entry has
 *           XA_MARKS marks; a node's mark bit of a slot says "somewhere below".  Nodes without entries
 *           are freed at once, and the tree shrinks when only its slot 0 is in use.
 * INVARIANTS
 *   X1  node->count is its number of slots in use, and is not 0.
 *   X2  A mark bit of an inner slot is set exactly if a bit of that mark is set in the child.
 *   X3  No mark is set for an empty slot.
 *   X4  The root's shift is 0, or one of its slots above 0 is in use.
 *   X5  A node is whole before a slot or the root leads to it, and is freed only when no reader can be in it:
 *       through the allocator's third function.  Slots of a node that is in nobody's way any more stay.
 * LOCKING   The owner's lock for every call but xa_load() and xa_slot(), for which an RCU reader suffices: they
 *           see each slot as it was at some moment of the call.  Nothing here sleeps but xa_reserve().
 * FAILURE   xa_store() takes nodes from the registered allocator without sleeping, and changes nothing
 *           when there is none (-ENOMEM).  An owner who must not fail under its spin lock then does
 *
 *               struct xa_reserve r = XA_RESERVE_INIT;
 *               if (xa_reserve(&r, index)) return -ENOMEM;	- sleeps, so with no spin lock held
 *               spin_lock(...);
 *               xa_store_reserved(xa, index, entry, &r);	- cannot fail
 *               spin_unlock(...);
 *               xa_unreserve(&r);				- gives back what was not used
 * COST      xa_load: about 10 instructions and 5 per level; a level is 6 bits of the index.
 * TESTS     test/host/lib/test_xarray.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_XARRAY_H
#define VELLUM_XARRAY_H

#include "include/atomic.h"
#include "include/types.h"

#define XA_CHUNK_SHIFT	6
#define XA_CHUNK	(1u << XA_CHUNK_SHIFT)
#define XA_MARKS	3

enum xa_mark { XA_MARK_0, XA_MARK_1, XA_MARK_2 };
#define XA_DIRTY	XA_MARK_0
#define XA_WRITEBACK	XA_MARK_1
#define XA_TOWRITE	XA_MARK_2

struct xa_node {
	u8 shift;			/* of the index, to find the slot: 0 in a leaf */
	u8 offset;			/* of this node in its parent */
	u8 count;			/* slots in use (X1); 64 fits */
	struct xa_node *parent;		/* NULL: the root; links free nodes in an xa_reserve */
	union {
		u64 marks[XA_MARKS];	/* a bit per slot */
		struct rcu_head rcu;	/* unhooked: it has no entries, so no marks */
	};
	void *slots[XA_CHUNK];
};

struct xarray {
	struct xa_node *root;		/* NULL: empty */
};

#define XARRAY_INIT	{ NULL }
static inline void xa_init(struct xarray *xa) { xa->root = NULL; }
static inline bool xa_empty(const struct xarray *xa) { return !xa->root; }

/*
 * Where nodes come from: zeroed, sizeof(struct xa_node) bytes; NULL when there is none.
 * @free takes a node that no reader ever saw, @free_later one that readers may be in (X5): node->rcu is its.
 * => @may_sleep false: called under the owner's spin lock
 */
void xa_set_allocator(void *(*alloc)(bool may_sleep), void (*free)(void *node),
		      void (*free_later)(struct xa_node *node));

/* The slot of @index, or NULL when there is no leaf for it.  Not the owner: valid while the reader lasts. */
static inline void **xa_slot(const struct xarray *xa, unsigned long index)
{
	struct xa_node *node = READ_ONCE(xa->root);
	unsigned shift;

	if (unlikely(!node))
		return NULL;
	shift = node->shift;
	if (unlikely(index >> shift >= XA_CHUNK))
		return NULL;
	for (; shift; shift -= XA_CHUNK_SHIFT) {
		node = READ_ONCE(node->slots[index >> shift & (XA_CHUNK - 1)]);
		if (!node)
			return NULL;
	}
	return &node->slots[index & (XA_CHUNK - 1)];
}

static inline void *xa_load(const struct xarray *xa, unsigned long index)
{
	void **slot = xa_slot(xa, index);

	return slot ? READ_ONCE(*slot) : NULL;
}

/* Make @entry (not NULL) the entry at @index.  A new entry has no marks, a replaced one keeps them. */
__must_check int xa_store(struct xarray *xa, unsigned long index, void *entry);
/* The same where nothing must be there: -EBUSY when something is. */
__must_check int xa_insert(struct xarray *xa, unsigned long index, void *entry);
/* Remove and return the entry at @index, NULL when there is none. */
void *xa_erase(struct xarray *xa, unsigned long index);
/* Free every node; the entries are the caller's. */
void xa_destroy(struct xarray *xa);

struct xa_reserve {
	struct xa_node *nodes;
	unsigned nr;
};
#define XA_RESERVE_INIT	{ NULL, 0 }
/* Hold nodes enough for one store at @index, whatever the tree looks like then.  May sleep. */
__must_check int xa_reserve(struct xa_reserve *r, unsigned long index);
void xa_store_reserved(struct xarray *xa, unsigned long index, void *entry, struct xa_reserve *r);
/* The same as xa_insert(): 0 or -EBUSY, never -ENOMEM. */
__must_check int xa_insert_reserved(struct xarray *xa, unsigned long index, void *entry, struct xa_reserve *r);
void xa_unreserve(struct xa_reserve *r);

/* The first entry at an index in [*index, max]; *index becomes its index.  NULL: none, *index kept. */
void *xa_find(const struct xarray *xa, unsigned long *index, unsigned long max);
void *xa_find_marked(const struct xarray *xa, unsigned long *index, unsigned long max, enum xa_mark mark);
/* Up to @n entries of [start, max] in order into @dst; how many. */
unsigned xa_extract(const struct xarray *xa, void **dst, unsigned long start, unsigned long max, unsigned n);
unsigned xa_extract_marked(const struct xarray *xa, void **dst, unsigned long start, unsigned long max,
			   unsigned n, enum xa_mark mark);
/* The first index in [start, max] without entry, or max + 1 (0 if max is ~0ul) when all have one. */
unsigned long xa_find_hole(const struct xarray *xa, unsigned long start, unsigned long max);

bool xa_get_mark(const struct xarray *xa, unsigned long index, enum xa_mark mark);
/* No effect where there is no entry. */
void xa_set_mark(struct xarray *xa, unsigned long index, enum xa_mark mark);
void xa_clear_mark(struct xarray *xa, unsigned long index, enum xa_mark mark);
static inline bool xa_marked(const struct xarray *xa, enum xa_mark mark)
{ return xa->root && xa->root->marks[mark]; }

#define xa_for_each_range(xa, index, entry, start, max) \
	for (index = (start), entry = xa_find(xa, &index, max); entry; \
	     entry = index++ == (max) ? NULL : xa_find(xa, &index, max))
#define xa_for_each(xa, index, entry)	xa_for_each_range(xa, index, entry, 0, ~0ul)
#define xa_for_each_marked(xa, index, entry, mark) \
	for (index = 0, entry = xa_find_marked(xa, &index, ~0ul, mark); entry; \
	     entry = ++index == 0 ? NULL : xa_find_marked(xa, &index, ~0ul, mark))

/* Recount X1..X4.  Number of entries, or -1 when the tree is broken. */
long xa_verify(const struct xarray *xa);

#endif
