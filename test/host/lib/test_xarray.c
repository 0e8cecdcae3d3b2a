/*
 * test/host/lib/test_xarray.c - the sparse array against a table; every allocation made to fail.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include "test/host/tap.h"
#include "lib/xarray.h"

#define MAX	256

static struct xarray xa;
static unsigned long index_of[MAX];	/* sorted, distinct candidate indices */
static void *entry[MAX];
static u8 marks[MAX];
static int count;

static void *alloc_node(bool may_sleep)
{
	void *p = shim_alloc(sizeof(struct xa_node));

	(void)may_sleep;
	return p ? memset(p, 0, sizeof(struct xa_node)) : NULL;
}

/* A reader may still be in it: what it leads to must not change. */
static void free_unhooked(struct xa_node *node)
{
	node->rcu.func = NULL;
	shim_free(node);
}

static int by_value(const void *a, const void *b)
{
	unsigned long x = *(unsigned long *)a, y = *(unsigned long *)b;

	return x < y ? -1 : x > y;
}

static void choose_indices(void)
{
	int n = 0;

	while (n < MAX) {
		unsigned long base = rnd_one_in(4) ? rnd() >> rnd_below(64) : rnd_below(5000);
		int run = 1 + rnd_below(20);

		while (run-- && n < MAX)
			index_of[n++] = base++;
	}
	index_of[0] = 0;
	index_of[1] = ~0ul;
	qsort(index_of, MAX, sizeof(long), by_value);
	for (int i = 1; i < MAX; i++)		/* distinct: drop repeats to holes near by */
		if (index_of[i] == index_of[i - 1])
			return choose_indices();
}

static void *value(int i) { return (void *)(0x1000ul + 8 * i); }

static void store(int i)
{
	struct xa_reserve r = XA_RESERVE_INIT;
	int rc;

	switch (rnd_below(4)) {
	case 0:
		CHECK(!xa_reserve(&r, index_of[i]));
		shim_fail_alloc(1);
		xa_store_reserved(&xa, index_of[i], value(i), &r);
		CHECK(!shim_alloc_failed());
		shim_fail_alloc(0);
		xa_unreserve(&r);
		break;
	case 1:
		rc = xa_insert(&xa, index_of[i], value(i));
		CHECK(rc == (entry[i] ? -EBUSY : 0));
		break;
	case 2: {	/* without memory nothing changes */
		long nodes = shim_live_allocs();

		shim_fail_alloc(1 + rnd_below(3));
		rc = xa_store(&xa, index_of[i], value(i));
		CHECK(rc == (shim_alloc_failed() ? -ENOMEM : 0));
		shim_fail_alloc(0);
		if (rc) {
			CHECK(shim_live_allocs() == nodes);
			return;
		}
		break;
	}
	default:
		CHECK(!xa_store(&xa, index_of[i], value(i)));
	}
	count += !entry[i];
	entry[i] = value(i);
}

static void step(void)
{
	int i = rnd_below(MAX);
	enum xa_mark m = rnd_below(XA_MARKS);

	switch (rnd_below(7)) {
	case 0: case 1:
		store(i);
		break;
	case 2: case 3:
		CHECK(xa_erase(&xa, index_of[i]) == entry[i]);
		count -= entry[i] != NULL;
		entry[i] = NULL;
		marks[i] = 0;
		break;
	case 4: case 5:
		xa_set_mark(&xa, index_of[i], m);
		if (entry[i])
			marks[i] |= 1 << m;
		break;
	default:
		xa_clear_mark(&xa, index_of[i], m);
		marks[i] &= ~(1 << m);
	}
}

/* The table's answer: first i with an entry (and mark) and index in [start, max]. */
static int first_of(unsigned long start, unsigned long max, int mark)
{
	for (int i = 0; i < MAX; i++)
		if (entry[i] && index_of[i] >= start && index_of[i] <= max && (mark < 0 || marks[i] >> mark & 1))
			return i;
	return -1;
}

static void compare(void)
{
	int i = rnd_below(MAX), mark = (int)rnd_below(XA_MARKS + 1) - 1, want;
	unsigned long a = index_of[rnd_below(MAX)] + rnd_below(3) - 1, b = index_of[rnd_below(MAX)], at = a;
	void *got, *many[40];
	unsigned n, limit = 1 + rnd_below(40);

	CHECK(xa_load(&xa, index_of[i]) == entry[i]);
	for (int m = 0; m < XA_MARKS; m++)
		CHECK(xa_get_mark(&xa, index_of[i], m) == (marks[i] >> m & 1));
	got = mark < 0 ? xa_find(&xa, &at, b) : xa_find_marked(&xa, &at, b, mark);
	want = first_of(a, b, mark);
	CHECK(got == (want < 0 ? NULL : entry[want]));
	CHECK(at == (want < 0 ? a : index_of[want]));
	n = mark < 0 ? xa_extract(&xa, many, a, b, limit) : xa_extract_marked(&xa, many, a, b, limit, mark);
	for (unsigned k = 0; k < n; k++) {
		CHECK(want >= 0 && many[k] == entry[want]);
		want = index_of[want] == ~0ul ? -1 : first_of(index_of[want] + 1, b, mark);
	}
	CHECK(n == limit || want < 0);
	if (a <= b) {
		unsigned long hole = xa_find_hole(&xa, a, b);

		CHECK(hole == b + 1 || !xa_load(&xa, hole));
		CHECK(hole == a || xa_load(&xa, hole - 1));
	}
}

static void test_random(void)
{
	for (int round = 0; round < 8; round++) {
		memset(entry, 0, sizeof(entry));
		memset(marks, 0, sizeof(marks));
		count = 0;
		choose_indices();
		xa_init(&xa);
		for (int i = 0; i < 4000; i++) {
			step();
			if (i % 8 == 0)
				CHECK(xa_verify(&xa) == count);
			compare();
		}
		if (round & 1) {
			for (int i = 0; i < MAX; i++)
				CHECK(xa_erase(&xa, index_of[i]) == entry[i]);
			CHECK(xa_empty(&xa));
		} else {
			xa_destroy(&xa);
		}
		CHECK(shim_live_allocs() == 0);
	}
	ok(true, "8 x 4000 random steps, nothing left over");
}

static int fill(void)
{
	static const unsigned long at[] = { 5, 70, 1ul << 30, 0, ~0ul, 1ul << 20 };
	int rc = 0;

	xa_init(&xa);
	for (int i = 0; i < 6 && !rc; i++) {
		rc = xa_store(&xa, at[i], value(i));
		CHECK(xa_verify(&xa) == i + (rc == 0));
	}
	xa_destroy(&xa);
	return rc;
}

static int reserve(void)
{
	struct xa_reserve r = XA_RESERVE_INIT;
	int rc = xa_reserve(&r, 1ul << 40);

	if (!rc)
		xa_unreserve(&r);
	return rc;
}

int main(void)
{
	unsigned long i;
	void *e;
	int rc, nr = 0;

	xa_set_allocator(alloc_node, shim_free, free_unhooked);
	test_random();
	FOR_EACH_ALLOC_FAILURE(rc = fill(), rc == -ENOMEM);
	FOR_EACH_ALLOC_FAILURE(rc = reserve(), rc == -ENOMEM);
	ok(true, "every failing allocation is an error, and nothing leaks");

	xa_init(&xa);
	for (i = 0; i < 1000; i += 3)
		CHECK(!xa_store(&xa, i, value(i)));
	CHECK(!xa_store(&xa, ~0ul, value(1)));
	xa_for_each(&xa, i, e)
		nr++;
	is_int(nr, 335, "xa_for_each visits all, the last index too");
	nr = 0;
	xa_for_each_range(&xa, i, e, 30, 60)
		nr++;
	is_int(nr, 11, "xa_for_each_range is inclusive");
	xa_set_mark(&xa, ~0ul, XA_DIRTY);
	xa_set_mark(&xa, 33, XA_DIRTY);
	nr = 0;
	xa_for_each_marked(&xa, i, e, XA_DIRTY)
		nr++;
	ok(nr == 2 && xa_marked(&xa, XA_DIRTY) && !xa_marked(&xa, XA_WRITEBACK), "xa_for_each_marked");
	xa_destroy(&xa);
	is_int(shim_live_allocs(), 0, "no node leaks");
	return done_testing();
}
