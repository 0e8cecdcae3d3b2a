/*
 * lib/rbtree.h - red-black trees through the objects themselves, plain and augmented.
 *
 * MODEL     The caller descends from root->rb_node with its own comparison to a NULL link, hangs the
 *           node there with rb_link_node(), and calls rb_insert_color().  An augmented tree keeps in each
 *           node a summary of its subtree; the callbacks say how it follows changes of shape:
 *             propagate(node, stop)  recompute node and its ancestors up to, not including, stop
 *             copy(old, new)         new takes old's place, and its summary
 *             rotate(old, new)       new has become old's parent: new's summary is what old's was,
 *                                    old's is recomputed
 *           A caller that links a node into an augmented tree brings the summaries of the ancestors
 *           up to date before rb_insert_augmented().
 * INVARIANTS
 *   R1  The root is black; a red node has black children.
 *   R2  Every way from a node down to a NULL link has the same number of black nodes.
 *   R3  A child's parent pointer names its parent.
 * LOCKING   The owner's.
 * COST      Insert: at most 2 rotations; erase: at most 3.  Depth <= 2 log2(n + 1).
 * TESTS     test/host/lib/test_rbtree.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_RBTREE_H
#define VELLUM_RBTREE_H

#include "include/types.h"

struct rb_node {
	unsigned long __rb_parent_color;	/* parent | colour: 0 red, 1 black */
	struct rb_node *rb_right;
	struct rb_node *rb_left;
} __aligned(sizeof(long));

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_augment_callbacks {
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	void (*copy)(struct rb_node *old, struct rb_node *new_);
	void (*rotate)(struct rb_node *old, struct rb_node *new_);
};

#define RB_ROOT			((struct rb_root){ NULL })
#define rb_entry(ptr, type, member)	container_of(ptr, type, member)
#define rb_entry_safe(ptr, type, member) \
	({ __typeof__(ptr) _p = (ptr); _p ? rb_entry(_p, type, member) : NULL; })
#define rb_parent(n)		((struct rb_node *)((n)->__rb_parent_color & ~3ul))
#define RB_EMPTY_ROOT(root)	((root)->rb_node == NULL)
/* A node that is in no tree names itself as its parent. */
#define RB_EMPTY_NODE(n)	((n)->__rb_parent_color == (unsigned long)(n))
#define RB_CLEAR_NODE(n)	((n)->__rb_parent_color = (unsigned long)(n))

/* Hang @node, red, at @link below @parent (NULL: at the root). */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->__rb_parent_color = (unsigned long)parent;
	node->rb_left = NULL;
	node->rb_right = NULL;
	*link = node;
}

/* @node becomes the only one of the empty @root: no more to be done. */
static inline void rb_plant(struct rb_node *node, struct rb_root *root)
{
	node->__rb_parent_color = 1;
	node->rb_left = NULL;
	node->rb_right = NULL;
	root->rb_node = node;
}
/* Is @node, which is in @root, the only one? */
static inline bool rb_is_alone(const struct rb_node *node, const struct rb_root *root)
{
	return root->rb_node == node && !node->rb_left && !node->rb_right;
}

/* Restore R1 and R2 after rb_link_node(). */
void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *cb);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *cb);

/* @new_ takes the place of @victim, whose key it must share. */
void rb_replace_node(struct rb_node *victim, struct rb_node *new_, struct rb_root *root);

/* In order of keys; NULL past the end. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/* Children before parents: for freeing a whole tree. */
struct rb_node *rb_first_postorder(const struct rb_root *root);
struct rb_node *rb_next_postorder(const struct rb_node *node);

#define rbtree_postorder_for_each_entry_safe(pos, n, root, field) \
	for (pos = rb_entry_safe(rb_first_postorder(root), __typeof__(*pos), field); \
	     pos && ({ n = rb_entry_safe(rb_next_postorder(&pos->field), __typeof__(*pos), field); 1; }); \
	     pos = n)

/* Recount R1..R3.  Number of nodes, or -1 when the tree is broken. */
long rb_verify(const struct rb_root *root);

/*
 * Callbacks for a summary `type field = compute(node)`, kept in each struct rbstruct:
 * RB_DECLARE_CALLBACKS(static, vma_gap_cb, struct vm_area_struct, vm_rb, unsigned long, rb_subtree_gap, f)
 * compute() looks at the node and its two children only.
 */
#define RB_DECLARE_CALLBACKS(rbstatic, name, rbstruct, rbfield, rbtype, rbaugmented, compute) \
static void name##_propagate(struct rb_node *rb, struct rb_node *stop) \
{ \
	while (rb != stop) { \
		rbstruct *node = rb_entry(rb, rbstruct, rbfield); \
		rbtype value = compute(node); \
		if (node->rbaugmented == value) \
			break; \
		node->rbaugmented = value; \
		rb = rb_parent(&node->rbfield); \
	} \
} \
static void name##_copy(struct rb_node *old, struct rb_node *new_) \
{ \
	rb_entry(new_, rbstruct, rbfield)->rbaugmented = rb_entry(old, rbstruct, rbfield)->rbaugmented; \
} \
static void name##_rotate(struct rb_node *old, struct rb_node *new_) \
{ \
	rbstruct *o = rb_entry(old, rbstruct, rbfield); \
	rb_entry(new_, rbstruct, rbfield)->rbaugmented = o->rbaugmented; \
	o->rbaugmented = compute(o); \
} \
rbstatic const struct rb_augment_callbacks name = { \
	.propagate = name##_propagate, .copy = name##_copy, .rotate = name##_rotate }

#endif
