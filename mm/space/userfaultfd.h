/*
 * mm/space/userfaultfd.h - which regions a userfaultfd watches.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_USERFAULTFD_H
#define VELLUM_MM_SPACE_USERFAULTFD_H

#include "include/userfaultfd_k.h"

/*
 * Let @ctx watch what is mapped in [@start, @end) for @vm_flags, VM_UFFD_*.  0, -EINVAL (nothing mapped, or not of a
 * kind), -EPERM (not writable), -EBUSY (watched by another), -ENOMEM.  => no lock held
 */
__must_check int userfaultfd_register_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end,
					    unsigned long vm_flags);
/* Nobody watches [@start, @end) any more, who waits there is woken.  0, -EINVAL, -ENOMEM */
__must_check int userfaultfd_unregister_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end);
/* The file is closed: nothing is watched by @ctx from here on. */
void userfaultfd_release_all(struct userfaultfd_ctx *ctx);

#endif
