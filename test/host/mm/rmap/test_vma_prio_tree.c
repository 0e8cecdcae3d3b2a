/*
 * i_mmap: random regions of a file come, go and are looked for; a plain array is the shadow.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/rmap/vma_prio_tree.c
#include "test/host/tap.h"
#include "include/fs.h"
#include "mm/rmap/vma_prio_tree.h"

#define MAX	200

static struct vm_area_struct vmas[MAX];
static bool in[MAX], seen[MAX];
static struct prio_tree_root root;

static unsigned long first_of(unsigned i) { return vmas[i].vm_pgoff; }
static unsigned long last_of(unsigned i)
{ return first_of(i) + ((vmas[i].vm_end - vmas[i].vm_start) >> PAGE_SHIFT) - 1; }

static void random_region(unsigned i, unsigned spread)
{
	vmas[i].vm_start = rnd_below(1000) << PAGE_SHIFT;
	vmas[i].vm_end = vmas[i].vm_start + ((1 + rnd_below(spread)) << PAGE_SHIFT);
	vmas[i].vm_pgoff = rnd_below(spread * 2);
}

/* Every region that overlaps is found once, and no other. */
static void check_query(unsigned long begin, unsigned long end)
{
	struct prio_tree_iter iter;
	struct vm_area_struct *vma;
	unsigned want = 0, got = 0;

	memset(seen, 0, sizeof(seen));
	vma_prio_tree_foreach(vma, &iter, &root, begin, end) {
		unsigned i = vma - vmas;

		CHECK(in[i] && !seen[i]);
		CHECK(first_of(i) <= end && last_of(i) >= begin);
		seen[i] = true;
		got++;
	}
	for (unsigned i = 0; i < MAX; i++)
		want += in[i] && first_of(i) <= end && last_of(i) >= begin;
	CHECK(want == got);
}

static void storm(unsigned spread)
{
	unsigned nr = 0;

	memset(in, 0, sizeof(in));
	vma_prio_tree_root_init(&root);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = rnd_below(MAX), j = rnd_below(MAX);

		if (in[i]) {
			vma_prio_tree_remove(&vmas[i], &root);
			in[i] = false;
			nr--;
		} else if (in[j] && rnd_one_in(2)) {	/* fork: the same pages */
			vmas[i] = vmas[j];
			vma_prio_tree_add(&vmas[i], &vmas[j]);
			in[i] = true;
			nr++;
		} else {
			random_region(i, spread);
			vma_prio_tree_insert(&vmas[i], &root);
			in[i] = true;
			nr++;
		}
		if (step % 8 == 0) {
			unsigned long begin = rnd_below(spread * 3);

			check_query(begin, begin + rnd_below(spread));
		}
	}
	check_query(0, ~0ul >> 1);
	for (unsigned i = 0; i < MAX; i++)
		if (in[i])
			vma_prio_tree_remove(&vmas[i], &root);
	CHECK(prio_tree_empty(&root));
	ok(true, "20000 steps, intervals of up to %u pages", spread);
}

int main(void)
{
	storm(2);
	storm(8);
	storm(100);
	storm(5000);
	return done_testing();
}
