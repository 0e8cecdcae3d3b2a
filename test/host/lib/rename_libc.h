/*
 * test/host/lib/rename_libc.h - the kernel's versions of libc functions, under names with k_ before them.
 * Force-included when lib/string.c and lib/vsprintf.c are compiled for their tests; the tests include it
 * last, with RENAME_DECLARE, to get the prototypes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RENAME_DECLARE
#define memcpy k_memcpy
#define memmove k_memmove
#define memset k_memset
#define memcmp k_memcmp
#define memchr k_memchr
#define strlen k_strlen
#define strnlen k_strnlen
#define strcmp k_strcmp
#define strncmp k_strncmp
#define strcasecmp k_strcasecmp
#define strncasecmp k_strncasecmp
#define strchr k_strchr
#define strrchr k_strrchr
#define strstr k_strstr
#define strcpy k_strcpy
#define strncpy k_strncpy
#define strcat k_strcat
#define strspn k_strspn
#define strcspn k_strcspn
#define strpbrk k_strpbrk
#define strsep k_strsep
#define vsnprintf k_vsnprintf
#define snprintf k_snprintf
#define sprintf k_sprintf
#else
void *k_memcpy(void *to, const void *from, size_t n);
void *k_memmove(void *to, const void *from, size_t n);
void *k_memset(void *p, int c, size_t n);
int k_memcmp(const void *a, const void *b, size_t n);
void *k_memchr(const void *p, int c, size_t n);
size_t k_strlen(const char *s);
size_t k_strnlen(const char *s, size_t n);
int k_strcmp(const char *a, const char *b);
int k_strncmp(const char *a, const char *b, size_t n);
int k_strcasecmp(const char *a, const char *b);
int k_strncasecmp(const char *a, const char *b, size_t n);
char *k_strchr(const char *s, int c);
char *k_strrchr(const char *s, int c);
char *k_strstr(const char *s, const char *what);
char *k_strcpy(char *to, const char *from);
char *k_strncpy(char *to, const char *from, size_t n);
char *k_strcat(char *to, const char *from);
size_t k_strspn(const char *s, const char *set);
size_t k_strcspn(const char *s, const char *set);
char *k_strpbrk(const char *s, const char *set);
char *k_strsep(char **s, const char *set);
int k_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
int k_snprintf(char *buf, size_t size, const char *fmt, ...);
int k_sprintf(char *buf, const char *fmt, ...);
#endif
