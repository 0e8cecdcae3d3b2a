/*
 * include/uapi/signal.h - signals as riscv64 user programs see them.
 *
 * MODEL     64 signals, numbered from 1; those from SIGRTMIN queue, the others collapse.  A set is one
 *           64-bit word, bit sig-1.  siginfo_t is 128 bytes, struct sigaction has no restorer here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_SIGNAL_H
#define VELLUM_UAPI_SIGNAL_H

#include "include/types.h"

#define _NSIG		64
#define _NSIG_BPW	64
#define _NSIG_WORDS	1

#define SIGHUP		1
#define SIGINT		2
#define SIGQUIT		3
#define SIGILL		4
#define SIGTRAP		5
#define SIGABRT		6
#define SIGIOT		6
#define SIGBUS		7
#define SIGFPE		8
#define SIGKILL		9
#define SIGUSR1		10
#define SIGSEGV		11
#define SIGUSR2		12
#define SIGPIPE		13
#define SIGALRM		14
#define SIGTERM		15
#define SIGSTKFLT	16
#define SIGCHLD		17
#define SIGCONT		18
#define SIGSTOP		19
#define SIGTSTP		20
#define SIGTTIN		21
#define SIGTTOU		22
#define SIGURG		23
#define SIGXCPU		24
#define SIGXFSZ		25
#define SIGVTALRM	26
#define SIGPROF		27
#define SIGWINCH	28
#define SIGIO		29
#define SIGPOLL		SIGIO
#define SIGPWR		30
#define SIGSYS		31
#define SIGRTMIN	32
#define SIGRTMAX	_NSIG

typedef struct { unsigned long sig[_NSIG_WORDS]; } sigset_t;

#define SA_NOCLDSTOP	0x00000001ul
#define SA_NOCLDWAIT	0x00000002ul
#define SA_SIGINFO	0x00000004ul
#define SA_UNSUPPORTED	0x00000400ul
#define SA_EXPOSE_TAGBITS 0x00000800ul
#define SA_ONSTACK	0x08000000ul
#define SA_RESTART	0x10000000ul
#define SA_NODEFER	0x40000000ul
#define SA_RESETHAND	0x80000000ul
#define SA_NOMASK	SA_NODEFER
#define SA_ONESHOT	SA_RESETHAND
#define UAPI_SA_FLAGS	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | \
			 SA_NODEFER | SA_RESETHAND | SA_EXPOSE_TAGBITS)

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

typedef void (*__sighandler_t)(int);
#define SIG_DFL		((__sighandler_t)0)
#define SIG_IGN		((__sighandler_t)1)
#define SIG_ERR		((__sighandler_t)-1)

struct sigaction {
	__sighandler_t sa_handler;
	unsigned long sa_flags;
	sigset_t sa_mask;
};
struct k_sigaction { struct sigaction sa; };
BUILD_ASSERT(sizeof(struct sigaction) == 24);

typedef struct sigaltstack {
	void __user *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;
#define SS_ONSTACK	1
#define SS_DISABLE	2
#define SS_AUTODISARM	(1u << 31)
#define SS_FLAG_BITS	SS_AUTODISARM
#define MINSIGSTKSZ	2048
#define SIGSTKSZ	8192

typedef union sigval {
	int sival_int;
	void __user *sival_ptr;
} sigval_t;

#define SI_MAX_SIZE	128
typedef struct siginfo {
	union {
		struct {
			int si_signo, si_errno, si_code;
			union {
				int _pad[(SI_MAX_SIZE - 16) / sizeof(int)];
				struct { pid_t _pid; uid_t _uid; } _kill;
				struct { int _tid, _overrun; sigval_t _sigval; int _sys_private; } _timer;
				struct { pid_t _pid; uid_t _uid; sigval_t _sigval; } _rt;
				struct { pid_t _pid; uid_t _uid; int _status; long _utime, _stime; } _sigchld;
				struct {
					void __user *_addr;
					union {
						short _addr_lsb;
						struct { char _pad[8]; void __user *_lower, *_upper; } _addr_bnd;
						struct { char _pad[8]; u32 _pkey; } _addr_pkey;
					};
				} _sigfault;
				struct { long _band; int _fd; } _sigpoll;
				struct { void __user *_call_addr; int _syscall; unsigned _arch; } _sigsys;
			} __aligned(8) _sifields;
		};
		int _si_pad[SI_MAX_SIZE / sizeof(int)];
	};
} siginfo_t;
BUILD_ASSERT(sizeof(siginfo_t) == SI_MAX_SIZE);
BUILD_ASSERT(offsetof(siginfo_t, _sifields) == 16);
BUILD_ASSERT(offsetof(siginfo_t, _sifields._sigchld._utime) == 32);

#define si_pid		_sifields._kill._pid
#define si_uid		_sifields._kill._uid
#define si_tid		_sifields._timer._tid
#define si_overrun	_sifields._timer._overrun
#define si_sys_private	_sifields._timer._sys_private
#define si_status	_sifields._sigchld._status
#define si_utime	_sifields._sigchld._utime
#define si_stime	_sifields._sigchld._stime
#define si_value	_sifields._rt._sigval
#define si_int		_sifields._rt._sigval.sival_int
#define si_ptr		_sifields._rt._sigval.sival_ptr
#define si_addr		_sifields._sigfault._addr
#define si_addr_lsb	_sifields._sigfault._addr_lsb
#define si_band		_sifields._sigpoll._band
#define si_fd		_sifields._sigpoll._fd
#define si_call_addr	_sifields._sigsys._call_addr
#define si_syscall	_sifields._sigsys._syscall
#define si_arch		_sifields._sigsys._arch

#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_QUEUE	(-1)
#define SI_TIMER	(-2)
#define SI_MESGQ	(-3)
#define SI_ASYNCIO	(-4)
#define SI_SIGIO	(-5)
#define SI_TKILL	(-6)
#define SI_DETHREAD	(-7)
#define SI_ASYNCNL	(-60)
#define SI_FROMUSER(s)	((s)->si_code <= 0)
#define SI_FROMKERNEL(s) ((s)->si_code > 0)

#define ILL_ILLOPC	1
#define ILL_ILLOPN	2
#define ILL_ILLADR	3
#define ILL_ILLTRP	4
#define ILL_PRVOPC	5
#define ILL_PRVREG	6
#define ILL_COPROC	7
#define ILL_BADSTK	8
#define FPE_INTDIV	1
#define FPE_INTOVF	2
#define FPE_FLTDIV	3
#define FPE_FLTOVF	4
#define FPE_FLTUND	5
#define FPE_FLTRES	6
#define FPE_FLTINV	7
#define FPE_FLTSUB	8
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define BUS_ADRALN	1
#define BUS_ADRERR	2
#define BUS_OBJERR	3
#define BUS_MCEERR_AR	4
#define BUS_MCEERR_AO	5
#define TRAP_BRKPT	1
#define TRAP_TRACE	2
#define TRAP_BRANCH	3
#define TRAP_HWBKPT	4
#define CLD_EXITED	1
#define CLD_KILLED	2
#define CLD_DUMPED	3
#define CLD_TRAPPED	4
#define CLD_STOPPED	5
#define CLD_CONTINUED	6
#define POLL_IN		1
#define POLL_OUT	2
#define POLL_MSG	3
#define POLL_ERR	4
#define POLL_PRI	5
#define POLL_HUP	6
#define SYS_SECCOMP	1
#define SYS_USER_DISPATCH 2

#define SIGEV_SIGNAL	0
#define SIGEV_NONE	1
#define SIGEV_THREAD	2
#define SIGEV_THREAD_ID	4

typedef struct sigevent {
	sigval_t sigev_value;
	int sigev_signo;
	int sigev_notify;
	union {
		int _pad[(64 - 16) / sizeof(int)];
		int _tid;
	} _sigev_un;
} sigevent_t;
#define sigev_notify_thread_id _sigev_un._tid
BUILD_ASSERT(sizeof(sigevent_t) == 64);

#define SFD_CLOEXEC	02000000
#define SFD_NONBLOCK	00004000
struct signalfd_siginfo {
	u32 ssi_signo;
	s32 ssi_errno, ssi_code;
	u32 ssi_pid, ssi_uid;
	s32 ssi_fd;
	u32 ssi_tid, ssi_band, ssi_overrun, ssi_trapno;
	s32 ssi_status, ssi_int;
	u64 ssi_ptr, ssi_utime, ssi_stime, ssi_addr;
	u16 ssi_addr_lsb, __pad2;
	s32 ssi_syscall;
	u64 ssi_call_addr;
	u32 ssi_arch;
	u8 __pad[28];
};
BUILD_ASSERT(sizeof(struct signalfd_siginfo) == 128);

/* ---- sets ------------------------------------------------------------------------------------ */
#define sigmask(sig)	(1ul << ((sig) - 1))
static inline void sigaddset(sigset_t *s, int sig) { s->sig[0] |= sigmask(sig); }
static inline void sigdelset(sigset_t *s, int sig) { s->sig[0] &= ~sigmask(sig); }
static inline bool sigismember(const sigset_t *s, int sig) { return s->sig[0] >> (sig - 1) & 1; }
static inline bool sigisemptyset(const sigset_t *s) { return s->sig[0] == 0; }
static inline void sigemptyset(sigset_t *s) { s->sig[0] = 0; }
static inline void sigfillset(sigset_t *s) { s->sig[0] = ~0ul; }
static inline void sigaddsetmask(sigset_t *s, unsigned long m) { s->sig[0] |= m; }
static inline void sigdelsetmask(sigset_t *s, unsigned long m) { s->sig[0] &= ~m; }
static inline void siginitset(sigset_t *s, unsigned long m) { s->sig[0] = m; }
static inline void sigorsets(sigset_t *r, const sigset_t *a, const sigset_t *b)
{ r->sig[0] = a->sig[0] | b->sig[0]; }
static inline void sigandsets(sigset_t *r, const sigset_t *a, const sigset_t *b)
{ r->sig[0] = a->sig[0] & b->sig[0]; }
static inline void sigandnsets(sigset_t *r, const sigset_t *a, const sigset_t *b)
{ r->sig[0] = a->sig[0] & ~b->sig[0]; }
static inline bool sigequalsets(const sigset_t *a, const sigset_t *b) { return a->sig[0] == b->sig[0]; }
static inline bool valid_signal(unsigned long sig) { return sig <= _NSIG; }

/* What the default action of a signal is, as sets. */
#define SIG_KERNEL_ONLY_MASK	(sigmask(SIGKILL) | sigmask(SIGSTOP))
#define SIG_KERNEL_STOP_MASK	(sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | sigmask(SIGTTOU))
#define SIG_KERNEL_IGNORE_MASK	(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | sigmask(SIGURG))
#define SIG_SYNCHRONOUS_MASK	(sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | \
				 sigmask(SIGTRAP) | sigmask(SIGFPE) | sigmask(SIGSYS))
static inline bool sig_kernel_only(int sig) { return sigmask(sig) & SIG_KERNEL_ONLY_MASK; }
static inline bool sig_kernel_stop(int sig) { return sigmask(sig) & SIG_KERNEL_STOP_MASK; }
static inline bool sig_kernel_ignore(int sig) { return sigmask(sig) & SIG_KERNEL_IGNORE_MASK; }

#endif
