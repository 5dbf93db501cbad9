/*
 * What glibc's headers make of printf and strncpy in a program that is compiled with _FORTIFY_SOURCE, of
 * strtol for C23 (glibc 2.38) and of fopen for large files: static libraries for glibc call these, and musl,
 * which shares the rest of that interface, does not have them. Empty with glibc, which does.
 */
#include <features.h>

#ifndef __GLIBC__
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __vsnprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, va_list ap);
int __snprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, ...);
int __sprintf_chk(char *s, int flag, size_t size, const char *fmt, ...);
int __asprintf_chk(char **ret, int flag, const char *fmt, ...);
char *__strncpy_chk(char *to, const char *from, size_t n, size_t size);
long __isoc23_strtol(const char *s, char **end, int base);
unsigned long __isoc23_strtoul(const char *s, char **end, int base);
long long __isoc23_strtoll(const char *s, char **end, int base);
unsigned long long __isoc23_strtoull(const char *s, char **end, int base);
#undef fopen64
FILE *fopen64(const char *path, const char *mode);

/* In C23 they take 0b1 for a number in base 0 and 2: what is parsed with them never asks for that. */
long __isoc23_strtol(const char *s, char **end, int base)
{
	return strtol(s, end, base);
}

unsigned long __isoc23_strtoul(const char *s, char **end, int base)
{
	return strtoul(s, end, base);
}

long long __isoc23_strtoll(const char *s, char **end, int base)
{
	return strtoll(s, end, base);
}

unsigned long long __isoc23_strtoull(const char *s, char **end, int base)
{
	return strtoull(s, end, base);
}

FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

int __vsnprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, va_list ap)
{
	(void)flag;
	if (n > size)
		abort();
	return vsnprintf(s, n, fmt, ap);
}

int __snprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = __vsnprintf_chk(s, n, flag, size, fmt, ap);
	va_end(ap);
	return r;
}

int __sprintf_chk(char *s, int flag, size_t size, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void)flag;
	va_start(ap, fmt);
	r = vsnprintf(s, size, fmt, ap);
	va_end(ap);
	if (r >= 0 && (size_t)r >= size)
		abort();
	return r;
}

int __asprintf_chk(char **ret, int flag, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void)flag;
	va_start(ap, fmt);
	r = vasprintf(ret, fmt, ap);
	va_end(ap);
	return r;
}

char *__strncpy_chk(char *to, const char *from, size_t n, size_t size)
{
	if (n > size)
		abort();
	return strncpy(to, from, n);
}
#endif
