/*
 * include/uapi/utsname.h - what uname() reports.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_UTSNAME_H
#define VELLUM_UAPI_UTSNAME_H

#define __NEW_UTS_LEN	64

struct new_utsname {
	char sysname[__NEW_UTS_LEN + 1];
	char nodename[__NEW_UTS_LEN + 1];
	char release[__NEW_UTS_LEN + 1];
	char version[__NEW_UTS_LEN + 1];
	char machine[__NEW_UTS_LEN + 1];
	char domainname[__NEW_UTS_LEN + 1];
};

#endif
