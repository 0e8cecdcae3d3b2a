/*
 * test/host/lib/test_list.c - lists against an array.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/host/tap.h"
#include "lib/list.h"

#define MAX	64

struct item {
	int id;
	struct list_head link;
	struct hlist_node hash;
};

static struct item items[MAX];
static int shadow[2][MAX], len[2];	/* two lists, as arrays of ids */
static LIST_HEAD(list0);
static LIST_HEAD(list1);
static struct list_head *heads[2] = { &list0, &list1 };

static bool same(int l)
{
	struct item *it;
	int i = 0;

	list_for_each_entry(it, heads[l], link)
		if (i >= len[l] || shadow[l][i++] != it->id)
			return false;
	if (i != len[l] || list_empty(heads[l]) != !len[l])
		return false;
	list_for_each_entry_reverse(it, heads[l], link)
		if (shadow[l][--i] != it->id)
			return false;
	return i == 0 && list_is_singular(heads[l]) == (len[l] == 1);
}

static void sh_insert(int l, int at, int id)
{
	memmove(&shadow[l][at + 1], &shadow[l][at], (len[l]++ - at) * sizeof(int));
	shadow[l][at] = id;
}

static bool sh_remove(int l, int id)
{
	for (int i = 0; i < len[l]; i++)
		if (shadow[l][i] == id) {
			memmove(&shadow[l][i], &shadow[l][i + 1], (--len[l] - i) * sizeof(int));
			return true;
		}
	return false;
}

static bool on_list(int l, int id)
{
	for (int i = 0; i < len[l]; i++)
		if (shadow[l][i] == id)
			return true;
	return false;
}

static void splice_front(int to, int from)
{
	for (int i = len[from]; i-- > 0; )
		sh_insert(to, 0, shadow[from][i]);
	len[from] = 0;
}

static void step(void)
{
	int id = rnd_below(MAX), l = rnd_below(2);
	struct item *it = &items[id];
	bool here = on_list(l, id), there = on_list(!l, id);

	switch (rnd_below(9)) {
	case 0:
		if (!here && !there) {
			list_add(&it->link, heads[l]);
			sh_insert(l, 0, id);
		}
		break;
	case 1:
		if (!here && !there) {
			list_add_tail(&it->link, heads[l]);
			sh_insert(l, len[l], id);
		}
		break;
	case 2:
		if (here) {
			list_del(&it->link);
			sh_remove(l, id);
		}
		break;
	case 3:
		if (there) {
			list_move(&it->link, heads[l]);
			sh_remove(!l, id);
			sh_insert(l, 0, id);
		}
		break;
	case 4:
		if (here) {
			list_move_tail(&it->link, heads[l]);
			sh_remove(l, id);
			sh_insert(l, len[l], id);
		}
		break;
	case 5:
		if (len[l]) {
			list_rotate_left(heads[l]);
			int first = shadow[l][0];
			sh_remove(l, first);
			sh_insert(l, len[l], first);
		}
		break;
	case 6:
		if (rnd_one_in(8)) {
			list_splice_init(heads[!l], heads[l]);
			splice_front(l, !l);
		}
		break;
	case 7:
		if (rnd_one_in(8) && !len[!l] && len[l]) {	/* cut: the first k move to the other */
			int k = rnd_below(len[l]);
			list_cut_position(heads[!l], heads[l], &items[shadow[l][k]].link);
			for (int i = 0; i <= k; i++)
				sh_insert(!l, len[!l], shadow[l][i]);
			while (k-- >= 0)
				sh_remove(l, shadow[l][0]);
		}
		break;
	case 8:
		if (rnd_one_in(8)) {
			list_splice_tail_init(heads[!l], heads[l]);
			for (int i = 0; i < len[!l]; i++)
				sh_insert(l, len[l], shadow[!l][i]);
			len[!l] = 0;
		}
	}
}

static bool hash_same(struct hlist_head *h, const bool *in)
{
	struct item *it;
	int nr = 0, want = 0;

	hlist_for_each_entry(it, h, hash) {
		if (!in[it->id] || *it->hash.pprev != &it->hash)
			return false;
		nr++;
	}
	for (int i = 0; i < MAX; i++)
		want += in[i];
	return nr == want && hlist_empty(h) == !want;
}

static void test_hlist(void)
{
	HLIST_HEAD(h);
	bool in[MAX] = { 0 };

	for (int i = 0; i < MAX; i++)
		INIT_HLIST_NODE(&items[i].hash);
	for (int i = 0; i < 20000; i++) {
		int id = rnd_below(MAX), other = rnd_below(MAX);

		if (in[id]) {
			hlist_del_init(&items[id].hash);
			CHECK(hlist_unhashed(&items[id].hash));
		} else if (in[other] && rnd_one_in(3)) {
			hlist_add_before(&items[id].hash, &items[other].hash);
		} else if (in[other] && rnd_one_in(3)) {
			hlist_add_behind(&items[id].hash, &items[other].hash);
		} else {
			hlist_add_head(&items[id].hash, &h);
		}
		in[id] = !in[id];
		CHECK(hash_same(&h, in));
	}
	ok(true, "hlist: 20000 random steps");
}

int main(void)
{
	for (int i = 0; i < MAX; i++)
		items[i].id = i;
	for (int i = 0; i < 100000; i++) {
		step();
		CHECK(same(0) && same(1));
	}
	ok(true, "list: 100000 random steps");
	test_hlist();
	LIST_HEAD(h);
	struct item a, b;
	list_add(&a.link, &h);
	b.link = a.link;
	ok(EXPECT_PANIC(list_del(&b.link)), "a node that its neighbours do not know is refused");
	return done_testing();
}
