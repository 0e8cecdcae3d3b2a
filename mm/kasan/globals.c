/*
 * mm/kasan/globals.c - the variables that the compiler padded, and which one an address lies in.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kasan/kasan.h"

/* As the compiler lays it out. */
struct asan_global {
	const char *start;
	size_t bytes, padded;
	const void *name, *module;
	unsigned long dynamic;
	const void *location, *odr;
};

#define MAX_FILES	1024
static struct file_globals { const struct asan_global *g; size_t n; } file[MAX_FILES];
static unsigned nr_files;

void __asan_register_globals(const struct asan_global *g, size_t n);
void __asan_unregister_globals(const struct asan_global *g, size_t n);
void __asan_register_globals(const struct asan_global *g, size_t n)
{
	if (nr_files < MAX_FILES)
		file[nr_files++] = (struct file_globals){ g, n };
	for (; n--; g++) {
		size_t used = ALIGN(g->bytes, KASAN_GRANULE);

		kasan_poison(g->start + used, g->padded - used, KASAN_GLOBAL_REDZONE);
		kasan_unpoison(g->start, g->bytes);
	}
}

const char *kasan_global_at(const void *p, const char **defined_in)
{
	for (unsigned i = 0; i < nr_files; i++)
		for (size_t k = 0; k < file[i].n; k++) {
			const struct asan_global *g = &file[i].g[k];

			if ((size_t)((const char *)p - g->start) < g->padded) {
				*defined_in = g->module;
				return g->name;
			}
		}
	return NULL;
}

void __asan_unregister_globals(__maybe_unused const struct asan_global *g, __maybe_unused size_t n) {}
