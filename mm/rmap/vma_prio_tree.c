/*
 * mm/rmap/vma_prio_tree.c - the regions that map a file, found by page range.
 *
 * MODEL     mapping->i_mmap is a priority search tree whose nodes are regions, each an interval of file
 *           pages.  The tree holds one node per interval; the regions with that same interval (parents
 *           and children after fork, libraries) form its set:
 *
 *               tree node T ---head---> F <--list--> ... <--list--> (all with the same interval)
 *                         <---head---
 *
 *           T is in the tree: shared.prio_tree_node, whose `parent` lies where vm_set.parent does and is
 *           never NULL.  F, the first of the set, has parent NULL and head = T; the others are on F's
 *           list with parent NULL and head NULL.  vm_set.head lies behind the three tree pointers, so
 *           T can have both.
 *           A nonlinear region is in mapping->i_mmap_nonlinear by vm_set.list (mm/entry/nonlinear.c).
 *
 *               struct vm_area_struct.shared    T, a tree node     F, the first      another of the set
 *                  0  left       list.next      a child, or T      the list          the list
 *                  8  right      list.prev      a child, or T      the list          the list
 *                 16  parent     parent         never NULL         NULL              NULL
 *                 24             head           F, or NULL         T                 NULL
 *
 * INVARIANTS
 *   T1  Every region of a file that is linear is a tree node or in exactly one tree node's set, with equal interval.
 *   T2  vm_set.parent is not NULL exactly in tree nodes.
 *   T3  A region that may be written counts in i_mmap_writable as long as it is in either.
 * LOCKING   mapping->i_mmap_lock
 * TESTS     test/host/mm/rmap/test_vma_prio_tree.c (a plain list as shadow)
 * SEE       McCreight, Priority Search Trees, SIAM J. Comput. 14 (1985); lib/prio_tree.h
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/rmap/vma_prio_tree.h"
#include "mm/cache/pagemap.h"

BUILD_ASSERT(offsetof(struct vm_area_struct, shared.vm_set.parent) ==
	     offsetof(struct vm_area_struct, shared.prio_tree_node.parent));
BUILD_ASSERT(offsetof(struct vm_area_struct, shared.vm_set.head) >=
	     offsetof(struct vm_area_struct, shared) + sizeof(struct raw_prio_tree_node));

#define set_of(vma)	((vma)->shared.vm_set)

static inline struct prio_tree_node *node_of(struct vm_area_struct *vma)
{
	return (struct prio_tree_node *)&vma->shared.prio_tree_node;
}

static inline struct vm_area_struct *vma_of_node(const struct prio_tree_node *node)
{
	return container_of((const struct raw_prio_tree_node *)node, struct vm_area_struct,
			    shared.prio_tree_node);
}

static void vma_interval(const struct prio_tree_node *node, unsigned long *start, unsigned long *last)
{
	const struct vm_area_struct *vma = vma_of_node(node);

	*start = vma->vm_pgoff;
	*last = vma->vm_pgoff + vma_pages(vma) - 1;
}

void vma_prio_tree_root_init(struct prio_tree_root *root)
{
	INIT_RAW_PRIO_TREE_ROOT(root, vma_interval);
}

static inline bool in_tree(const struct vm_area_struct *vma)
{
	return set_of(vma).parent;		/* T2 */
}

/* @vma maps the same pages as @old, which is in the tree or in a set: join it. */
void vma_prio_tree_add(struct vm_area_struct *vma, struct vm_area_struct *old)
{
	INV(T1, vma->vm_pgoff == old->vm_pgoff && vma_pages(vma) == vma_pages(old));
	set_of(vma).parent = NULL;
	set_of(vma).head = NULL;
	if (!in_tree(old)) {
		list_add(&set_of(vma).list, &set_of(old).list);
	} else if (set_of(old).head) {
		list_add_tail(&set_of(vma).list, &set_of(set_of(old).head).list);
	} else {
		INIT_LIST_HEAD(&set_of(vma).list);
		set_of(vma).head = old;
		set_of(old).head = vma;
	}
}

void vma_prio_tree_insert(struct vm_area_struct *vma, struct prio_tree_root *root)
{
	struct prio_tree_node *there;

	set_of(vma).head = NULL;
	INV(T1, vma->vm_start < vma->vm_end);
	there = prio_tree_insert(root, node_of(vma));
	if (there != node_of(vma))
		vma_prio_tree_add(vma, vma_of_node(there));
}

/* The tree node's own region leaves: the first of its set, if any, takes its place. */
static void remove_tree_node(struct vm_area_struct *vma, struct prio_tree_root *root)
{
	struct vm_area_struct *first = set_of(vma).head, *second = NULL;

	INV(T2, !first || (!in_tree(first) && set_of(first).head == vma));
	if (!first) {
		prio_tree_remove(root, node_of(vma));
		set_of(vma).parent = NULL;
		return;
	}
	if (!list_empty(&set_of(first).list)) {
		second = list_entry(set_of(first).list.next, struct vm_area_struct, shared.vm_set.list);
		list_del(&set_of(first).list);
		set_of(second).head = first;
	}
	INV(T1, vma->vm_pgoff == first->vm_pgoff && vma_pages(vma) == vma_pages(first));
	prio_tree_replace(root, node_of(vma), node_of(first));
	set_of(first).head = second;
	set_of(vma).parent = NULL;
	set_of(vma).head = NULL;
}

void vma_prio_tree_remove(struct vm_area_struct *vma, struct prio_tree_root *root)
{
	struct vm_area_struct *owner = set_of(vma).head;

	if (in_tree(vma)) {
		remove_tree_node(vma, root);
		return;
	}
	INV(T1, !owner || (in_tree(owner) && set_of(owner).head == vma));
	if (owner) {			/* the first of a set: the next becomes first */
		struct vm_area_struct *next = NULL;

		if (!list_empty(&set_of(vma).list)) {
			next = list_entry(set_of(vma).list.next, struct vm_area_struct,
					  shared.vm_set.list);
			set_of(next).head = owner;
		}
		set_of(owner).head = next;
		set_of(vma).head = NULL;
	}
	list_del(&set_of(vma).list);
}

/* After @vma (NULL: the start): the rest of its set, then the next tree node. */
struct vm_area_struct *vma_prio_tree_next(struct vm_area_struct *vma, struct prio_tree_iter *iter)
{
	struct vm_area_struct *next;
	struct prio_tree_node *node;

	if (vma && in_tree(vma)) {
		if (set_of(vma).head)
			return set_of(vma).head;
	} else if (vma) {
		next = list_entry(set_of(vma).list.next, struct vm_area_struct, shared.vm_set.list);
		if (!set_of(next).head)	/* only the first has one: we are round */
			return next;
	}
	node = prio_tree_next(iter);
	return node ? vma_of_node(node) : NULL;
}

void vma_mapping_insert(struct vm_area_struct *vma, struct address_space *mapping)
{
	mutex_assert_held(&mapping->i_mmap_lock);
	if (unlikely(vma->vm_flags & VM_NONLINEAR))
		list_add_tail(&set_of(vma).list, &mapping->i_mmap_nonlinear);
	else
		vma_prio_tree_insert(vma, &mapping->i_mmap);
}

void vma_mapping_remove(struct vm_area_struct *vma, struct address_space *mapping)
{
	mutex_assert_held(&mapping->i_mmap_lock);
	if (unlikely(vma->vm_flags & VM_NONLINEAR))
		list_del(&set_of(vma).list);
	else
		vma_prio_tree_remove(vma, &mapping->i_mmap);
}

void vma_mapping_add_copy(struct vm_area_struct *vma, struct vm_area_struct *old, struct address_space *mapping)
{
	mutex_assert_held(&mapping->i_mmap_lock);
	INV(T3, !vma_shared_maywrite(vma) || atomic_read(&mapping->i_mmap_writable) > 1);
	if (unlikely(vma->vm_flags & VM_NONLINEAR))
		vma_mapping_insert(vma, mapping);
	else
		vma_prio_tree_add(vma, old);
}

void __vma_link_mapping(struct vm_area_struct *vma, struct address_space *mapping)
{
	if (vma_shared_maywrite(vma))
		mapping_allow_writable(mapping);
	vma_mapping_insert(vma, mapping);
}

void __vma_unlink_mapping(struct vm_area_struct *vma, struct address_space *mapping)
{
	if (vma_shared_maywrite(vma))
		mapping_unmap_writable(mapping);
	vma_mapping_remove(vma, mapping);
}

void vma_link_file(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	mutex_lock(&mapping->i_mmap_lock);
	__vma_link_mapping(vma, mapping);
	mutex_unlock(&mapping->i_mmap_lock);
}

void vma_unlink_file(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	mutex_lock(&mapping->i_mmap_lock);
	__vma_unlink_mapping(vma, mapping);
	mutex_unlock(&mapping->i_mmap_lock);
}
