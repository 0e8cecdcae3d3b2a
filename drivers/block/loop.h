/*
 * drivers/block/loop.h - loop devices: their numbers, and what others call.  Theory: loop.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_LOOP_H
#define VELLUM_LOOP_H

#include "include/types.h"

#define LOOP_SET_FD		0x4c00u
#define LOOP_CLR_FD		0x4c01u
#define LOOP_SET_STATUS64	0x4c04u
#define LOOP_GET_STATUS64	0x4c05u
#define LOOP_CHANGE_FD		0x4c06u
#define LOOP_SET_CAPACITY	0x4c07u
#define LOOP_SET_DIRECT_IO	0x4c08u
#define LOOP_SET_BLOCK_SIZE	0x4c09u
#define LOOP_CONFIGURE		0x4c0au
#define LOOP_CTL_ADD		0x4c80u
#define LOOP_CTL_REMOVE		0x4c81u
#define LOOP_CTL_GET_FREE	0x4c82u

#define LO_FLAGS_READ_ONLY	1u
#define LO_FLAGS_AUTOCLEAR	4u
#define LO_FLAGS_PARTSCAN	8u
#define LO_FLAGS_DIRECT_IO	16u

struct loop_info64 {
	u64 lo_device, lo_inode, lo_rdevice, lo_offset, lo_sizelimit;
	u32 lo_number, lo_encrypt_type, lo_encrypt_key_size, lo_flags;
	u8 lo_file_name[64], lo_crypt_name[64], lo_encrypt_key[32];
	u64 lo_init[2];
};

struct loop_config {
	u32 fd, block_size;
	struct loop_info64 info;
	u64 reserved[8];
};

void loop_init(void);		/* /dev/loop-control; once, when /dev is there */

#endif
