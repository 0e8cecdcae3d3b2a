/*
 * test/host/lib/test_prio_tree.c - the priority search tree against a plain list of intervals.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/host/tap.h"
#include "lib/prio_tree.h"

#define MAX	300

struct raw_item {
	unsigned long start, last;
	struct raw_prio_tree_node node;
};

static struct prio_tree_node items[MAX];
static struct raw_item raw[MAX];
static bool present[MAX];
static struct prio_tree_root root;
static bool is_raw;
static int count;

static void raw_index(const struct prio_tree_node *n, unsigned long *start, unsigned long *last)
{
	const struct raw_item *it = container_of((const struct raw_prio_tree_node *)n, const struct raw_item, node);

	*start = it->start;
	*last = it->last;
}

static struct prio_tree_node *node_of(int i)
{
	return is_raw ? (struct prio_tree_node *)&raw[i].node : &items[i];
}

static unsigned long *start_of(int i) { return is_raw ? &raw[i].start : &items[i].start; }
static unsigned long *last_of(int i) { return is_raw ? &raw[i].last : &items[i].last; }

static int number_of(struct prio_tree_node *n)
{
	for (int i = 0; i < MAX; i++)
		if (node_of(i) == n)
			return i;
	return -1;
}

static int twin_of(int i)
{
	for (int j = 0; j < MAX; j++)
		if (j != i && present[j] && *start_of(j) == *start_of(i) && *last_of(j) == *last_of(i))
			return j;
	return -1;
}

/* An index: mostly small, at times huge. */
static unsigned long rnd_index(void)
{
	switch (rnd_below(12)) {
	case 0: return rnd();
	case 1: return rnd() >> rnd_below(64);
	case 2: return ~0ul - rnd_below(4);
	default: return rnd_below(40);
	}
}

static bool query_right(void)
{
	unsigned long a = rnd_index(), b = rnd_index();
	struct prio_tree_iter it;
	struct prio_tree_node *n;
	bool seen[MAX] = { 0 };
	int got = 0, want = 0;

	if (a > b)
		swap(a, b);
	prio_tree_for_each(n, &it, &root, a, b) {
		int i = number_of(n);

		if (i < 0 || !present[i] || seen[i] || *start_of(i) > b || *last_of(i) < a)
			return false;
		seen[i] = true;
		got++;
	}
	for (int i = 0; i < MAX; i++)
		want += present[i] && *start_of(i) <= b && *last_of(i) >= a;
	return got == want;
}

static void step(void)
{
	int i = rnd_below(MAX), twin;
	struct prio_tree_node *n = node_of(i);

	if (present[i]) {
		if (rnd_one_in(8)) {		/* exchange the nodes of equal intervals */
			int j = rnd_below(MAX);

			if (!present[j] && j != i) {
				*start_of(j) = *start_of(i);
				*last_of(j) = *last_of(i);
				prio_tree_replace(&root, n, node_of(j));
				present[i] = false;
				present[j] = true;
			}
			return;
		}
		prio_tree_remove(&root, n);
		present[i] = false;
		count--;
		return;
	}
	*start_of(i) = rnd_index();
	*last_of(i) = rnd_index();
	if (*start_of(i) > *last_of(i))
		swap(*start_of(i), *last_of(i));
	twin = twin_of(i);
	if (twin >= 0) {
		CHECK(prio_tree_insert(&root, n) == node_of(twin));
		return;
	}
	CHECK(prio_tree_insert(&root, n) == n);
	present[i] = true;
	count++;
}

static void run(bool use_raw)
{
	is_raw = use_raw;
	memset(present, 0, sizeof(present));
	count = 0;
	if (is_raw)
		INIT_RAW_PRIO_TREE_ROOT(&root, raw_index);
	else
		INIT_PRIO_TREE_ROOT(&root);
	for (int i = 0; i < 15000; i++) {
		step();
		CHECK(prio_tree_verify(&root) == count);
		CHECK(query_right());
	}
	for (int i = 0; i < MAX; i++)
		if (present[i])
			prio_tree_remove(&root, node_of(i));
	ok(prio_tree_empty(&root) && root.index_bits == 1, "%s nodes: 15000 random steps, then empty",
	   is_raw ? "raw" : "whole");
}

int main(void)
{
	run(false);
	run(true);

	/* Many regions of one file that all begin at 0: the length alone tells them apart. */
	static struct prio_tree_node same[200];
	struct prio_tree_iter it;
	struct prio_tree_node *n;
	int nr = 0;

	INIT_PRIO_TREE_ROOT(&root);
	for (int i = 0; i < 200; i++) {
		same[i].last = i;
		CHECK(prio_tree_insert(&root, &same[i]) == &same[i]);
	}
	prio_tree_for_each(n, &it, &root, 150, 1000)
		nr++;
	ok(prio_tree_verify(&root) == 200 && nr == 50, "200 intervals with one start");
	return done_testing();
}
