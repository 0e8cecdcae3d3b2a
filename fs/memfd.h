/*
 * fs/memfd.h - what /proc/sys/vm says about memfd_create(2).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MEMFD_H
#define VELLUM_MEMFD_H

/* Files whose maker does not say whether they may be executed: they may, they may not; and who says so is refused. */
enum { MEMFD_NOEXEC_SCOPE_EXEC, MEMFD_NOEXEC_SCOPE_NOEXEC_SEAL, MEMFD_NOEXEC_SCOPE_NOEXEC_ENFORCED };
extern int memfd_noexec;	/* sysctl */

#endif
