#include "process/seccomp.h"

#include "base/fd.h"
#include "base/file.h"
#include "process/seccomp_builtin.h"
#include "process/seccomp_cache.h"
#include "process/seccomp_helper.h"
#include "process/seccomp_option.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Inside the kernel only, but where a filter can be neither compiled nor interpreted. */
#define ENOTSUPP 524

enum { PROFILE_MAX_BYTES = 1 << 20 };

static int compile(const char *what, const char *profile, size_t len,
	const struct seccomp_terms *terms, int store_fd, struct seccomp_filter *ret,
	struct err *err);

/* "vps", "default+aio": a profile of ours, and words of it. NULL if name is none. */
static const struct seccomp_builtin *builtin_find(const char *name, uint32_t *ret_options)
{
	const uint32_t given = SECCOMP_OPTION_AIO | SECCOMP_OPTION_32BIT;
	size_t len = strcspn(name, "+");

	*ret_options = 0;
	if (name[len] && (seccomp_options_parse(name + len + 1, '+', ret_options) < 0 ||
				 *ret_options & ~given))
		return NULL;
	for (size_t i = 0; i < seccomp_builtin_count; i++)
		if (strlen(seccomp_builtins[i].name) == len &&
			!memcmp(seccomp_builtins[i].name, name, len))
			return &seccomp_builtins[i];
	return NULL;
}

bool seccomp_name_is_known(const char *name)
{
	uint32_t options;

	return builtin_find(name, &options) || !strcmp(name, "unconfined");
}

/* Above 1 a limit is meant to be used, and so to be set. */
static bool has_core_dumps(const struct process_spec *p)
{
	for (size_t i = 0; i < p->rlimit_count; i++)
		if (p->rlimits[i].resource == RLIMIT_CORE)
			return p->rlimits[i].hard > CORE_NONE;
	return false;
}

static int builtin_resolve(const struct seccomp_builtin *b, uint64_t caps, uint32_t options,
	int store_fd, struct seccomp_filter *ret, struct err *err)
{
	struct seccomp_terms terms = {.caps = caps & b->asked, .options = options};

	if (!options && !((b->caps ^ caps) & b->asked)) {
		*ret = (struct seccomp_filter){.bytes = b->program, .len = b->program_len};
		return 0;
	}
	return compile(b->name, b->json, b->json_len, &terms, store_fd, ret, err);
}

int seccomp_profile_read(const char *path, char **ret_text, size_t *ret_len, struct err *err)
{
	if (file_read_given(path, PROFILE_MAX_BYTES, ret_text, ret_len, err) == 0)
		return 0;
	err_hint(err, "a seccomp profile is a file, \"default\", \"vps\" (with +aio or +32bit "
		      "behind it) or \"unconfined\"");
	return err_wrap(err, "seccomp profile");
}

int seccomp_resolve(const struct process_spec *p, int store_fd, struct seccomp_filter *ret,
	struct err *err)
{
	const char *name = p->seccomp ? p->seccomp : "default";
	struct seccomp_terms terms = {
		.caps = p->caps[CAPSET_BOUNDING],
		.listener = p->seccomp_text && p->listener,
	};
	uint32_t options;
	const struct seccomp_builtin *b = builtin_find(name, &options);
	autofree char *data = NULL;
	size_t len = 0;

	if (p->seccomp_text)
		return compile("linux.seccomp", p->seccomp_text, strlen(p->seccomp_text), &terms,
			store_fd, ret, err);
	if (has_core_dumps(p))
		options |= SECCOMP_OPTION_CORE;
	if (b)
		return builtin_resolve(b, terms.caps, options, store_fd, ret, err);
	if (!strcmp(name, "unconfined")) {
		*ret = (struct seccomp_filter){0};
		return 0;
	}
	if (p->seccomp_profile)
		return compile(name, p->seccomp_profile, strlen(p->seccomp_profile), &terms,
			store_fd, ret, err);
	if (seccomp_profile_read(name, &data, &len, err) < 0)
		return -1;
	return compile(name, data, len, &terms, store_fd, ret, err);
}

/* Loading asks for a listener only if there is something to hear. */
static bool has_notification(const struct sock_filter *code, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code[i].code == (BPF_RET | BPF_K) &&
			(code[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

static void program_hand_over(struct seccomp_program_bytes *from, struct seccomp_filter *ret)
{
	*ret = (struct seccomp_filter){
		.bytes = from->bytes,
		.len = from->len,
		.flags = from->flags,
		.owned = from->owned,
	};
	memcpy(ret->note, from->note, sizeof(ret->note));
	ret->notifies = has_notification(ret->bytes, ret->len / sizeof(struct sock_filter));
	if (!ret->notifies)
		ret->flags &= ~(uint64_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
}

static int compile(const char *what, const char *profile, size_t len,
	const struct seccomp_terms *terms, int store_fd, struct seccomp_filter *ret,
	struct err *err)
{
	struct seccomp_helper helper;
	struct seccomp_program_bytes program;
	struct seccomp_key key = {.profile = profile, .profile_len = len};

	if (seccomp_helper_find(&helper, err) < 0)
		return -1;
	seccomp_helper_describe(&helper, terms, key.params);
	if (seccomp_cache_find(store_fd, &key, &program) < 0) {
		if (seccomp_helper_run(&helper, what, profile, len, terms, &program, err) < 0)
			return err_wrap(err, "seccomp profile");
		seccomp_cache_store(store_fd, &key, &program);
	}
	program_hand_over(&program, ret);
	return 0;
}

static bool jumps(const struct sock_filter *f, uint32_t a)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return a == f->k;
	case BPF_JGT:
		return a > f->k;
	case BPF_JGE:
		return a >= f->k;
	default:
		return a & f->k;
	}
}

/* The few instructions that ctr-seccomp writes. */
uint32_t seccomp_answer_exit(const struct seccomp_filter *filter, uint32_t arch)
{
	const struct seccomp_data data = {.nr = 1 /* of i386, arm and s390 */, .arch = arch};
	const struct sock_filter *code = filter->bytes;
	size_t count = filter->len / sizeof(*code);
	uint32_t a = 0;

	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *f = &code[i];

		if (BPF_CLASS(f->code) == BPF_RET)
			return f->k;
		if (BPF_CLASS(f->code) == BPF_LD && f->k <= sizeof(data) - sizeof(a))
			memcpy(&a, (const char *)&data + f->k, sizeof(a));
		else if (BPF_CLASS(f->code) == BPF_ALU)
			a &= f->k;
		else if (BPF_CLASS(f->code) == BPF_JMP)
			i += BPF_OP(f->code) == BPF_JA ? f->k : jumps(f, a) ? f->jt : f->jf;
	}
	return SECCOMP_RET_ALLOW;
}

void seccomp_free(struct seccomp_filter *filter)
{
	free(filter->owned);
	*filter = (struct seccomp_filter){0};
}

/* Without SPEC_ALLOW: since Linux 5.16 a filter no longer costs speculation unless the host's
 * administrator asks for it at boot, and then it is meant. Without TSYNC: there is one thread. */
int seccomp_load(const struct seccomp_filter *filter, uint64_t more_flags, struct err *err)
{
	struct sock_fprog prog = {
		.len = (unsigned short)(filter->len / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)filter->bytes,
	};

	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		(unsigned)(filter->flags | more_flags), &prog);

	if (r >= 0)
		return (int)r;
	err_sys(err, "load the seccomp filter of %u instructions", prog.len);
	if (err->sys != ENOTSUPP)
		return -1;
	err_set(err, "load the seccomp filter: the memory that this machine gives to compiled "
		     "filters is used up (net.core.bpf_jit_limit)");
	err->sys = ENOTSUPP;
	return err_hint(err, "end whoever has filled it, or raise it: double the number in "
			     "/proc/sys/net/core/bpf_jit_limit");
}

int seccomp_apply(const struct seccomp_filter *filter, struct err *err)
{
	return filter->len && seccomp_load(filter, 0, err) < 0 ? -1 : 0;
}
