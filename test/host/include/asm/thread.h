/*
 * test/host/include/asm/thread.h - what switch_to() would save; host tests never switch stacks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HOST_ASM_THREAD_H
#define HOST_ASM_THREAD_H

struct thread_struct { unsigned long unused; };

#endif
