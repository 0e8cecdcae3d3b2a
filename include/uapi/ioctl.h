/*
 * include/uapi/ioctl.h - how ioctl numbers are made, and those of files and terminals.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_IOCTL_H
#define VELLUM_UAPI_IOCTL_H

#define _IOC(dir, type, nr, size) \
	((unsigned)(dir) << 30 | (unsigned)(size) << 16 | (unsigned)(type) << 8 | (unsigned)(nr))
#define _IO(type, nr)		_IOC(0, type, nr, 0)
#define _IOW(type, nr, t)	_IOC(1, type, nr, sizeof(t))
#define _IOR(type, nr, t)	_IOC(2, type, nr, sizeof(t))
#define _IOWR(type, nr, t)	_IOC(3, type, nr, sizeof(t))

#define TCGETS		0x5401
#define TCSETS		0x5402
#define TCSETSW		0x5403
#define TCSETSF		0x5404
#define TCGETA		0x5405
#define TCSETA		0x5406
#define TCSETAW		0x5407
#define TCSETAF		0x5408
#define TCSBRK		0x5409
#define TCXONC		0x540A
#define TCFLSH		0x540B
#define TIOCEXCL	0x540C
#define TIOCNXCL	0x540D
#define TIOCSCTTY	0x540E
#define TIOCGPGRP	0x540F
#define TIOCSPGRP	0x5410
#define TIOCOUTQ	0x5411
#define SIOCOUTQ	TIOCOUTQ
#define FIOSETOWN	0x8901
#define SIOCSPGRP	0x8902
#define FIOGETOWN	0x8903
#define SIOCGPGRP	0x8904
#define TIOCSTI		0x5412
#define TIOCGWINSZ	0x5413
#define TIOCSWINSZ	0x5414
#define TIOCMGET	0x5415
#define TIOCMBIS	0x5416
#define TIOCMBIC	0x5417
#define TIOCMSET	0x5418
#define TIOCGSOFTCAR	0x5419
#define TIOCSSOFTCAR	0x541A
#define FIONREAD	0x541B
#define TIOCINQ		FIONREAD
#define TIOCLINUX	0x541C
#define TIOCCONS	0x541D
#define TIOCGSERIAL	0x541E
#define TIOCPKT		0x5420
#define FIONBIO		0x5421
#define TIOCNOTTY	0x5422
#define TIOCSETD	0x5423
#define TIOCGETD	0x5424
#define TCSBRKP		0x5425
#define TIOCSBRK	0x5427
#define TIOCCBRK	0x5428
#define TIOCGSID	0x5429
#define TCGETS2		0x802C542Au
#define TCSETS2		0x402C542Bu
#define TCSETSW2	0x402C542Cu
#define TCSETSF2	0x402C542Du
#define TIOCGPTN	0x80045430u
#define TIOCSPTLCK	0x40045431u
#define TIOCGDEV	0x80045432u
#define TIOCSIG		0x40045436u
#define TIOCVHANGUP	0x5437
#define TIOCGLCKTRMIOS	0x5456
#define TIOCSLCKTRMIOS	0x5457
#define TIOCGPKT	0x80045438u
#define TIOCGPTLCK	0x80045439u
#define TIOCGPTPEER	0x5441
#define FIONCLEX	0x5450
#define FIOCLEX		0x5451
#define FIOASYNC	0x5452
#define FIOQSIZE	0x5460

#endif
