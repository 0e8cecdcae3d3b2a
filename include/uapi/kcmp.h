/*
 * include/uapi/kcmp.h - what kcmp(2) compares.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_KCMP_H
#define VELLUM_UAPI_KCMP_H

#include "include/types.h"

enum kcmp_type {
	KCMP_FILE, KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_IO, KCMP_SYSVSEM, KCMP_EPOLL_TFD, KCMP_TYPES
};

struct kcmp_epoll_slot {
	u32 efd;		/* the epoll */
	u32 tfd;		/* a number that it watches */
	u32 toff;		/* which of those that were called that, from 0 */
};

#endif
