/*
 * lib/crc32.h - CRC-32 (IEEE 802.3, reflected), nibble table.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_CRC32_H
#define VELLUM_CRC32_H

#include "include/types.h"

/* Continue @crc over @n bytes; start with ~0u and complement the end for zip's CRC. */
u32 crc32_le(u32 crc, const void *p, size_t n);

#endif
