/* The programs, run by an interpreter of our own: every number and argument, without a kernel. */
#include "base/fd.h"
#include "process/seccomp_build.h"
#include "process/seccomp_builtin.h"
#include "process/seccomp_names.h"
#include "process/seccomp_option.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define ALLOWED   SECCOMP_RET_ALLOW
#define ERROR(e)  (SECCOMP_RET_ERRNO | (e))
#define SYS_ADMIN (UINT64_C(1) << 21)
#define NET_RAW   (UINT64_C(1) << 13)
#define NET_ADMIN (UINT64_C(1) << 12)

static uint32_t alu(const struct sock_filter *f, uint32_t a)
{
	cr_assert(f->code == (BPF_ALU | BPF_AND | BPF_K), "instruction %x", f->code);
	return a & f->k;
}

static bool holds(const struct sock_filter *f, uint32_t a)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return a == f->k;
	case BPF_JGT:
		return a > f->k;
	case BPF_JGE:
		return a >= f->k;
	case BPF_JSET:
		return a & f->k;
	}
	cr_assert_fail("jump %x", f->code);
	return false;
}

static uint32_t run(const struct sock_filter *code, size_t count, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *f = &code[i];

		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
			cr_assert(f->k + sizeof(a) <= sizeof(*d));
			memcpy(&a, (const char *)d + f->k, sizeof(a));
			break;
		case BPF_ALU:
			a = alu(f, a);
			break;
		case BPF_RET:
			return f->k;
		default:
			i += BPF_OP(f->code) == BPF_JA ? f->k : holds(f, a) ? f->jt : f->jf;
		}
	}
	cr_assert_fail("ran off the end");
	return 0;
}

/* The instructions stay until the test ends. */
static void keep(struct seccomp_program *p)
{
	static struct arena kept;
	size_t size = p->count * sizeof(*p->code);

	autofree struct sock_filter *code = p->code;

	p->code = memcpy(arena_alloc(&kept, size), code, size);
}

static struct seccomp_program build_with(const char *json, size_t len, uint64_t caps,
	uint32_t options)
{
	struct seccomp_target target = {
		.caps = caps,
		.options = options,
		.kernel_major = 6,
		.kernel_minor = 1,
		.all_arches = options & SECCOMP_OPTION_32BIT,
	};
	struct seccomp_profile profile;
	struct seccomp_program program;
	struct err err = {0};

	cr_assert(seccomp_profile_parse("p", json, len, &target, &profile, &err) == 0, "%s",
		err.text);
	cr_assert(seccomp_program_build("p", &profile, &program, &err) == 0, "%s", err.text);
	seccomp_profile_free(&profile);
	keep(&program);
	return program;
}

static struct seccomp_program build(const char *json, size_t len, uint64_t caps)
{
	return build_with(json, len, caps, 0);
}

static uint32_t answer_on(const struct seccomp_program *p, uint32_t arch, int nr, uint64_t a0,
	uint64_t a1, uint64_t a2)
{
	struct seccomp_data d = {.nr = nr, .arch = arch, .args = {a0, a1, a2}};

	return run(p->code, p->count, &d);
}

static uint32_t answer(const struct seccomp_program *p, int nr, uint64_t a0, uint64_t a1,
	uint64_t a2)
{
	return answer_on(p, seccomp_arch_native(), nr, a0, a1, a2);
}

static struct seccomp_program one_condition(const char *op, const char *value, const char *two)
{
	char json[400];

	snprintf(json, sizeof(json),
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"name\":"
		"\"read\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"op\":\"SCMP_CMP_%s\","
		"\"value\":%s,\"valueTwo\":%s}]},{\"name\":\"write\",\"action\":\"SCMP_ACT_ALLOW\"}]}",
		op, value, two);
	return build(json, strlen(json), 0);
}

static bool compare(const char *op, uint64_t arg, uint64_t v, uint64_t two)
{
	if (!strcmp(op, "EQ"))
		return arg == v;
	if (!strcmp(op, "NE"))
		return arg != v;
	if (!strcmp(op, "LT"))
		return arg < v;
	if (!strcmp(op, "LE"))
		return arg <= v;
	if (!strcmp(op, "GT"))
		return arg > v;
	if (!strcmp(op, "GE"))
		return arg >= v;
	return (arg & v) == two;
}

Test(seccomp_program, operators_compare_64_bits)
{
	static const char *const ops[] = {"EQ", "NE", "LT", "LE", "GT", "GE", "MASKED_EQ"};
	static const uint64_t values[] = {0, 1, 5, 0xffffffff, 0x100000000, 0x100000005,
		0x700000003};
	static const uint64_t near[] = {0, 1, 4, 5, 6, 0xfffffffe, 0xffffffff, 0x100000000,
		0x100000004, 0x100000005, 0x100000006, 0x700000003, 0x800000000, UINT64_MAX};

	for (size_t o = 0; o < 7; o++) {
		for (size_t v = 0; v < 7; v++) {
			char text[24], two[24];
			uint64_t datum = values[v] & 0x500000005;
			struct seccomp_program p;

			snprintf(text, sizeof(text), "%llu", (unsigned long long)values[v]);
			snprintf(two, sizeof(two), "%llu", (unsigned long long)datum);
			p = one_condition(ops[o], text, two);
			for (size_t n = 0; n < 14; n++)
				cr_assert((answer(&p, SYS_read, 0, near[n], 0) == ALLOWED) ==
						  compare(ops[o], near[n], values[v], datum),
					"%s %s: %llx", ops[o], text, (unsigned long long)near[n]);
			cr_assert(answer(&p, SYS_write, 0, 0, 0) == ALLOWED);
		}
	}
}

/* More than one jump of classic BPF reaches, in one call and in the whole tree. */
Test(seccomp_program, long_jumps)
{
	static char json[200000];
	size_t len = (size_t)sprintf(json, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[");
	static const char *const names[] = {"read", "getpid", "openat", "statx"};
	static const int numbers[] = {SYS_read, SYS_getpid, SYS_openat, SYS_statx};
	struct seccomp_program p;

	for (int i = 0; i < 4; i++) {
		for (int v = 0; v < 90; v++)
			len += (size_t)sprintf(json + len,
				"{\"name\":\"%s\",\"action\":\"SCMP_ACT_ERRNO\","
				"\"errnoRet\":%d,\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":1},"
				"{\"index\":1,\"op\":\"SCMP_CMP_EQ\",\"value\":%d}]},",
				names[i], 1000 * i + v, v);
		len += (size_t)sprintf(json + len,
			"{\"name\":\"%s\",\"action\":\"SCMP_ACT_ALLOW\"}%s", names[i],
			i < 3 ? "," : "]}");
	}
	p = build(json, len, 0);
	for (int i = 0; i < 4; i++) {
		for (unsigned v = 0; v < 90; v++)
			cr_assert(
				answer(&p, numbers[i], 1, v, 0) == ERROR(1000u * (unsigned)i + v));
		cr_assert(answer(&p, numbers[i], 1, 90, 0) == ALLOWED);
		cr_assert(answer(&p, numbers[i], 0, 3, 0) == ALLOWED);
		cr_assert(answer(&p, numbers[i] + 1, 1, 3, 0) != ALLOWED);
	}
}

/* On three ABIs, of which each has a copy. */
Test(seccomp_program, many_values_of_one_argument)
{
	static char json[200000];
	size_t len = (size_t)sprintf(json,
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":["
		"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[");
	struct seccomp_program p;

	for (int i = 0; i < 900; i++)
		len += (size_t)sprintf(json + len,
			"%s{\"name\":\"personality\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d,"
			"\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_%s\",\"value\":%d,\"valueTwo\":%d}]}",
			i ? "," : "", 1 + i / 100, i < 600 ? "EQ" : "MASKED_EQ",
			i < 600 ? i : 65535, i);
	sprintf(json + len, "]}");
	p = build(json, strlen(json), 0);
	for (uint64_t v = 0; v < 1000; v++) {
		uint64_t high = UINT64_C(1) << 32;

		cr_assert(answer(&p, SYS_personality, v, 0, 0) ==
			  (v < 900 ? ERROR(1 + (uint32_t)v / 100) : ALLOWED));
		cr_assert(answer(&p, SYS_personality, v | high, 0, 0) ==
			  (v >= 600 && v < 900 ? ERROR(1 + (uint32_t)v / 100) : ALLOWED));
	}
}

Test(seccomp_program, too_long_is_refused)
{
	static char json[1 << 19];
	struct seccomp_target target = {0};
	struct seccomp_profile profile;
	struct seccomp_program program;
	struct err err = {0};
	size_t len = (size_t)sprintf(json, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[");

	for (int i = 0; i < 2000; i++)
		len += (size_t)sprintf(json + len,
			"%s{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\","
			"\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_GT\",\"value\":%d}]}",
			i ? "," : "", i);
	len += (size_t)sprintf(json + len, "]}");
	cr_assert(seccomp_profile_parse("p", json, len, &target, &profile, &err) == 0, "%s",
		err.text);
	cr_assert(seccomp_program_build("p", &profile, &program, &err) < 0);
	cr_assert(strstr(err.text, "longer than the 4096 instructions"), "%s", err.text);
}

Test(seccomp_program, first_match_then_the_rule_without_condition)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
		"{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"name\":\"read\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5,\"args\":["
		"{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":3}]},"
		"{\"name\":\"read\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":6,\"args\":["
		"{\"index\":0,\"op\":\"SCMP_CMP_LE\",\"value\":3}]}]}";
	struct seccomp_program p = build(json, sizeof(json) - 1, 0);

	cr_assert(answer(&p, SYS_read, 3, 0, 0) == ERROR(5));
	cr_assert(answer(&p, SYS_read, 2, 0, 0) == ERROR(6));
	cr_assert(answer(&p, SYS_read, 4, 0, 0) == ALLOWED);
}

Test(seccomp_program, calls_younger_than_the_profile_do_not_exist)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":"
		"[\"read\",\"openat2\",\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"}]}";
	struct seccomp_program p = build(json, sizeof(json) - 1, 0);

	cr_assert(answer(&p, SYS_openat2, 0, 0, 0) == ALLOWED);
	cr_assert(answer(&p, SYS_openat2 - 1, 0, 0, 0) == ERROR(EPERM));
	cr_assert(answer(&p, SYS_openat2 + 1, 0, 0, 0) == ERROR(ENOSYS));
	cr_assert(answer(&p, SYS_read, 0, 0, 0) == ALLOWED);
	cr_assert(p.unknown == 1 && !strcmp(p.unknown_names, "no_such_call"));
	cr_assert(!p.unruled_names[0]);
}

Test(seccomp_program, names_what_is_forbidden_in_vain)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\",\"no_such_a\","
		"\"no_such_b\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,"
		"\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"no_such_c\"],\"action\":\"SCMP_ACT_LOG\"}]}";
	struct seccomp_program p = build(json, sizeof(json) - 1, 0);

	cr_assert_str_eq(p.unruled_names, "no_such_a no_such_b");
}

#ifdef __x86_64__
Test(seccomp_program, other_abis)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":"
		"[\"SCMP_ARCH_X86\"],\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"name\":\"write\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		"{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":1}]}]}";
	struct seccomp_program p = build(json, sizeof(json) - 1, 0);

	cr_assert(answer_on(&p, SCMP_ARCH_X86, 3, 0, 0, 0) == ALLOWED);
	cr_assert(answer_on(&p, SCMP_ARCH_X86, 4, 1, 0, 0) == ALLOWED);
	cr_assert(answer_on(&p, SCMP_ARCH_X86, 4, 2, 0, 0) == ERROR(EPERM));
	cr_assert(answer_on(&p, SCMP_ARCH_X86, 5, 0, 0, 0) == ERROR(ENOSYS));
	cr_assert(answer(&p, 0x40000000, 0, 0, 0) == SECCOMP_RET_KILL_PROCESS);
	cr_assert(answer(&p, 0x7fffffff, 0, 0, 0) == SECCOMP_RET_KILL_PROCESS);
	cr_assert(answer(&p, -1, 0, 0, 0) == ERROR(EPERM));
	cr_assert(answer_on(&p, SCMP_ARCH_AARCH64, 0, 0, 0, 0) == SECCOMP_RET_KILL_PROCESS);
}
#endif

static struct seccomp_program builtin_with(const char *name, uint64_t caps, uint32_t options)
{
	for (size_t i = 0; i < seccomp_builtin_count; i++)
		if (!strcmp(seccomp_builtins[i].name, name))
			return build_with(seccomp_builtins[i].json, seccomp_builtins[i].json_len,
				caps, options);
	cr_assert_fail("no profile %s", name);
	return (struct seccomp_program){0};
}

static struct seccomp_program builtin(const char *name, uint64_t caps)
{
	return builtin_with(name, caps, 0);
}

Test(seccomp_program, what_is_embedded_is_what_the_profile_says)
{
	for (size_t i = 0; i < seccomp_builtin_count; i++) {
		const struct seccomp_builtin *b = &seccomp_builtins[i];
		struct seccomp_program p = build(b->json, b->json_len, b->caps);

		cr_assert(p.count * sizeof(*p.code) == b->program_len);
		cr_assert(!memcmp(p.code, b->program, b->program_len));
	}
}

Test(seccomp_program, no_socket_but_the_listed_ones)
{
	static const uint64_t upper[] = {0, UINT64_C(1) << 32, UINT64_C(0xffffffff) << 32};
	struct seccomp_program p = builtin("default", 0);

	for (uint64_t u = 0; u < 3; u++) {
		for (uint64_t f = 0; f < 300; f++) {
			bool inet = !u && (f == 2 || f == 10);

			cr_assert((answer(&p, SYS_socket, upper[u] | f, 1, 0) == ALLOWED) ==
					  (inet || (!u && (f == 1 || f == 16))),
				"family %d", (int)f);
			cr_assert((answer(&p, SYS_socketpair, upper[u] | f, 1, 0) == ALLOWED) ==
				  (!u && f == 1));
			cr_assert((answer(&p, SYS_socket, upper[u] | f, 5, 0) == ALLOWED) ==
				  (!u && (f == 1 || f == 16)));
		}
	}
	for (uint64_t proto = 1; proto < 300; proto++)
		cr_assert(answer(&p, SYS_socket, 16, 3, proto) == ERROR(EPROTONOSUPPORT));
	for (uint64_t proto = 0; proto < 300; proto++) {
		cr_assert((answer(&p, SYS_socket, 2, 1 | 0x80800, proto) == ALLOWED) ==
			  (proto == 0 || proto == 6 || proto == 262));
		cr_assert((answer(&p, SYS_socket, 10, 2, proto) == ALLOWED) ==
			  (proto == 0 || proto == 17 || proto == 58));
	}
	/* The kernel starts modprobe for a raw socket without a protocol, of which it takes 32 bits. */
	for (uint64_t family = 2; family <= 10; family += 8) {
		cr_assert(answer(&p, SYS_socket, family, 3, 0) == ERROR(EPROTONOSUPPORT));
		cr_assert(answer(&p, SYS_socket, family, 3 | 0x80000, UINT64_C(1) << 32) ==
			  ERROR(EPROTONOSUPPORT));
		cr_assert(answer(&p, SYS_socket, family, 3, 1) == ALLOWED);
	}
	cr_assert(answer(&p, SYS_socket, 38, 5, 0) == ERROR(EAFNOSUPPORT));
}

Test(seccomp_program, namespaces_only_with_the_capability)
{
	static const uint64_t fresh[] = {0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000,
		0x20000000, 0x40000000};
	struct seccomp_program p = builtin("default", 0), admin = builtin("default", SYS_ADMIN);
	struct seccomp_program vps = builtin("vps", 0);

	for (size_t i = 0; i < 7; i++) {
		uint64_t high = UINT64_C(1) << 40;

		cr_assert(answer(&p, SYS_clone, fresh[i] | SIGCHLD, 0, 0) == ERROR(EPERM));
		cr_assert(answer(&p, SYS_clone, high | fresh[i], 0, 0) == ERROR(EPERM));
		cr_assert(answer(&p, SYS_unshare, fresh[i], 0, 0) == ERROR(EPERM));
		cr_assert(answer(&admin, SYS_clone, fresh[i], 0, 0) == ALLOWED);
		cr_assert(answer(&vps, SYS_unshare, fresh[i], 0, 0) == ALLOWED);
	}
	cr_assert(answer(&p, SYS_unshare, 0x80, 0, 0) == ERROR(EPERM));
	cr_assert(answer(&p, SYS_unshare, 0x600, 0, 0) == ALLOWED);
	cr_assert(answer(&p, SYS_clone, 0x3d0f00, 0, 0) == ALLOWED);
	cr_assert(answer(&p, SYS_clone3, 0, 0, 0) == ERROR(ENOSYS));
	cr_assert(answer(&vps, SYS_clone3, 0, 0, 0) == ALLOWED);
	cr_assert(answer(&p, SYS_mount, 0, 0, 0) == ERROR(EPERM));
	cr_assert(answer(&admin, SYS_mount, 0, 0, 0) == ALLOWED);
	cr_assert(answer(&vps, SYS_mount, 0, 0, 0) == ALLOWED);
}

Test(seccomp_program, the_kernel_surface_is_closed_in_every_profile)
{
	static const int closed[] = {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
		SYS_bpf, SYS_userfaultfd, SYS_perf_event_open, SYS_keyctl, SYS_add_key,
		SYS_request_key, SYS_kexec_load, SYS_init_module, SYS_finit_module,
		SYS_delete_module, SYS_open_by_handle_at, SYS_swapon, SYS_quotactl,
		SYS_clock_settime, SYS_syslog};
	struct seccomp_program p[] = {builtin("default", 0), builtin("default", UINT64_MAX),
		builtin("vps", UINT64_MAX)};

	for (size_t i = 0; i < 3; i++) {
		for (size_t c = 0; c < sizeof(closed) / sizeof(closed[0]); c++)
			cr_assert(answer(&p[i], closed[c], 0, 0, 0) == ERROR(EPERM), "%d",
				closed[c]);
		cr_assert(answer(&p[i], SYS_socket, 38, 5, 0) == ERROR(EAFNOSUPPORT));
		cr_assert(answer(&p[i], SYS_socket, 40, 1, 0) == ERROR(EAFNOSUPPORT));
		cr_assert(answer(&p[i], SYS_socket, 16, 3, 6) == ERROR(EPROTONOSUPPORT));
		cr_assert(answer(&p[i], SYS_ioctl, 0, 0x5412, 0) == ERROR(EPERM));
		cr_assert(answer(&p[i], SYS_ioctl, 0, 0x700005412, 0) == ERROR(EPERM));
		cr_assert(answer(&p[i], SYS_ioctl, 0, 0x541c, 0) == ERROR(EPERM));
		cr_assert(answer(&p[i], SYS_ioctl, 0, 0x5413, 0) == ALLOWED);
		cr_assert(answer(&p[i], SYS_personality, 0x400000, 0, 0) == ERROR(EPERM));
		cr_assert(answer(&p[i], SYS_personality, UINT64_MAX, 0, 0) == ALLOWED);
		for (int nr = 471; nr < 2000; nr++)
			cr_assert(answer(&p[i], nr, 0, 0, 0) == ERROR(ENOSYS));
	}
}

/* Level and name of an option are ints. */
static uint32_t sets(const struct seccomp_program *p, uint64_t level, uint64_t option)
{
	return answer(p, SYS_setsockopt, 3, level, option);
}

Test(seccomp_program, filters_of_sockets_take_a_capability)
{
	static const uint64_t attach[] = {26, 50, 51, 52};
	struct seccomp_program p = builtin("default", 0), raw = builtin("default", NET_RAW);
	struct seccomp_program vps = builtin("vps", 0), router = builtin("default", NET_ADMIN);

	for (uint64_t option = 0; option < 100; option++) {
		bool attaches = false;

		for (size_t i = 0; i < 4; i++)
			attaches |= attach[i] == option;
		cr_assert((sets(&p, 1, option) == ALLOWED) == !attaches, "%d", (int)option);
		cr_assert((sets(&p, UINT64_C(7) << 32 | 1, option | UINT64_C(7) << 32) ==
				  ALLOWED) == !attaches);
		cr_assert((sets(&vps, 1, option) == ALLOWED) == !attaches);
		cr_assert(sets(&raw, 1, option) == ALLOWED);
		cr_assert((sets(&p, 6, option) == ALLOWED) == (option != 38));
		cr_assert(sets(&router, 6, option) == ALLOWED);
	}
	cr_assert(sets(&p, 1, 26) == ERROR(EPERM) && sets(&vps, 1, 26) == ERROR(0));
}

Test(seccomp_program, the_limit_of_core_dumps_stays)
{
	struct seccomp_program p = builtin("default", 0);

	for (uint64_t r = 0; r < 16; r++) {
		uint32_t changed = r == 4 ? ERROR(0) : ALLOWED;

		cr_assert(answer(&p, SYS_setrlimit, r, 1, 0) == changed);
		cr_assert(answer(&p, SYS_prlimit64, 7, r, 1) == changed);
		cr_assert(answer(&p, SYS_prlimit64, 0, r, 0) == ALLOWED);
		cr_assert(run(p.code, p.count,
				  &(struct seccomp_data){.nr = SYS_prlimit64,
					  .arch = seccomp_arch_native(),
					  .args = {0, r, UINT64_C(1) << 40, UINT64_C(1) << 40}}) ==
			  (r == 4 ? ERROR(EPERM) : ALLOWED));
	}
	p = builtin_with("default", 0, SECCOMP_OPTION_CORE);
	cr_assert(answer(&p, SYS_setrlimit, 4, 1, 0) == ALLOWED);
	cr_assert(answer(&p, SYS_prlimit64, 0, 4, 1) == ALLOWED);
}

Test(seccomp_program, asynchronous_io_only_by_its_word)
{
	struct seccomp_program p = builtin("default", UINT64_MAX);

	cr_assert(answer(&p, SYS_io_setup, 1, 0, 0) == ERROR(ENOSYS));
	p = builtin_with("vps", 0, SECCOMP_OPTION_AIO);
	cr_assert(answer(&p, SYS_io_setup, 1, 0, 0) == ALLOWED);
}

#ifdef __x86_64__
Test(seccomp_program, programs_of_32_bits_only_by_their_word)
{
	struct seccomp_program p = builtin("default", 0);

	cr_assert(answer_on(&p, SCMP_ARCH_X86, 4, 1, 0, 0) == SECCOMP_RET_KILL_PROCESS);
	p = builtin_with("default", 0, SECCOMP_OPTION_32BIT);
	cr_assert(answer_on(&p, SCMP_ARCH_X86, 4, 1, 0, 0) == ALLOWED);
	cr_assert(answer_on(&p, SCMP_ARCH_X86, 102 /* socketcall */, 1, 0, 0) == ERROR(ENOSYS));
	cr_assert(answer_on(&p, SCMP_ARCH_X86, 54, 0, 0x5423, 0) == ERROR(EPERM));
	cr_assert(answer_on(&p, SCMP_ARCH_X86, 359, 38, 5, 0) == ERROR(EAFNOSUPPORT));
	cr_assert(answer(&p, 0x40000000, 0, 0, 0) == SECCOMP_RET_KILL_PROCESS);
}
#endif

/* What makes the host's kernel load a module. */
Test(seccomp_program, no_ioctl_loads_a_module)
{
	static const uint64_t loading[] = {0x8940, 0x8941, 0x89a0, 0x89a1, 0x8980, 0x8981, 0x8982,
		0x8983};
	struct seccomp_program p = builtin("default", 0), router = builtin("default", NET_ADMIN);

	cr_assert(answer(&p, SYS_ioctl, 0, 0x5423, 0) == ERROR(EPERM));
	cr_assert(answer(&router, SYS_ioctl, 0, 0x5423, 0) == ERROR(EPERM));
	for (size_t i = 0; i < sizeof(loading) / sizeof(loading[0]); i++) {
		cr_assert(answer(&p, SYS_ioctl, 0, loading[i], 0) == ERROR(ENOPKG));
		cr_assert(answer(&router, SYS_ioctl, 0, loading[i], 0) == ALLOWED);
	}
	cr_assert(answer(&p, SYS_ioctl, 0, 0x8912, 0) == ALLOWED);
}

Test(seccomp_program, names_younger_than_libseccomp)
{
	static const char *const names[] = {"cachestat", "fchmodat2", "map_shadow_stack",
		"futex_wake", "futex_wait", "futex_requeue", "statmount", "listmount", "mseal",
		"setxattrat", "file_getattr", "futex_waitv", "set_mempolicy_home_node"};
	struct seccomp_program p = builtin("default", 0);

	cr_assert(syscall_number("mseal") == 462 && syscall_number("futex_waitv") == 449);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert(answer(&p, syscall_number(names[i]), 0, 0, 0) == ALLOWED, "%s", names[i]);
}
