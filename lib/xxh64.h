/*
 * lib/xxh64.h - the 64-bit xxHash of some bytes (seed 0): zstd's checksum.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_XXH64_H
#define VELLUM_XXH64_H

#include "include/types.h"

u64 xxh64(const void *p, size_t n);

#endif
