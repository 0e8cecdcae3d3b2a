/*
 * lib/fdt.c - read a flattened device tree: header, nodes, properties.
 *
 * MODEL     A cursor is an offset in the structure block.  token_at() is the only reader of that block: it
 *           decodes and bounds-checks the token at an offset and says where the next one is; everything
 *           else is a loop over it, and every token is at least 4 bytes long, so every loop ends.
 * INVARIANTS and interface: lib/fdt.h.  The machine's facts: lib/fdt_machine.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/errno.h"
#include "lib/fdt.h"
#include "lib/fdt_internal.h"
#include "lib/string.h"

#define TOKEN_NODE	1
#define TOKEN_NODE_END	2
#define TOKEN_PROP	3
#define TOKEN_NOP	4
#define TOKEN_END	9
#define TOKEN_BAD	0

#define PROP_HEADER	12	/* token, length, name: before the value */
#define HEADER_BYTES	40
#define MAX_TOTALSIZE	(64u << 20)

/* Header fields, in words. */
enum { H_MAGIC, H_TOTALSIZE, H_OFF_STRUCT, H_OFF_STRINGS, H_OFF_RSVMAP, H_VERSION, H_LAST_COMP,
       H_BOOT_CPUID, H_SIZE_STRINGS, H_SIZE_STRUCT };

u32 fdt_get_be32(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}

u64 fdt_get_be64(const void *p)
{
	return (u64)fdt_get_be32(p) << 32 | fdt_get_be32((const u8 *)p + 4);
}

u32 fdt_totalsize(const void *p)
{
	const u8 *b = p;

	return fdt_get_be32(b) == FDT_MAGIC ? fdt_get_be32(b + 4 * H_TOTALSIZE) : 0;
}

/* Is [off, off + size) inside [0, total)? */
static bool inside(u32 off, u32 size, u32 total)
{
	return off <= total && size <= total - off;
}

int fdt_init(struct fdt *f, const void *p, size_t limit)
{
	const u8 *h = p;
	u32 version;

	if ((limit && limit < HEADER_BYTES) || fdt_get_be32(h) != FDT_MAGIC)
		return -EINVAL;
	f->blob = h;
	f->marks = NULL;
	f->totalsize = fdt_get_be32(h + 4 * H_TOTALSIZE);
	f->off_struct = fdt_get_be32(h + 4 * H_OFF_STRUCT);
	f->off_strings = fdt_get_be32(h + 4 * H_OFF_STRINGS);
	f->off_rsvmap = fdt_get_be32(h + 4 * H_OFF_RSVMAP);
	f->boot_cpuid = fdt_get_be32(h + 4 * H_BOOT_CPUID);
	f->size_strings = fdt_get_be32(h + 4 * H_SIZE_STRINGS);
	f->size_struct = fdt_get_be32(h + 4 * H_SIZE_STRUCT);
	version = fdt_get_be32(h + 4 * H_VERSION);
	if (version < 17 || fdt_get_be32(h + 4 * H_LAST_COMP) > 17)
		return -EINVAL;
	if (f->totalsize < HEADER_BYTES || f->totalsize > MAX_TOTALSIZE || (limit && f->totalsize > limit))
		return -EINVAL;
	if (!inside(f->off_struct, f->size_struct, f->totalsize) || f->off_struct & 3 ||
	    !inside(f->off_strings, f->size_strings, f->totalsize) ||
	    !inside(f->off_rsvmap, 16, f->totalsize) || f->off_rsvmap & 7)
		return -EINVAL;
	return 0;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

struct token {
	u32 kind;
	u32 next;		/* offset of the one behind it */
	u32 data, len;		/* name of a node, value of a property: offset and bytes */
	u32 name_off;		/* of a property, in the strings block */
};

static inline const u8 *struct_at(const struct fdt *f, u32 off) { return f->blob + f->off_struct + off; }

/* Bytes of the string at @p without NUL, or @room if there is no NUL in @room bytes. */
static u32 string_len(const u8 *p, u32 room)
{
	u32 n = 0;

	while (n < room && p[n])
		n++;
	return n;
}

/* Decode the token at @off; TOKEN_BAD for what is none or leaves the block (D1, D2, D3). */
static struct token token_at(const struct fdt *f, u32 off)
{
	struct token t = { .kind = TOKEN_BAD, .next = off };
	u32 kind, room, n;

	if (off & 3 || !inside(off, 4, f->size_struct))
		return t;
	kind = fdt_get_be32(struct_at(f, off));
	off += 4;
	room = f->size_struct - off;
	switch (kind) {
	case TOKEN_NODE:
		n = string_len(struct_at(f, off), room);
		if (n == room)
			return t;
		t.data = off;
		t.len = n;
		off += n + 1;
		break;
	case TOKEN_PROP:
		if (room < 8)
			return t;
		t.len = fdt_get_be32(struct_at(f, off));
		t.name_off = fdt_get_be32(struct_at(f, off + 4));
		t.data = off + 8;
		if (t.len > room - 8)
			return t;
		off += 8 + t.len;
		break;
	case TOKEN_NODE_END:
	case TOKEN_NOP:
	case TOKEN_END:
		break;
	default:
		return t;
	}
	t.kind = kind;
	t.next = ALIGN(off, 4u);
	return t;
}

/* Name of a property, NULL if it is not a string inside the strings block. */
static const char *prop_name(const struct fdt *f, u32 name_off)
{
	const u8 *p = f->blob + f->off_strings + name_off;
	u32 room;

	if (name_off >= f->size_strings)
		return NULL;
	room = f->size_strings - name_off;
	return string_len(p, room) < room ? (const char *)p : NULL;
}

int fdt_check(const struct fdt *f)
{
	struct token t = token_at(f, 0);
	bool seen_child_end = false;	/* properties come before children */
	int depth = 0;

	if (t.kind != TOKEN_NODE)
		return -EINVAL;
	for (u32 off = 0; ; off = t.next) {
		t = token_at(f, off);
		switch (t.kind) {
		case TOKEN_NODE:
			if (++depth > FDT_MAX_DEPTH || (off && depth == 1))
				return -EINVAL;
			seen_child_end = false;
			break;
		case TOKEN_NODE_END:
			if (--depth < 0)
				return -EINVAL;
			seen_child_end = true;
			break;
		case TOKEN_PROP:
			if (!depth || seen_child_end || !prop_name(f, t.name_off))
				return -EINVAL;
			break;
		case TOKEN_NOP:
			break;
		case TOKEN_END:
			return depth ? -EINVAL : 0;
		default:
			return -EINVAL;
		}
	}
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static bool is_node(const struct fdt *f, int node)
{
	return node >= 0 && token_at(f, node).kind == TOKEN_NODE;
}

int fdt_next_node(const struct fdt *f, int node, int *depth)
{
	struct token t;
	int d = depth ? *depth : 0;
	u32 off;

	if (node < 0) {
		if (depth)
			*depth = 0;
		return is_node(f, 0) ? 0 : FDT_NONE;
	}
	t = token_at(f, node);
	if (t.kind != TOKEN_NODE)
		return FDT_NONE;
	for (off = t.next; ; off = t.next) {
		t = token_at(f, off);
		if (t.kind == TOKEN_NODE)
			break;
		if (t.kind == TOKEN_NODE_END)
			d--;
		else if (t.kind != TOKEN_PROP && t.kind != TOKEN_NOP)
			return FDT_NONE;
	}
	if (depth)
		*depth = d + 1;
	return off;
}

int fdt_first_child(const struct fdt *f, int node)
{
	int depth = 0, next = fdt_next_node(f, node, &depth);

	return node >= 0 && next >= 0 && depth == 1 ? next : FDT_NONE;
}

int fdt_next_sibling(const struct fdt *f, int node)
{
	int depth = 0;

	do {
		node = node >= 0 ? fdt_next_node(f, node, &depth) : FDT_NONE;
	} while (node >= 0 && depth > 0);
	return node >= 0 && depth == 0 ? node : FDT_NONE;
}

/* Remembers the latest node of each depth on the way from the start: no links lead upwards. */
/* A phandle is one cell: what is longer is none, as libfdt has it. */
static bool node_phandle(const struct fdt *f, int node, u32 *phandle)
{
	int len;
	const void *p = fdt_getprop(f, node, "phandle", &len);

	if (!p || len != sizeof(*phandle))
		return false;
	*phandle = fdt_get_be32(p);
	return true;
}

static void mark_phandles(const struct fdt *f, struct fdt_marks *m)
{
	u32 val;

	m->nr_phandles = 0;
	for (int n = fdt_next_node(f, FDT_NONE, NULL); n >= 0; n = fdt_next_node(f, n, NULL)) {
		if (!node_phandle(f, n, &val))
			continue;
		if (m->nr_phandles++ == FDT_PHANDLES)
			return;
		m->phandles[m->nr_phandles - 1].phandle = val;
		m->phandles[m->nr_phandles - 1].node = n;
	}
}

void fdt_mark(struct fdt *f, struct fdt_marks *m)
{
	u32 step = f->size_struct / FDT_MARKS + 1, next = 0;
	int path[FDT_MAX_DEPTH], depth = 0;

	m->nr = 0;
	for (int n = fdt_next_node(f, FDT_NONE, &depth); n >= 0; n = fdt_next_node(f, n, &depth)) {
		if (depth < 0 || depth >= FDT_MAX_DEPTH)
			break;
		path[depth] = n;
		if ((u32)n < next || m->nr == FDT_MARKS)
			continue;
		m->at[m->nr].depth = depth;
		memcpy(m->at[m->nr++].path, path, (depth + 1) * sizeof(path[0]));
		next = n + step;
	}
	mark_phandles(f, m);
	f->marks = m;
}

/* A node at or before @node, with its depth and those above it: of the last mark, or the root. */
static int walk_start(const struct fdt *f, int node, int *path, int *depth)
{
	unsigned i = f->marks ? f->marks->nr : 0;

	while (i && f->marks->at[i - 1].path[f->marks->at[i - 1].depth] > node)
		i--;
	if (!i)
		return fdt_next_node(f, FDT_NONE, depth);
	*depth = f->marks->at[i - 1].depth;
	memcpy(path, f->marks->at[i - 1].path, (*depth + 1) * sizeof(path[0]));
	return path[*depth];
}

int fdt_parent(const struct fdt *f, int node)
{
	int path[FDT_MAX_DEPTH], depth = 0;

	if (node <= 0)
		return FDT_NONE;
	for (int n = walk_start(f, node, path, &depth); n >= 0 && n <= node; n = fdt_next_node(f, n, &depth)) {
		if (depth < 0 || depth >= FDT_MAX_DEPTH)
			return FDT_NONE;
		if (n == node)
			return depth ? path[depth - 1] : FDT_NONE;
		path[depth] = n;
	}
	return FDT_NONE;
}

const char *fdt_node_name(const struct fdt *f, int node)
{
	struct token t;

	if (node < 0)
		return NULL;
	t = token_at(f, node);
	return t.kind == TOKEN_NODE ? (const char *)struct_at(f, t.data) : NULL;
}

/* Is @name (NUL-terminated) the @n bytes at @want, wholly or, if those have no '@', up to its own '@'? */
static bool name_matches(const char *name, const char *want, size_t n)
{
	if (strncmp(name, want, n))
		return false;
	if (!name[n])
		return true;
	return name[n] == '@' && !memchr(want, '@', n);
}

bool fdt_node_is(const struct fdt *f, int node, const char *base)
{
	const char *name = fdt_node_name(f, node);

	return name && name_matches(name, base, strlen(base));
}

static int child_by_name(const struct fdt *f, int node, const char *name, size_t n)
{
	fdt_for_each_child(f, child, node) {
		const char *s = fdt_node_name(f, child);

		if (s && name_matches(s, name, n))
			return child;
	}
	return FDT_NONE;
}

/* Go down from @node along the components of @path, up to a NUL or ':'. */
static int descend_path(const struct fdt *f, int node, const char *path)
{
	while (node >= 0) {
		size_t n;

		while (*path == '/')
			path++;
		n = strcspn(path, "/:");
		if (!n)
			break;
		node = child_by_name(f, node, path, n);
		path += n;
	}
	return node;
}

/* The node that the alias at the start of @path stands for. */
static int by_alias(const struct fdt *f, const char *path)
{
	int aliases = descend_path(f, 0, "aliases"), pos = 0, len;
	size_t n = strcspn(path, "/:");
	const char *name;
	const void *val;

	while (aliases >= 0 && fdt_next_prop(f, aliases, &pos, &name, &val, &len) > 0) {
		const char *target = val;

		if (strncmp(name, path, n) || name[n])
			continue;
		if (!len || target[len - 1] || target[0] != '/')
			return FDT_NONE;	/* an alias of an alias could go round in circles */
		return descend_path(f, 0, target);
	}
	return FDT_NONE;
}

int fdt_path(const struct fdt *f, const char *path)
{
	if (!is_node(f, 0))
		return FDT_NONE;
	if (*path == '/')
		return descend_path(f, 0, path);
	return descend_path(f, by_alias(f, path), path + strcspn(path, "/:"));
}

int fdt_by_phandle(const struct fdt *f, u32 phandle)
{
	u32 val;

	if (!phandle || phandle == ~0u)
		return FDT_NONE;
	if (f->marks && f->marks->nr_phandles <= FDT_PHANDLES) {
		for (unsigned i = 0; i < f->marks->nr_phandles; i++)
			if (f->marks->phandles[i].phandle == phandle)
				return f->marks->phandles[i].node;
		return FDT_NONE;
	}
	for (int n = fdt_next_node(f, FDT_NONE, NULL); n >= 0; n = fdt_next_node(f, n, NULL))
		if (node_phandle(f, n, &val) && val == phandle)
			return n;
	return FDT_NONE;
}

bool fdt_is_compatible(const struct fdt *f, int node, const char *what)
{
	return list_has_string(f, node, "compatible", what);
}

int fdt_find_compatible(const struct fdt *f, int prev, const char *what)
{
	for (int n = fdt_next_node(f, prev, NULL); n >= 0; n = fdt_next_node(f, n, NULL))
		if (fdt_is_compatible(f, n, what))
			return n;
	return FDT_NONE;
}

bool fdt_node_status_ok(const struct fdt *f, int node)
{
	const char *status;

	if (!fdt_has_prop(f, node, "status"))
		return is_node(f, node);
	status = fdt_getprop_str(f, node, "status");
	return status && (!strcmp(status, "okay") || !strcmp(status, "ok"));
}

bool fdt_node_available(const struct fdt *f, int node)
{
	for (int levels = 0; node >= 0 && levels <= FDT_MAX_DEPTH; levels++) {
		if (!fdt_node_status_ok(f, node))
			return false;
		if (node == 0)
			return true;
		node = fdt_parent(f, node);
	}
	return false;
}

/* ---- properties ------------------------------------------------------------------------------ */

int fdt_next_prop(const struct fdt *f, int node, int *pos, const char **name, const void **val, int *len)
{
	struct token t;
	u32 off = *pos;

	if (node < 0)
		return 0;
	if (!off) {
		t = token_at(f, node);
		if (t.kind != TOKEN_NODE)
			return 0;
		off = t.next;
	}
	do {
		t = token_at(f, off);
		off = t.next;
	} while (t.kind == TOKEN_NOP);
	if (t.kind != TOKEN_PROP)
		return 0;
	*name = prop_name(f, t.name_off);
	if (!*name)
		return 0;
	*val = struct_at(f, t.data);
	*len = t.len;
	*pos = off;
	return 1;
}

const void *fdt_getprop(const struct fdt *f, int node, const char *name, int *len)
{
	const char *this;
	const void *val;
	int pos = 0, n;

	while (fdt_next_prop(f, node, &pos, &this, &val, &n) > 0)
		if (!strcmp(this, name)) {
			if (len)
				*len = n;
			return val;
		}
	return NULL;
}

void fdt_nop_prop(const struct fdt *f, int node, const char *name)
{
	int len;
	const u8 *val = fdt_getprop(f, node, name, &len);
	u32 end, off;

	if (!val)
		return;
	off = val - PROP_HEADER - struct_at(f, 0);
	end = min(off + PROP_HEADER + ALIGN((u32)len, 4u), f->size_struct);
	for (; off + 4 <= end; off += 4)
		memcpy((u8 *)struct_at(f, off), (const u8[]){ 0, 0, 0, TOKEN_NOP }, 4);
}

const char *fdt_getprop_nth_str(const struct fdt *f, int node, const char *name, int idx)
{
	int len;
	const char *s = fdt_getprop(f, node, name, &len);

	if (!s || !len || s[len - 1])	/* with a NUL at the end every string ends inside */
		return NULL;
	while (idx-- > 0 && len > 0) {
		size_t n = strlen(s) + 1;

		s += n;
		len -= n;
	}
	return len > 0 ? s : NULL;
}

const char *fdt_getprop_str(const struct fdt *f, int node, const char *name)
{
	return fdt_getprop_nth_str(f, node, name, 0);
}

bool list_has_string(const struct fdt *f, int node, const char *name, const char *what)
{
	const char *s = fdt_getprop_str(f, node, name);
	int len = 0;

	if (!s)
		return false;
	for (const char *end = s + (fdt_getprop(f, node, name, &len) ? len : 0); s < end; s += strlen(s) + 1)
		if (!strcmp(s, what))
			return true;
	return false;
}

int fdt_read_u32_idx(const struct fdt *f, int node, const char *name, int idx, u32 *val)
{
	int len;
	const u8 *p = fdt_getprop(f, node, name, &len);

	if (!p)
		return -ENOENT;
	if (idx < 0 || idx >= len / 4)
		return -EINVAL;
	*val = fdt_get_be32(p + 4 * idx);
	return 0;
}

int fdt_read_u32(const struct fdt *f, int node, const char *name, u32 *val)
{
	return fdt_read_u32_idx(f, node, name, 0, val);
}

int fdt_read_u64(const struct fdt *f, int node, const char *name, u64 *val)
{
	int len;
	const u8 *p = fdt_getprop(f, node, name, &len);

	if (!p)
		return -ENOENT;
	if (len != 4 && len != 8)
		return -EINVAL;
	*val = len == 4 ? fdt_get_be32(p) : fdt_get_be64(p);
	return 0;
}

int fdt_read_cells(const void *p, u32 cells, u64 *val)
{
	const u8 *b = p;
	u64 v = 0;

	if (cells > FDT_MAX_CELLS)
		return -EINVAL;
	for (; cells; cells--, b += 4) {
		if (v >> 32)
			return -EINVAL;
		v = v << 32 | fdt_get_be32(b);
	}
	*val = v;
	return 0;
}
