/*
 * test/host/lib/test_fdt.c - our device-tree reader against libfdt on every tree of dts/, what the trees say of
 * their machines, then mutated and truncated blobs, of which the reader may say anything as long as it stays
 * inside the blob and comes to an end.
 *
 * Blobs lie in memory of their exact size, so that AddressSanitizer sees a single byte too far.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: lib/fdt.c lib/fdt_bus.c lib/fdt_machine.c test/host/lib/libfdt_oracle.c
// CFLAGS: -Dfdt_next_node=our_next_node -Dfdt_getprop=our_getprop
// LIBS: -lfdt
#include <errno.h>
#include <glob.h>
#include "test/host/tap.h"
#include "lib/fdt.h"
#include "test/host/lib/libfdt_oracle.h"

static u8 *blob;
static size_t blob_size;
static struct fdt fdt, *f = &fdt;

static void load(const char *path)
{
	FILE *fp = fopen(path, "rb");

	CHECK(fp);
	fseek(fp, 0, SEEK_END);
	blob_size = ftell(fp);
	rewind(fp);
	blob = malloc(blob_size);
	CHECK(blob && fread(blob, 1, blob_size, fp) == blob_size);
	fclose(fp);
	CHECK(!fdt_init(f, blob, blob_size) && !fdt_check(f));
}

static void load_name(const char *name)
{
	char path[100];

	free(blob);
	snprintf(path, sizeof(path), "build/dts/%s.dtb", name);
	load(path);
}

/* ---- against libfdt -------------------------------------------------------------------------- */

static int none(int node) { return node < 0 ? -1 : node; }

static void same_props(int node)
{
	int pos = 0, len, our_len;
	const char *name, *our_name;
	const void *val, *our_val;

	for (int i = 0; (val = o_prop(blob, node, i, &name, &len)); i++) {
		CHECK(fdt_next_prop(f, node, &pos, &our_name, &our_val, &our_len) == 1);
		CHECK(our_val == val && our_len == len && !strcmp(our_name, name));
		CHECK(fdt_getprop(f, node, name, &our_len) == val && our_len == len);
	}
	CHECK(!fdt_next_prop(f, node, &pos, &our_name, &our_val, &our_len));
	CHECK(!fdt_getprop(f, node, "no-such-property", NULL));
}

static void same_node(int node, int depth)
{
	char path[256];
	unsigned phandle = o_phandle(blob, node);
	u32 na, ns;

	CHECK(!strcmp(fdt_node_name(f, node), o_name(blob, node)));
	CHECK(fdt_parent(f, node) == (depth ? o_parent(blob, node) : -1));
	CHECK(!o_get_path(blob, node, path, sizeof(path)));
	CHECK(fdt_path(f, path) == o_path(blob, path));
	CHECK(fdt_first_child(f, node) == none(o_first_child(blob, node)));
	CHECK(fdt_next_sibling(f, node) == (depth ? none(o_next_sibling(blob, node)) : -1));
	if (phandle)
		CHECK(fdt_by_phandle(f, phandle) == none(o_by_phandle(blob, phandle)));
	fdt_cells(f, node, &na, &ns);
	/* Below 0: libfdt refuses them; we do where they are used. */
	CHECK((int)na == o_address_cells(blob, node) || !na || o_address_cells(blob, node) < 0);
	CHECK((int)ns == o_size_cells(blob, node) || o_size_cells(blob, node) < 0);
	same_props(node);
}

static void same_compatible(const char *what)
{
	int ours = FDT_NONE, theirs = -1;

	do {
		ours = fdt_find_compatible(f, ours, what);
		theirs = o_compatible(blob, theirs, what);
		CHECK(ours == none(theirs));
	} while (ours >= 0);
}

/* The tree in `blob`, every node and property of it; nodes. */
static int same_everything(void)
{
	int node = FDT_NONE, theirs = -1, depth = 0, their_depth = 0, nr = 0;
	struct fdt_range r;

	CHECK(!o_check(blob, blob_size));
	for (;;) {
		node = fdt_next_node(f, node, &depth);
		theirs = nr ? o_next_node(blob, theirs, &their_depth) : 0;
		CHECK(node == (their_depth < 0 ? -1 : none(theirs)));	/* below 0: behind the root's end */
		if (node < 0)
			break;
		CHECK(depth == their_depth);
		same_node(node, depth);
		nr++;
	}
	same_compatible("riscv,plic0");
	same_compatible("virtio,mmio");
	same_compatible("simple-bus");
	same_compatible("ns16550");
	struct fdt_iter it = FDT_ITER_INIT;
	for (int i = 0; i < o_num_rsv(blob); i++) {
		unsigned long addr, size;

		o_rsv(blob, i, &addr, &size);
		CHECK(fdt_next_reserved(f, &it, &r) && r.base == addr && r.size == size);
	}
	return nr;
}

static void same_tree(const char *path)
{
	int nr;

	free(blob);
	load(path);
	nr = same_everything();
	ok(nr > 5, "%s: %d nodes as libfdt sees them", path, nr);
}

/* ---- facts of our trees ---------------------------------------------------------------------- */

static void facts_text(char *buf, size_t n)
{
	struct fdt_range r;
	struct fdt_area area;
	struct fdt_cpu cpu;
	u64 start, end = 0;
	size_t at = 0;

	fdt_for_each_memory(f, it, &r)
		at += snprintf(buf + at, n - at, "M%llx+%llx/%d ", (long long)r.base, (long long)r.size, r.nid);
	fdt_for_each_reserved(f, it, &r)
		at += snprintf(buf + at, n - at, "R%llx+%llx%s ", (long long)r.base, (long long)r.size,
			       r.nomap ? "!" : "");
	fdt_for_each_area(f, it, &area)
		at += snprintf(buf + at, n - at, "A%s:%llx/%llx%s%s ", area.name, (long long)area.size,
			       (long long)area.align, area.nomap ? "!" : "", area.bad ? "?" : "");
	while (fdt_usable_range(f, end, &start, &end))
		at += snprintf(buf + at, n - at, "U%llx-%llx ", (long long)start, (long long)end);
	fdt_for_each_cpu(f, it, &cpu)
		at += snprintf(buf + at, n - at, "C%llx%s/%d ", (long long)cpu.hartid,
			       fdt_cpu_usable(&cpu) ? "" : "-", cpu.nid);
	buf[at ? at - 1 : 0] = 0;
}

static void facts_of(const char *name, const char *want)
{
	char buf[1024];

	load_name(name);
	facts_text(buf, sizeof(buf));
	is_str(buf, want, "%s: memory, reservations, harts", name);
}

static void test_facts(void)
{
	facts_of("qemu-virt-1node", "M80000000+20000000/-1 C0/-1 C1/-1 C2/-1 C3/-1");
	facts_of("qemu-virt-2node-hole", "M80000000+c000000/0 M90000000+10000000/1 C0/0 C1/0 C2/1 C3/1");
	facts_of("qemu-virt-4node", "M80000000+10000000/0 M90000000+10000000/1 Ma0000000+8000000/3 "
		 "Mb0000000+10000000/3 C0/0 C1/1 C2/0 C3/2");
	facts_of("qemu-virt-border", "M8a234000+1000/1 M90001000+ffff000/1 M8a303000+5cfe000/2 M8a235000+cb000/0 "
		 "M80000000+a234000/0 C0/0 C1/1 C2/2 C3/2");
	facts_of("qemu-virt-odd", "M98000000+8000000/-1 M88000000+4000000/-1 M80000000+8000000/-1 "
		 "M8c000000+4000000/-1 M90000000+7ffe800/-1 R90000123+456 R90000000+1000 R1000000000+10000 "
		 "R91000800+2000 R91002000+100000! R93000000+1000! Apool:400000/0 C0/-1 C1/-1 C2-/-1 C3-/-1");
	facts_of("qemu-virt-crash", "M80000000+10000000/-1 M90000000+800000/-1 U80100000-90000000 "
		 "U90000000-91000000 Ua0000000-a1000000 C0/-1 C1/-1 C2/-1 C3/-1");
	facts_of("qemu-virt-areas", "M80000000+20000000/-1 R96000000+2000000 Aranged:4000000/200000! "
		 "Asecond-choice:800000/0 Aanywhere:2000000/0 Aodd-size:1801/0! Atoo-large:400000000/0 "
		 "Aone-cell:0/0? Ano-power-of-two:100000/3000? C0/-1 C1/-1 C2/-1 C3/-1");
	facts_of("qemu-virt-bad-cells", "M80000000+20000000/-1 C0/-1 C1/-1 C2/-1 C3/-1");
	facts_of("odd-1cell", "M0+400000/-1 M400000+400000/-1 M1000000+600000/-1 R0+20000 C5/-1 C9-/-1");
	facts_of("ram-at-0", "M0+80000000/-1 M100000000+80000000/-1 R0+80000! C0/-1 C1/-1 C2/-1 C3/-1 C4/-1 "
		 "C5/-1 C6/-1 C7/-1");
	facts_of("sifive-unleashed", "M80000000+40000000/-1 C0-/-1 C1/-1 C2/-1 C3/-1 C4/-1");
	facts_of("visionfive2", "M40000000+100000000/-1 C0-/-1 C1/-1 C2/-1 C3/-1 C4/-1");
}

static void test_one_cell(void)
{
	struct fdt_chosen c;
	u64 addr = 0, size = 0, hz = 0;
	u32 cells[3], n = 3;
	int uart, plic, ctl;

	load_name("odd-1cell");
	fdt_chosen(f, &c);
	ok(c.initrd_start == 0x200000 && c.initrd_end == 0x280000, "initrd of one cell");
	ok(c.rng_seed_len == 32 && fdt_get_be32(c.rng_seed) == 1, "rng-seed");
	is_str(c.bootargs, "console=ttyS0", "bootargs");
	fdt_nop_prop(f, fdt_path(f, "/chosen"), "rng-seed");
	fdt_nop_prop(f, fdt_path(f, "/chosen"), "rng-seed");
	fdt_chosen(f, &c);
	ok(!c.rng_seed && !fdt_check(f) && c.initrd_end == 0x280000,
	   "a property that became NOPs, and what is around it");
	uart = fdt_path(f, c.stdout_path);
	ok(uart >= 0 && fdt_node_is(f, uart, "serial") && fdt_is_compatible(f, uart, "ns16550a"),
	   "stdout-path through an alias with options");
	ok(uart == fdt_path(f, "/bus/serial") && uart == fdt_path(f, "/bus@40000000/serial@1000"),
	   "paths with and without unit addresses");
	ok(!fdt_get_reg(f, uart, 0, &addr, &size) && addr == 0x40001000 && size == 0x100, "reg through ranges");
	ok(!fdt_get_reg(f, uart, 1, &addr, &size) && addr == 0x60000800 && size == 0x800, "the second range");
	ok(fdt_get_reg(f, uart, 2, &addr, &size) == -ENOENT, "a reg that sticks out of its range");
	ok(fdt_get_reg(f, uart, 3, &addr, &size) == -ENOENT, "no fourth reg");
	ok(fdt_get_reg(f, fdt_path(f, "/island/dev"), 0, &addr, &size) == -ENOENT, "a bus without ranges");
	plic = fdt_find_compatible(f, FDT_NONE, "riscv,plic0");
	ok(!fdt_get_irq(f, uart, 1, &ctl, cells, &n) && ctl == plic && n == 2 && cells[0] == 34 && cells[1] == 1,
	   "the second interrupt, of two cells");
	n = 1;
	ok(fdt_get_irq(f, uart, 0, &ctl, cells, &n) == -EINVAL, "a specifier that is too long");
	ok(fdt_get_irq(f, uart, 2, &ctl, cells, &n) == -ENOENT, "no third interrupt");
	is_int(fdt_count_irqs(f, uart), 2, "fdt_count_irqs");
	for (int node = 0; node < 2; node++) {
		int which = node ? plic : uart, at = 0, one = 0, by_index, in_turn, c1 = 0, c2 = 0;

		do {
			u32 x1[4] = { 0 }, x2[4] = { 0 }, n1 = 4, n2 = 4;

			in_turn = fdt_next_irq(f, which, &at, &c1, x1, &n1);
			by_index = fdt_get_irq(f, which, one++, &c2, x2, &n2);
			CHECK(in_turn == by_index && c1 == c2 && n1 == n2 && !memcmp(x1, x2, sizeof(x1)));
		} while (!in_turn);
		ok(in_turn == -ENOENT && one == fdt_count_irqs(f, which) + 1, "in turn as by index");
	}
	n = 3;
	ok(!fdt_get_irq(f, plic, 1, &ctl, cells, &n) && n == 1 && cells[0] == 9 &&
	   fdt_node_is(f, fdt_parent(f, ctl), "cpu@5"), "interrupts-extended");
	ok(!fdt_timebase(f, &hz) && hz == 7800000, "timebase of a cpu node");
	ok(fdt_cpu_has_ext(f, fdt_path(f, "/cpus/cpu@5"), "d") &&
	   fdt_cpu_has_ext(f, fdt_path(f, "/cpus/cpu@5"), "zba") &&
	   !fdt_cpu_has_ext(f, fdt_path(f, "/cpus/cpu@5"), "zb") &&
	   !fdt_cpu_has_ext(f, fdt_path(f, "/cpus/cpu@5"), "v") &&
	   fdt_cpu_has_ext(f, fdt_path(f, "/cpus/cpu@9"), "c"), "extensions of riscv,isa");
	load_name("ram-at-0");
	ok(fdt_cpu_has_ext(f, fdt_path(f, "/cpus/cpu@0"), "zicbom") &&
	   !fdt_cpu_has_ext(f, fdt_path(f, "/cpus/cpu@0"), "svnapot"), "riscv,isa-extensions");
	load_name("qemu-virt-4node");
	ok(fdt_numa_distance(f, 0, 2) == 30 && fdt_numa_distance(f, 2, 0) == 35 &&
	   fdt_numa_distance(f, 3, 2) == 12 && !fdt_numa_distance(f, 3, 7), "distances, given one way or both");
	load_name("qemu-virt-odd");
	ok(!fdt_node_available(f, fdt_path(f, "/cpus/cpu@3/interrupt-controller")) &&
	   fdt_node_available(f, fdt_path(f, "/cpus/cpu@2/interrupt-controller")), "a disabled parent disables");
}

/* ---- broken blobs ---------------------------------------------------------------------------- */

static unsigned long sink;
static void use(const char *s) { sink += s ? strlen(s) : 0; }

/* Ask everything there is to ask. */
static void exercise(struct fdt *t)
{
	struct fdt_range r;
	struct fdt_cpu cpu;
	struct fdt_chosen c;
	struct fdt_area area;
	u64 a, s;
	u32 cells[4], n;
	int depth = 0, ctl, nr = 0;

	sink += fdt_check(t);
	for (int node = fdt_next_node(t, FDT_NONE, &depth); node >= 0; node = fdt_next_node(t, node, &depth)) {
		int pos = 0, len;
		const char *name;
		const void *val;

		CHECK(nr++ < 100000);
		use(fdt_node_name(t, node));
		while (fdt_next_prop(t, node, &pos, &name, &val, &len) > 0) {
			use(name);
			for (int i = 0; i < len; i++)
				sink += ((const u8 *)val)[i];
		}
		if (nr > 60)
			continue;		/* the rest is quadratic */
		sink += fdt_get_reg(t, node, 0, &a, &s) + fdt_get_reg(t, node, 1, &a, &s);
		n = 4;
		sink += fdt_get_irq(t, node, 1, &ctl, cells, &n) + fdt_count_irqs(t, node);
		for (int at = 0, k = 0; k < 1000; k++)
			if (fdt_next_irq(t, node, &at, &ctl, cells, &n) == -ENOENT)
				break;
		use(fdt_getprop_nth_str(t, node, "compatible", 1));
		sink += fdt_node_available(t, node) + fdt_is_compatible(t, node, "riscv,plic0");
	}
	fdt_for_each_memory(t, it, &r)
		sink += r.base;
	fdt_for_each_reserved(t, it, &r)
		sink += r.base;
	fdt_for_each_area(t, it, &area)
		use(area.name);
	/* All of them: quadratic. */
	for (a = n = 0; n < 1 && rnd_one_in(50) && fdt_usable_range(t, a, &s, &a); n++)
		CHECK(s < a);
	fdt_for_each_cpu(t, it, &cpu) {
		use(cpu.isa);
		use(cpu.mmu);
		sink += fdt_cpu_has_ext(t, cpu.node, "zba");
	}
	fdt_chosen(t, &c);
	use(c.bootargs);
	if (c.stdout_path)
		sink += fdt_path(t, c.stdout_path);
	sink += fdt_timebase(t, &a) + fdt_numa_distance(t, 0, 1);
	fdt_nop_prop(t, fdt_path(t, "/chosen"), "rng-seed");
	fdt_nop_prop(t, 0, "compatible");
}

/* One change: a byte, a word with a liking for tokens and extremes, or a header field. */
static void mutate(u8 *p, size_t n)
{
	static const u32 words[] = { 0, 1, 2, 3, 4, 9, 0xffffffff, 0x7fffffff, 0x80000000, 0xfffffffc, 16, 100 };
	size_t at = rnd_below(n / 4) * 4;
	u32 w;

	switch (rnd_below(4)) {
	case 0:
		p[rnd_below(n)] = rnd();
		return;
	case 1:
		at = 4 + rnd_below(9) * 4;
		/* fallthrough */
	case 2:
		w = words[rnd_below(ARRAY_SIZE(words))];
		break;
	default:
		w = rnd_below(2 * n);
	}
	p[at] = w >> 24;
	p[at + 1] = w >> 16;
	p[at + 2] = w >> 8;
	p[at + 3] = w;
}

/* With marks each node has the parent that it had without, so has what is no node, and each phandle its node. */
static void mark_and_compare(struct fdt *t)
{
	static struct fdt_marks marks;
	int node[4], parent[4], named[32];

	for (int i = 0; i < 4; i++) {
		node[i] = 4 * rnd_below(t->size_struct / 4 + 1);
		for (int n = rnd_below(2) ? fdt_next_node(t, FDT_NONE, NULL) : FDT_NONE; n >= 0 && n < node[i]; )
			if ((n = fdt_next_node(t, n, NULL)) >= node[i])
				node[i] = n;
		parent[i] = fdt_parent(t, node[i]);
	}
	for (int i = 0; i < 32; i++)
		named[i] = fdt_by_phandle(t, i);
	fdt_mark(t, &marks);
	for (int i = 0; i < 32; i++)
		CHECK(fdt_by_phandle(t, i) == named[i]);
	for (int i = 0; i < 4; i++)
		CHECK(fdt_parent(t, node[i]) == parent[i]);
}

static void test_broken(int rounds)
{
	int accepted = 0, refused = 0;

	for (int i = 0; i < rounds; i++) {
		size_t n = rnd_one_in(3) ? rnd_below(blob_size) + 1 : blob_size;
		u8 *copy = malloc(n);
		struct fdt t;

		memcpy(copy, blob, n);
		for (int k = rnd_below(6); n > 44 && k >= 0; k--)
			mutate(copy, n);
		if (n >= 40 && n < blob_size && rnd_one_in(2)) {	/* a truncation that the header admits */
			copy[4] = 0;
			copy[5] = n >> 16;
			copy[6] = n >> 8;
			copy[7] = n;
		}
		if (!fdt_init(&t, copy, n)) {
			if (!rnd_one_in(16))
				mark_and_compare(&t);
			accepted++;
			exercise(&t);
		} else {
			refused++;
		}
		free(copy);
	}
	ok(accepted > rounds / 20 && refused > rounds / 20, "%d broken blobs: %d headers believed, %d refused",
	   rounds, accepted, refused);
}

/* ---- changed trees --------------------------------------------------------------------------- */

static int random_node(void)
{
	int nr = 0, chosen = 0, depth = 0;

	for (int node = o_next_node(blob, -1, &depth); node >= 0; node = o_next_node(blob, node, &depth))
		if (rnd_one_in(++nr))
			chosen = node;
	return chosen;
}

/* libfdt takes a property away, gives it another value or length, or removes a node. */
static void change_once(void)
{
	static const u32 words[] = { 0, 1, 2, 3, 4, 0x1000, 0x80000000, 0x7fffffff, 0xfffff000, 0xffffffff };
	int node = random_node(), nr = 0, len;
	u32 value[8];
	const char *name;

	while (o_prop(blob, node, nr, &name, &len))
		nr++;
	if (!nr || (node && rnd_one_in(12))) {
		CHECK(!node || !o_del_node(blob, node));
		return;
	}
	o_prop(blob, node, rnd_below(nr), &name, &len);
	if (rnd_one_in(3)) {
		CHECK(!o_del_prop(blob, node, name));
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(value); i++)
		value[i] = __builtin_bswap32(words[rnd_below(ARRAY_SIZE(words))]);
	len = rnd_one_in(2) ? len : rnd_below(sizeof(value) + 1);
	CHECK(!o_set_prop(blob, node, name, value, min_t(int, len, sizeof(value))));
}

static void test_changed(const char *path, int rounds)
{
	u8 *original = blob;
	size_t size = blob_size;

	for (int i = 0; i < rounds; i++) {
		blob_size = size + 1024;
		blob = malloc(blob_size);
		CHECK(!o_open_into(original, blob, blob_size));
		for (int k = rnd_below(8); k >= 0; k--)
			change_once();
		CHECK(!fdt_init(f, blob, blob_size) && !fdt_check(f));
		mark_and_compare(f);
		if (rnd_one_in(16))
			same_everything();
		exercise(f);
		free(blob);
	}
	blob = original;
	blob_size = size;
	ok(true, "%s: %d changed trees, read as libfdt does", path, rounds);
}

static void test_deep(void)
{
	/* 200 levels of nodes with empty names: more than FDT_MAX_DEPTH. */
	u32 words[10 + 4 + 400 + 1], at = 14;
	struct fdt t;

	memset(words, 0, sizeof(words));
	for (int i = 0; i < 200; i++) {
		words[at++] = __builtin_bswap32(1);
		words[at++] = 0;
	}
	words[at++] = __builtin_bswap32(9);
	u32 header[] = { 0xd00dfeed, sizeof(words), 56, sizeof(words), 40, 17, 16, 0, 0, sizeof(words) - 56 };
	for (int i = 0; i < 10; i++)
		words[i] = __builtin_bswap32(header[i]);
	ok(!fdt_init(&t, words, sizeof(words)) && fdt_check(&t) == -EINVAL, "a tree that is too deep");
	exercise(&t);
	ok(fdt_parent(&t, 8 * 100) == FDT_NONE, "no parent beyond the deepest level");
}

int main(void)
{
	glob_t g;

	ok(!glob("build/dts/*.dtb", 0, NULL, &g) && g.gl_pathc >= 8, "trees of dts/");
	for (size_t i = 0; i < g.gl_pathc; i++)
		same_tree(g.gl_pathv[i]);
	test_facts();
	test_one_cell();
	test_deep();
	for (size_t i = 0; i < g.gl_pathc; i++) {
		free(blob);
		load(g.gl_pathv[i]);
		test_broken(1500);
		test_changed(g.gl_pathv[i], 150);
	}
	free(blob);
	globfree(&g);
	return done_testing();
}
