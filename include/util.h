/*
 * include/util.h - small macros that every file may use: the compiler's hints, arithmetic on
 * sizes and addresses, single-copy accesses, and the three tiers of assertion.
 *
 * MODEL     ASSERT(x)     proven and cheap, in every build.
 *           INV(B2, x)    invariant B2 of the file's header; in debug and test builds.
 *           BUILD_ASSERT  a layout, checked by the compiler.
 *           They print their operands' text, file and line, and stop the machine.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UTIL_H
#define VELLUM_UTIL_H

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ volatile("" ::: "memory")

#define __packed	__attribute__((packed))
#define __aligned(n)	__attribute__((aligned(n)))
#define __noreturn	__attribute__((noreturn))
#define __must_check	__attribute__((warn_unused_result))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __section(s)	__attribute__((section(s)))
#define __used		__attribute__((used))
#define __weak		__attribute__((weak))
#define __maybe_unused	__attribute__((unused))
#undef __always_inline			/* a host's libc has one */
#define __always_inline	inline __attribute__((always_inline))
#define __noinline	__attribute__((noinline))
#define __cold		__attribute__((cold))
#define fallthrough	__attribute__((fallthrough))

/* Text and data that only start-up needs; given back to the buddy system before init runs. */
#ifdef VELLUM_HOST
#define __init
#define __sched
#define __initdata
#else
#define __init		__section(".init.text") __cold
#define __sched		__section(".sched.text")	/* sleeps for its caller: /proc/PID/wchan names that one */
#define __initdata	__section(".init.data")
#endif

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define min(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define max(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })
#define min_t(t, a, b)	min((t)(a), (t)(b))
#define max_t(t, a, b)	max((t)(a), (t)(b))
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define swap(a, b) do { __typeof__(a) _t = (a); (a) = (b); (b) = _t; } while (0)

#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN(x, a)		ALIGN_DOWN((x) + ((__typeof__(x))(a) - 1), a)
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define PAGE_ALIGN(x)		ALIGN(x, PAGE_SIZE)
#define PFN_DOWN(x)		((x) >> PAGE_SHIFT)
#define PFN_UP(x)		(((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_PHYS(x)		((phys_addr_t)(x) << PAGE_SHIFT)
#define BIT(n)			(1ul << (n))

static inline unsigned fls64(u64 x) { return x ? 64 - __builtin_clzll(x) : 0; }
static inline unsigned ilog2(u64 x) { return 63 - __builtin_clzll(x); }
static inline bool is_power_of_2(u64 x) { return x && !(x & (x - 1)); }
static inline u64 roundup_pow_of_two(u64 x) { return x <= 1 ? 1 : 1ull << fls64(x - 1); }

/* The smallest order such that 2^order pages hold @bytes (> 0). */
static inline unsigned get_order(size_t bytes) { return fls64((bytes - 1) >> PAGE_SHIFT); }

#define MAX_ERRNO	4095
/* Only the VFS's look-ups return an error in a pointer; elsewhere a pointer fails as NULL. */
static inline void *ERR_PTR(long err) { return (void *)err; }
static inline long PTR_ERR(const void *p) { return (long)p; }
static inline bool IS_ERR(const void *p) { return (unsigned long)p >= (unsigned long)-MAX_ERRNO; }
#define IS_ERR_VALUE(x)	((unsigned long)(x) >= (unsigned long)-MAX_ERRNO)

__noreturn __cold void assert_failed(const char *kind, const char *expr, const char *file, int line);
__noreturn __cold __printf(1, 2) void panic(const char *fmt, ...);
__cold void warn_failed(const char *expr, const char *file, int line);

#define ASSERT(x) \
	do { if (unlikely(!(x))) assert_failed("ASSERT", #x, __FILE__, __LINE__); } while (0)
#ifdef VELLUM_DEBUG
#define INV(id, x) \
	do { if (unlikely(!(x))) assert_failed("INV " #id, #x, __FILE__, __LINE__); } while (0)
#else
#define INV(id, x)	((void)sizeof(!(x)))
#endif
#define BUILD_ASSERT(x)	_Static_assert(x, #x)
/* Something is wrong, the kernel can go on: say so once per place, with a backtrace. */
#define WARN_ON_ONCE(x) ({ \
	static bool _said; bool _bad = !!(x); \
	if (unlikely(_bad && !_said)) { _said = true; warn_failed(#x, __FILE__, __LINE__); } \
	unlikely(_bad); })

/* Lock annotations that clang's thread-safety analysis checks in `make lint`. */
#if defined(__clang__) && defined(VELLUM_LINT)
#define CAPABILITY(x)	__attribute__((capability(x)))
#define REQUIRES(...)	__attribute__((requires_capability(__VA_ARGS__)))
#define ACQUIRE(...)	__attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASE(...)	__attribute__((release_capability(__VA_ARGS__)))
#define REQUIRES_SHARED(...) __attribute__((requires_shared_capability(__VA_ARGS__)))
#define ACQUIRE_SHARED(...) __attribute__((acquire_shared_capability(__VA_ARGS__)))
#define RELEASE_SHARED(...) __attribute__((release_shared_capability(__VA_ARGS__)))
#define TRY_ACQUIRE(ok, ...) __attribute__((try_acquire_capability(ok, __VA_ARGS__)))
#define TRY_ACQUIRE_SHARED(ok, ...) __attribute__((try_acquire_shared_capability(ok, __VA_ARGS__)))
#define ASSERT_HELD(...) __attribute__((assert_capability(__VA_ARGS__)))
#define ASSERT_HELD_SHARED(...) __attribute__((assert_shared_capability(__VA_ARGS__)))
#define NO_LOCK_ANALYSIS __attribute__((no_thread_safety_analysis))
#else
#define CAPABILITY(x)
#define REQUIRES(...)
#define ACQUIRE(...)
#define RELEASE(...)
#define REQUIRES_SHARED(...)
#define ACQUIRE_SHARED(...)
#define RELEASE_SHARED(...)
#define TRY_ACQUIRE(ok, ...)
#define TRY_ACQUIRE_SHARED(ok, ...)
#define ASSERT_HELD(...)
#define ASSERT_HELD_SHARED(...)
#define NO_LOCK_ANALYSIS
#endif

#endif
