/*
 * include/uapi/dirent.h - what getdents64(2) writes, and the types of names.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_DIRENT_H
#define VELLUM_UAPI_DIRENT_H

#include "include/types.h"

struct linux_dirent64 {
	u64 d_ino;
	s64 d_off;
	u16 d_reclen;
	u8 d_type;
	char d_name[];
};

#define DT_UNKNOWN	0
#define DT_FIFO		1
#define DT_CHR		2
#define DT_DIR		4
#define DT_BLK		6
#define DT_REG		8
#define DT_LNK		10
#define DT_SOCK		12

#endif
