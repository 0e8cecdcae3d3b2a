/*
 * test/host/fs/ext2/dir_hook.h - the test looks at a block whenever fs/ext2/dir_block.c orders its stores.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/atomic.h"

void block_is_half_written(void);
#undef smp_wmb
#define smp_wmb() block_is_half_written()
