/*
 * fs/socket.h - sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_SOCKET_H
#define VELLUM_FS_SOCKET_H

void socket_init(void);

#endif
