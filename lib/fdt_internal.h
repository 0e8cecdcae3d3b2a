/*
 * lib/fdt_internal.h - shared by the files of the device-tree reader.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FDT_INTERNAL_H
#define VELLUM_FDT_INTERNAL_H

#include "lib/fdt.h"

/* Is @what one of the strings of property @name? */
bool list_has_string(const struct fdt *f, int node, const char *name, const char *what);

#endif
