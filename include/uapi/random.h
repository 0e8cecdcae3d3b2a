/*
 * include/uapi/random.h - ioctls of /dev/random and /dev/urandom.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_RANDOM_H
#define VELLUM_UAPI_RANDOM_H

#define RNDGETENTCNT	0x80045200u
#define RNDADDTOENTCNT	0x40045201u
#define RNDADDENTROPY	0x40085203u
#define RNDZAPENTCNT	0x5204
#define RNDCLEARPOOL	0x5206
#define RNDRESEEDCRNG	0x5207

struct rand_pool_info { int entropy_count, buf_size; };	/* buf_size bytes follow */

#endif
