/*
 * lib/prio_tree.c - a radix priority search tree: insertion, removal, range queries.
 *
 * MODEL     At depth d the side of a node is bit index_bits - 1 - d of its start while there are such
 *           bits, then bit d - index_bits of its length.  Both together name an interval, so two
 *           different nodes part somewhere and each finds a free link.
 *           Insertion lets the newcomer sink: where it meets a node with a smaller last it takes
 *           that node's place and the other sinks on.  Removal lets the larger child rise, down to a leaf.
 *           When a larger last comes, the tree grows at the top: each new bit is 0 for everyone in it,
 *           so the node with the largest last becomes the root and all others its left subtree.
 * INVARIANTS and interface: lib/prio_tree.h
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/prio_tree.h"

struct interval {
	unsigned long start, last;
};

static inline struct interval interval_of(const struct prio_tree_root *root, const struct prio_tree_node *n)
{
	struct interval iv;

	if (root->raw)
		root->index(n, &iv.start, &iv.last);
	else
		iv = (struct interval){ n->start, n->last };
	return iv;
}

/* Does the way lead right below depth @depth? */
static inline bool goes_right(const struct prio_tree_root *root, struct interval iv, unsigned depth)
{
	if (depth < root->index_bits)
		return iv.start >> (root->index_bits - 1 - depth) & 1;
	return (iv.last - iv.start) >> (depth - root->index_bits) & 1;
}

static inline bool has_left(const struct prio_tree_node *n) { return n->left != n; }
static inline bool has_right(const struct prio_tree_node *n) { return n->right != n; }

static inline void set_child(struct prio_tree_node *parent, struct prio_tree_node *n, bool right)
{
	if (right)
		parent->right = n;
	else
		parent->left = n;
	n->parent = parent;
}

/* @node, in no tree, takes over the three links of @old. */
static void take_place(struct prio_tree_root *root, struct prio_tree_node *old, struct prio_tree_node *node)
{
	INIT_PRIO_TREE_NODE(node);
	if (prio_tree_root_node(old))
		root->prio_tree_node = node;
	else
		set_child(old->parent, node, old->parent->right == old);
	if (has_left(old))
		set_child(node, old->left, false);
	if (has_right(old))
		set_child(node, old->right, true);
}

void prio_tree_replace(struct prio_tree_root *root, struct prio_tree_node *old, struct prio_tree_node *node)
{
	take_place(root, old, node);
	INIT_PRIO_TREE_NODE(old);
}

/* Take out @leaf, which has no children. */
static void unlink_leaf(struct prio_tree_root *root, struct prio_tree_node *leaf)
{
	struct prio_tree_node *parent = leaf->parent;

	if (parent == leaf)
		root->prio_tree_node = NULL;
	else if (parent->right == leaf)
		parent->right = parent;
	else
		parent->left = parent;
}

/* A leaf below @n along children with the larger last: their row may move up by one. */
static struct prio_tree_node *heir_leaf(struct prio_tree_root *root, struct prio_tree_node *n)
{
	for (;;) {
		if (!has_left(n) && !has_right(n))
			return n;
		if (!has_left(n))
			n = n->right;
		else if (!has_right(n))
			n = n->left;
		else
			n = interval_of(root, n->left).last >= interval_of(root, n->right).last ?
				n->left : n->right;
	}
}

/* Remove without forgetting index_bits. */
static void remove_node(struct prio_tree_root *root, struct prio_tree_node *node)
{
	struct prio_tree_node *cur = heir_leaf(root, node), *up;

	up = cur->parent;
	unlink_leaf(root, cur);
	while (cur != node) {		/* cur is out of the tree and belongs where up is */
		struct prio_tree_node *displaced = up;

		up = displaced->parent;
		take_place(root, displaced, cur);
		cur = displaced;
	}
	INIT_PRIO_TREE_NODE(node);
}

void prio_tree_remove(struct prio_tree_root *root, struct prio_tree_node *node)
{
	remove_node(root, node);
	if (!root->prio_tree_node)
		root->index_bits = 1;
}

static inline unsigned long max_index(unsigned bits)
{
	return ~0ul >> (64 - bits);
}

/* Raise index_bits until @last fits (P3). */
static void expand(struct prio_tree_root *root, unsigned long last)
{
	struct prio_tree_node *top = NULL, *bottom = NULL;
	unsigned bits = fls64(last);
	unsigned added = bits - root->index_bits;

	while (added-- && root->prio_tree_node) {
		struct prio_tree_node *n = root->prio_tree_node;

		remove_node(root, n);
		if (bottom)
			set_child(bottom, n, false);
		else
			top = n;
		bottom = n;
	}
	if (top) {
		if (root->prio_tree_node)
			set_child(bottom, root->prio_tree_node, false);
		root->prio_tree_node = top;
	}
	root->index_bits = bits;
}

struct prio_tree_node *prio_tree_insert(struct prio_tree_root *root, struct prio_tree_node *node)
{
	struct interval iv = interval_of(root, node);
	struct prio_tree_node *cur, *sinking = node;

	ASSERT(iv.start <= iv.last);
	if (iv.last > max_index(root->index_bits))
		expand(root, iv.last);
	INIT_PRIO_TREE_NODE(node);
	if (!root->prio_tree_node) {
		root->prio_tree_node = node;
		return node;
	}

	cur = root->prio_tree_node;
	for (unsigned depth = 0; ; depth++) {
		struct interval civ = interval_of(root, cur);
		bool right;

		if (civ.start == iv.start && civ.last == iv.last)
			return cur;	/* only before anything moved: below us last is <= ours */
		if (civ.last < iv.last) {
			take_place(root, cur, sinking);
			swap(cur, sinking);
			INIT_PRIO_TREE_NODE(sinking);
			iv = civ;
		}
		right = goes_right(root, iv, depth);
		if (right ? !has_right(cur) : !has_left(cur)) {
			set_child(cur, sinking, right);
			return node;
		}
		cur = right ? cur->right : cur->left;
	}
}

/* The bit of start that the links below @depth decide, 0 where the length decides. */
static inline unsigned long depth_bit(const struct prio_tree_root *root, unsigned depth)
{
	return depth < root->index_bits ? 1ul << (root->index_bits - 1 - depth) : 0;
}

/* Move to a child if something below it can overlap: its last is the largest there. */
static bool descend(struct prio_tree_iter *it, bool right)
{
	struct prio_tree_node *child = right ? it->cur->right : it->cur->left;
	unsigned long prefix = it->prefix;

	if (child == it->cur)
		return false;
	if (right)
		prefix |= depth_bit(it->root, it->depth);
	if (prefix > it->last || interval_of(it->root, child).last < it->start)
		return false;
	it->cur = child;
	it->prefix = prefix;
	it->depth++;
	return true;
}

/* The next candidate in pre-order: its subtree may hold answers. */
static struct prio_tree_node *step(struct prio_tree_iter *it)
{
	struct prio_tree_node *from;

	if (!it->cur) {
		it->cur = it->root->prio_tree_node;
		return it->cur && interval_of(it->root, it->cur).last >= it->start ? it->cur : NULL;
	}
	if (descend(it, false) || descend(it, true))
		return it->cur;
	do {
		bool was_left;

		from = it->cur;
		if (prio_tree_root_node(from))
			return NULL;
		it->cur = from->parent;
		it->depth--;
		was_left = it->cur->left == from;
		if (!was_left) {
			it->prefix &= ~depth_bit(it->root, it->depth);
			continue;
		}
		if (descend(it, true))
			return it->cur;
	} while (true);
}

struct prio_tree_node *prio_tree_next(struct prio_tree_iter *it)
{
	struct prio_tree_node *n;

	while ((n = step(it)))
		if (interval_of(it->root, n).start <= it->last)
			return n;
	return NULL;
}

/* Do the bits of @n's interval lead from the root to it? (P2) */
static bool way_agrees(const struct prio_tree_root *root, const struct prio_tree_node *n, unsigned depth)
{
	struct interval iv = interval_of(root, n);

	while (depth--) {
		if (goes_right(root, iv, depth) != (n->parent->right == n))
			return false;
		n = n->parent;
	}
	return true;
}

static long verify_subtree(const struct prio_tree_root *root, const struct prio_tree_node *n,
			   const struct prio_tree_node *parent, unsigned depth)
{
	struct interval iv = interval_of(root, n);
	long left = 0, right = 0;

	if (n->parent != (parent ? parent : n) || iv.start > iv.last || depth >= root->index_bits + 64u)
		return -1;
	if (iv.last > max_index(root->index_bits) || !way_agrees(root, n, depth))	/* P3, P2 */
		return -1;
	if (parent && iv.last > interval_of(root, parent).last)				/* P1 */
		return -1;
	if (has_left(n))
		left = verify_subtree(root, n->left, n, depth + 1);
	if (has_right(n))
		right = verify_subtree(root, n->right, n, depth + 1);
	return left < 0 || right < 0 ? -1 : left + right + 1;
}

long prio_tree_verify(const struct prio_tree_root *root)
{
	return root->prio_tree_node ? verify_subtree(root, root->prio_tree_node, NULL, 0) : 0;
}
