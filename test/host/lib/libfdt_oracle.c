/*
 * test/host/lib/libfdt_oracle.c - libfdt's answers.
 *
 * SPDX-License-Identifier: MIT
 */
#undef fdt_next_node
#undef fdt_getprop
#include <libfdt.h>
#include "test/host/lib/libfdt_oracle.h"

int o_check(const void *blob, size_t n) { return fdt_check_full(blob, n); }
int o_next_node(const void *blob, int node, int *depth) { return fdt_next_node(blob, node, depth); }
const char *o_name(const void *blob, int node) { return fdt_get_name(blob, node, NULL); }
int o_parent(const void *blob, int node) { return fdt_parent_offset(blob, node); }
int o_first_child(const void *blob, int node) { return fdt_first_subnode(blob, node); }
int o_next_sibling(const void *blob, int node) { return fdt_next_subnode(blob, node); }
int o_path(const void *blob, const char *path) { return fdt_path_offset(blob, path); }
int o_get_path(const void *blob, int node, char *buf, int n) { return fdt_get_path(blob, node, buf, n); }
unsigned o_phandle(const void *blob, int node) { return fdt_get_phandle(blob, node); }
int o_by_phandle(const void *blob, unsigned phandle) { return fdt_node_offset_by_phandle(blob, phandle); }
int o_address_cells(const void *blob, int node) { return fdt_address_cells(blob, node); }
int o_size_cells(const void *blob, int node) { return fdt_size_cells(blob, node); }
int o_num_rsv(const void *blob) { return fdt_num_mem_rsv(blob); }

int o_compatible(const void *blob, int start, const char *what)
{
	return fdt_node_offset_by_compatible(blob, start, what);
}

const void *o_prop(const void *blob, int node, int idx, const char **name, int *len)
{
	int off = fdt_first_property_offset(blob, node);

	while (off >= 0 && idx--)
		off = fdt_next_property_offset(blob, off);
	return off < 0 ? NULL : fdt_getprop_by_offset(blob, off, name, len);
}

void o_rsv(const void *blob, int idx, unsigned long *addr, unsigned long *size)
{
	uint64_t a = 0, s = 0;

	fdt_get_mem_rsv(blob, idx, &a, &s);
	*addr = a;
	*size = s;
}
int o_open_into(const void *blob, void *buf, int n) { return fdt_open_into(blob, buf, n); }
int o_del_prop(void *blob, int node, const char *name) { return fdt_delprop(blob, node, name); }
int o_set_prop(void *blob, int node, const char *name, const void *val, int len)
{ return fdt_setprop(blob, node, name, val, len); }
int o_del_node(void *blob, int node) { return fdt_del_node(blob, node); }
unsigned o_totalsize(const void *blob) { return fdt_totalsize(blob); }
