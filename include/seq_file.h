/*
 * include/seq_file.h - printing into a file of /proc, for layers below fs/seq_file.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_INCLUDE_SEQ_FILE_H
#define VELLUM_INCLUDE_SEQ_FILE_H

#include "include/types.h"

struct seq_file;
void seq_printf(struct seq_file *m, const char *fmt, ...) __printf(2, 3);	/* fs/seq_file.c */

#endif
