/*
 * lib/rbtree.c - red-black trees: insertion, removal, order.
 *
 * MODEL     A colour lives in bit 0 of the parent word, 1 is black, and a NULL link counts as black.
 *           `dir` names a side: 0 left, 1 right; every case is written once and compiled for both.
 *           rotate_down(x, dir), with y the child of x on the other side:
 *
 *                x              y
 *               / \            / \
 *              a   y    =>    x   c        (dir = 0: x goes down to the left)
 *                 / \        / \
 *                b   c      a   b
 *
 * INVARIANTS and interface: lib/rbtree.h
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/rbtree.h"

#define RB_BLACK	1ul

static __always_inline struct rb_node **kid(struct rb_node *n, int dir)
{
	return dir ? &n->rb_right : &n->rb_left;
}

static inline bool is_black(const struct rb_node *n) { return !n || n->__rb_parent_color & RB_BLACK; }
static inline bool is_red(const struct rb_node *n) { return !is_black(n); }
static inline void set_black(struct rb_node *n) { n->__rb_parent_color |= RB_BLACK; }
static inline void set_red(struct rb_node *n) { n->__rb_parent_color &= ~RB_BLACK; }

static inline void set_parent(struct rb_node *n, struct rb_node *parent)
{
	n->__rb_parent_color = (n->__rb_parent_color & RB_BLACK) | (unsigned long)parent;
}

/* @parent's link to @old (the root's, if it is NULL) now leads to @new_. */
static inline void change_child(struct rb_node *old, struct rb_node *new_, struct rb_node *parent,
				struct rb_root *root)
{
	if (!parent)
		root->rb_node = new_;
	else if (parent->rb_left == old)
		parent->rb_left = new_;
	else
		parent->rb_right = new_;
}

static __always_inline void rotate_down(struct rb_node *x, int dir, struct rb_root *root,
					const struct rb_augment_callbacks *cb)
{
	struct rb_node *y = *kid(x, !dir), *b = *kid(y, dir), *parent = rb_parent(x);

	*kid(x, !dir) = b;
	if (b)
		set_parent(b, x);
	*kid(y, dir) = x;
	set_parent(y, parent);
	set_parent(x, y);
	change_child(x, y, parent, root);
	if (cb)
		cb->rotate(x, y);
}

/*
 * @node and its parent, the @side child of its parent, are both red: repair R1.
 * Returns the node where the same may now hold two levels up, NULL when all is well.
 */
static __always_inline struct rb_node *insert_step(struct rb_node *node, struct rb_node *parent,
						   struct rb_node *gparent, int side,
						   struct rb_root *root,
						   const struct rb_augment_callbacks *cb)
{
	struct rb_node *uncle = *kid(gparent, !side);

	if (is_red(uncle)) {		/* push the black of gparent down */
		set_black(uncle);
		set_black(parent);
		set_red(gparent);
		return gparent;
	}
	if (node == *kid(parent, !side)) {	/* inner grandchild: make it the outer */
		rotate_down(parent, side, root, cb);
		parent = node;
	}
	rotate_down(gparent, !side, root, cb);
	set_black(parent);
	set_red(gparent);
	return NULL;
}

static __always_inline void insert_fix(struct rb_node *node, struct rb_root *root,
				       const struct rb_augment_callbacks *cb)
{
	while (node) {
		struct rb_node *parent = rb_parent(node), *gparent;

		if (!parent) {
			set_black(node);
			return;
		}
		if (is_black(parent))
			return;
		gparent = rb_parent(parent);	/* exists: a red node is not the root */
		if (parent == gparent->rb_left)
			node = insert_step(node, parent, gparent, 0, root, cb);
		else
			node = insert_step(node, parent, gparent, 1, root, cb);
	}
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	insert_fix(node, root, NULL);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *cb)
{
	insert_fix(node, root, cb);
}

/* @node has two children: its successor takes its place.  Returns as unlink_node() does. */
static __always_inline struct rb_node *unlink_inner(struct rb_node *node, struct rb_root *root,
						    const struct rb_augment_callbacks *cb)
{
	struct rb_node *next = node->rb_right, *parent = next, *child;
	bool was_black;

	while (next->rb_left) {
		parent = next;
		next = next->rb_left;
	}
	child = next->rb_right;
	if (cb)
		cb->copy(node, next);
	if (parent != next) {
		parent->rb_left = child;
		next->rb_right = node->rb_right;
		set_parent(next->rb_right, next);
		if (cb)
			cb->propagate(parent, next);
	}
	next->rb_left = node->rb_left;
	set_parent(next->rb_left, next);
	change_child(node, next, rb_parent(node), root);
	was_black = is_black(next);
	next->__rb_parent_color = node->__rb_parent_color;
	if (cb)
		cb->propagate(next, NULL);
	if (child) {		/* red, under a black one: it takes over the black */
		child->__rb_parent_color = (unsigned long)parent | RB_BLACK;
		return NULL;
	}
	return was_black ? parent : NULL;
}

/* Take @node out; returns the parent of the NULL link that now misses a black node, or NULL. */
static __always_inline struct rb_node *unlink_node(struct rb_node *node, struct rb_root *root,
						   const struct rb_augment_callbacks *cb)
{
	struct rb_node *parent, *child;

	if (node->rb_left && node->rb_right)
		return unlink_inner(node, root, cb);
	parent = rb_parent(node);
	child = node->rb_left ? node->rb_left : node->rb_right;
	change_child(node, child, parent, root);
	if (child)		/* an only child is red and childless (R2), node black */
		child->__rb_parent_color = node->__rb_parent_color;
	if (cb)
		cb->propagate(parent, NULL);
	return !child && is_black(node) ? parent : NULL;
}

/*
 * The subtree on side @dir of @parent has one black less than the other side: repair R2.
 * Returns the node whose whole subtree is now one short, NULL when all is well.
 */
static __always_inline struct rb_node *erase_step(struct rb_node *parent, int dir, struct rb_root *root,
						  const struct rb_augment_callbacks *cb)
{
	struct rb_node *sib = *kid(parent, !dir), *far, *near;

	if (is_red(sib)) {		/* get a black sibling */
		rotate_down(parent, dir, root, cb);
		set_black(sib);
		set_red(parent);
		sib = *kid(parent, !dir);
	}
	far = *kid(sib, !dir);
	near = *kid(sib, dir);
	if (is_black(far) && is_black(near)) {
		set_red(sib);
		if (is_black(parent))
			return parent;
		set_black(parent);
		return NULL;
	}
	if (is_black(far)) {
		rotate_down(sib, !dir, root, cb);
		set_black(near);
		set_red(sib);
		far = sib;
		sib = near;
	}
	rotate_down(parent, dir, root, cb);
	if (is_red(parent))
		set_red(sib);
	else
		set_black(sib);
	set_black(parent);
	set_black(far);
	return NULL;
}

static __always_inline void erase(struct rb_node *victim, struct rb_root *root,
				  const struct rb_augment_callbacks *cb)
{
	struct rb_node *parent = unlink_node(victim, root, cb), *node = NULL;

	while (parent) {
		if (parent->rb_right != node)
			node = erase_step(parent, 0, root, cb);
		else
			node = erase_step(parent, 1, root, cb);
		parent = node ? rb_parent(node) : NULL;
	}
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	erase(node, root, NULL);
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *cb)
{
	erase(node, root, cb);
}

void rb_replace_node(struct rb_node *victim, struct rb_node *new_, struct rb_root *root)
{
	*new_ = *victim;
	if (victim->rb_left)
		set_parent(victim->rb_left, new_);
	if (victim->rb_right)
		set_parent(victim->rb_right, new_);
	change_child(victim, new_, rb_parent(victim), root);
}

static __always_inline struct rb_node *outermost(struct rb_node *n, int dir)
{
	while (n && *kid(n, dir))
		n = *kid(n, dir);
	return n;
}

struct rb_node *rb_first(const struct rb_root *root) { return outermost(root->rb_node, 0); }
struct rb_node *rb_last(const struct rb_root *root) { return outermost(root->rb_node, 1); }

static __always_inline struct rb_node *neighbour(struct rb_node *n, int dir)
{
	struct rb_node *parent;

	if (RB_EMPTY_NODE(n))
		return NULL;
	if (*kid(n, dir))
		return outermost(*kid(n, dir), !dir);
	while ((parent = rb_parent(n)) && n == *kid(parent, dir))
		n = parent;
	return parent;
}

struct rb_node *rb_next(const struct rb_node *node) { return neighbour((struct rb_node *)node, 1); }
struct rb_node *rb_prev(const struct rb_node *node) { return neighbour((struct rb_node *)node, 0); }

static struct rb_node *deepest_left(struct rb_node *n)
{
	while (n->rb_left || n->rb_right)
		n = n->rb_left ? n->rb_left : n->rb_right;
	return n;
}

struct rb_node *rb_first_postorder(const struct rb_root *root)
{
	return root->rb_node ? deepest_left(root->rb_node) : NULL;
}

struct rb_node *rb_next_postorder(const struct rb_node *node)
{
	struct rb_node *parent = rb_parent(node);

	if (parent && node == parent->rb_left && parent->rb_right)
		return deepest_left(parent->rb_right);
	return parent;
}

/* Black height of the subtree (NULL: 0), -1 when broken; adds its nodes to *nr. */
static long verify_subtree(const struct rb_node *n, const struct rb_node *parent, long *nr)
{
	long left, right;

	if (!n)
		return 0;
	if (rb_parent(n) != parent)					/* R3 */
		return -1;
	if (is_red(n) && (is_red(n->rb_left) || is_red(n->rb_right)))	/* R1 */
		return -1;
	left = verify_subtree(n->rb_left, n, nr);
	right = verify_subtree(n->rb_right, n, nr);
	if (left < 0 || left != right)					/* R2 */
		return -1;
	++*nr;
	return left + is_black(n);
}

long rb_verify(const struct rb_root *root)
{
	long nr = 0;

	if (is_red(root->rb_node) || verify_subtree(root->rb_node, NULL, &nr) < 0)
		return -1;
	return nr;
}
