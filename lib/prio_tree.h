/*
 * lib/prio_tree.h - a priority search tree of intervals [start, last]: who overlaps a range?
 *
 * MODEL     Each node stands for an interval of page indices.  The tree is a heap on `last` (a parent's
 *           is not smaller than its children's) and a radix tree on `start`, whose bits choose left (0)
 *           or right (1) from the highest of index_bits down; below that the bits of the length,
 *           last - start, choose, from the lowest up.  (McCreight's radix priority search tree.)
 *           The root's bits grow with the largest `last` that was ever in the tree.
 *           A raw tree's nodes hold three pointers only; root->index() computes a node's interval.
 *           Two nodes never have the same interval: prio_tree_insert() then returns the one that is
 *           there, and the caller chains the second to it (vm_set in mm_types.h).
 * INVARIANTS
 *   P1  parent.last >= child.last.
 *   P2  A node's start (and length) bits agree with the way from the root to it.
 *   P3  Every last is < 2^index_bits.
 *   P4  root->prio_tree_node->parent is that node itself; n->left and n->right are never NULL,
 *       an absent child is the node itself.
 * LOCKING   The owner's.
 * COST      Insert and remove O(index_bits + 64), in practice the depth of the tree; a query O(index_bits + answers).
 * TESTS     test/host/lib/test_prio_tree.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_PRIO_TREE_H
#define VELLUM_PRIO_TREE_H

#include "include/types.h"

struct prio_tree_node;

struct raw_prio_tree_node {
	struct prio_tree_node *left;
	struct prio_tree_node *right;
	struct prio_tree_node *parent;
};

struct prio_tree_node {
	struct prio_tree_node *left;
	struct prio_tree_node *right;
	struct prio_tree_node *parent;
	unsigned long start;
	unsigned long last;		/* inclusive */
};

struct prio_tree_root {
	struct prio_tree_node *prio_tree_node;
	unsigned short index_bits;
	bool raw;			/* (I) nodes are raw_prio_tree_node: index() knows their interval */
	void (*index)(const struct prio_tree_node *node, unsigned long *start, unsigned long *last);
};

/* Steps through the nodes that overlap [start, last], in pre-order. */
struct prio_tree_iter {
	const struct prio_tree_root *root;
	struct prio_tree_node *cur;
	unsigned long start, last;
	unsigned long prefix;		/* smallest start that the way to cur allows */
	unsigned depth;			/* of cur */
};

static inline void INIT_PRIO_TREE_ROOT(struct prio_tree_root *root)
{
	*root = (struct prio_tree_root){ .index_bits = 1 };
}

static inline void INIT_RAW_PRIO_TREE_ROOT(struct prio_tree_root *root,
		void (*index)(const struct prio_tree_node *, unsigned long *, unsigned long *))
{
	*root = (struct prio_tree_root){ .index_bits = 1, .raw = true, .index = index };
}

static inline void INIT_PRIO_TREE_NODE(struct prio_tree_node *node)
{
	node->left = node->right = node->parent = node;
}

static inline void prio_tree_iter_init(struct prio_tree_iter *it, const struct prio_tree_root *root,
				       unsigned long start, unsigned long last)
{
	*it = (struct prio_tree_iter){ .root = root, .start = start, .last = last };
}

static inline bool prio_tree_empty(const struct prio_tree_root *root) { return !root->prio_tree_node; }
static inline bool prio_tree_left_empty(const struct prio_tree_node *n) { return n->left == n; }
static inline bool prio_tree_right_empty(const struct prio_tree_node *n) { return n->right == n; }
static inline bool prio_tree_root_node(const struct prio_tree_node *n) { return n->parent == n; }

/* Insert @node.  Returns @node, or the node with the same interval, and then nothing was changed. */
struct prio_tree_node *prio_tree_insert(struct prio_tree_root *root, struct prio_tree_node *node);
void prio_tree_remove(struct prio_tree_root *root, struct prio_tree_node *node);
/* Put @node, which is in no tree, in the place of @old, which has the same interval. */
void prio_tree_replace(struct prio_tree_root *root, struct prio_tree_node *old, struct prio_tree_node *node);
/* The next node that overlaps, NULL at the end.  The tree must not change between calls. */
struct prio_tree_node *prio_tree_next(struct prio_tree_iter *it);

#define prio_tree_for_each(node, it, root, start, last) \
	for (prio_tree_iter_init(it, root, start, last); (node = prio_tree_next(it)); )

/* Recount P1..P4.  Number of nodes, or -1 when the tree is broken. */
long prio_tree_verify(const struct prio_tree_root *root);

#endif
