/*
 * test/host/lib/libfdt_oracle.h - libfdt's answers under names of their own: ours share some with it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TEST_LIBFDT_ORACLE_H
#define VELLUM_TEST_LIBFDT_ORACLE_H

int o_check(const void *blob, size_t n);
int o_next_node(const void *blob, int node, int *depth);
const char *o_name(const void *blob, int node);
int o_parent(const void *blob, int node);
int o_first_child(const void *blob, int node);
int o_next_sibling(const void *blob, int node);
int o_path(const void *blob, const char *path);
int o_get_path(const void *blob, int node, char *buf, int n);
unsigned o_phandle(const void *blob, int node);
int o_by_phandle(const void *blob, unsigned phandle);
int o_compatible(const void *blob, int start, const char *what);
int o_address_cells(const void *blob, int node);
int o_size_cells(const void *blob, int node);
/* The idx-th property: its value. */
const void *o_prop(const void *blob, int node, int idx, const char **name, int *len);
/* A copy of @blob in @buf with room to grow; then changes of it: 0, or libfdt's error. */
int o_open_into(const void *blob, void *buf, int n);
int o_del_prop(void *blob, int node, const char *name);
int o_set_prop(void *blob, int node, const char *name, const void *val, int len);
int o_del_node(void *blob, int node);
unsigned o_totalsize(const void *blob);
int o_num_rsv(const void *blob);
void o_rsv(const void *blob, int idx, unsigned long *addr, unsigned long *size);

#endif
