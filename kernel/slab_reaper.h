/*
 * kernel/slab_reaper.h
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SLAB_REAPER_H
#define VELLUM_SLAB_REAPER_H

void slab_reaper_init(void);	/* after workqueue_init() */

#endif
