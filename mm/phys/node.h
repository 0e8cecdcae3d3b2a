/*
 * mm/phys/node.h - making nodes, zones and zonelists; for mm/phys/init.c only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_NODE_H
#define VELLUM_MM_PHYS_NODE_H

#include "mm/phys/zone.h"

void find_zone_movable_pfns(void);	/* kernelcore=, movablecore= */
void init_nodes(void);			/* pg_data_t, zones with their sizes, pageblock types, hart lists */
void build_all_zonelists(void);
/* The zone of frame @pfn of node @nid. */
struct zone *zone_of_pfn(int nid, pfn_t pfn);

extern pfn_t zone_movable_pfn[MAX_NUMNODES];	/* ZONE_MOVABLE begins there; 0: none */

#endif
