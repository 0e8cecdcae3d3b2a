/*
 * test/host/lib/test_rbtree.c - red-black trees, plain and augmented, against a table of keys.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/host/tap.h"
#include "lib/rbtree.h"

#define KEYS	500

struct item {
	struct rb_node rb;
	int key;
	u64 value, subtree_max;
};

static struct item items[KEYS];
static bool present[KEYS];
static struct rb_root root;
static int count;

static u64 compute(struct item *it)
{
	u64 m = it->value;

	if (it->rb.rb_left)
		m = max(m, rb_entry(it->rb.rb_left, struct item, rb)->subtree_max);
	if (it->rb.rb_right)
		m = max(m, rb_entry(it->rb.rb_right, struct item, rb)->subtree_max);
	return m;
}
RB_DECLARE_CALLBACKS(static, max_cb, struct item, rb, u64, subtree_max, compute);

static void insert(struct item *it, bool augmented)
{
	struct rb_node **link = &root.rb_node, *parent = NULL;

	while (*link) {
		struct item *p = rb_entry(*link, struct item, rb);

		parent = *link;
		if (augmented)
			p->subtree_max = max(p->subtree_max, it->value);
		link = it->key < p->key ? &parent->rb_left : &parent->rb_right;
	}
	it->subtree_max = it->value;
	if (!augmented && !parent) {
		rb_plant(&it->rb, &root);
		if (!rb_is_alone(&it->rb, &root))
			exit(1);
		return;
	}
	rb_link_node(&it->rb, parent, link);
	if (augmented)
		rb_insert_augmented(&it->rb, &root, &max_cb);
	else
		rb_insert_color(&it->rb, &root);
}

static bool summaries_right(void)
{
	for (struct rb_node *n = rb_first_postorder(&root); n; n = rb_next_postorder(n))
		if (rb_entry(n, struct item, rb)->subtree_max != compute(rb_entry(n, struct item, rb)))
			return false;
	return true;
}

static bool order_right(void)
{
	struct rb_node *n = rb_first(&root), *last = NULL;

	for (int k = 0; k < KEYS; k++) {
		if (!present[k])
			continue;
		if (!n || rb_entry(n, struct item, rb)->key != k || rb_prev(n) != last)
			return false;
		last = n;
		n = rb_next(n);
	}
	return !n && rb_last(&root) == last;
}

static void run(bool augmented, int steps)
{
	static struct item spare;

	root = RB_ROOT;
	memset(present, 0, sizeof(present));
	count = 0;
	for (int i = 0; i < steps; i++) {
		/* Waves of growth and decline, so that all sizes come up. */
		int k = rnd_below(i / 1000 % 2 ? KEYS : 12);
		struct item *it = &items[k];

		it->key = k;
		if (!present[k]) {
			it->value = rnd_below(1000);
			insert(it, augmented);
			count++;
		} else if (!augmented && rnd_one_in(10)) {
			spare = *it;
			rb_replace_node(&it->rb, &spare.rb, &root);
			CHECK(rb_verify(&root) == count);
			rb_replace_node(&spare.rb, &it->rb, &root);
			continue;
		} else {
			if (augmented)
				rb_erase_augmented(&it->rb, &root, &max_cb);
			else
				rb_erase(&it->rb, &root);
			memset(&it->rb, 0x5a, sizeof(it->rb));
			count--;
		}
		present[k] = !present[k];
		CHECK(rb_verify(&root) == count);
		CHECK(!augmented || summaries_right());
		if (i % 50 == 0)
			CHECK(order_right());
	}
}

int main(void)
{
	struct rb_node n;

	run(false, 20000);
	ok(order_right(), "plain: 20000 random insertions and removals");
	run(true, 20000);
	ok(order_right() && summaries_right(), "augmented: 20000 with subtree maxima");
	ok(!rb_is_alone(rb_first(&root), &root) && !rb_is_alone(root.rb_node, &root), "of many none is alone");
	RB_CLEAR_NODE(&n);
	ok(RB_EMPTY_NODE(&n) && !rb_next(&n), "a cleared node is in no tree");
	if (root.rb_node && root.rb_node->rb_left) {
		root.rb_node->rb_left->__rb_parent_color ^= 1;
		ok(rb_verify(&root) < 0, "the validator sees a wrong colour");
	}
	return done_testing();
}
