#include "process/seccomp.h"

#include "base/fd.h"
#include "base/file.h"
#include "process/seccomp_builtin.h"
#include "process/seccomp_cache.h"
#include "process/seccomp_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PROFILE_MAX_BYTES = 1 << 20 };

static const struct seccomp_builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < seccomp_builtin_count; i++)
		if (!strcmp(seccomp_builtins[i].name, name))
			return &seccomp_builtins[i];
	return NULL;
}

static int builtin_resolve(const struct seccomp_builtin *b, uint64_t caps, int store_fd,
	struct seccomp_filter *ret, struct err *err)
{
	if (!((b->caps ^ caps) & b->asked)) {
		*ret = (struct seccomp_filter){.bytes = b->program, .len = b->program_len};
		return 0;
	}
	return seccomp_compile(b->name, b->json, b->json_len, caps & b->asked, false, store_fd, ret,
		err);
}

int seccomp_resolve(const struct process_spec *p, int store_fd, struct seccomp_filter *ret,
	struct err *err)
{
	const char *name = p->seccomp ? p->seccomp : "default";
	const struct seccomp_builtin *b = builtin_find(name);
	uint64_t caps = p->caps[CAPSET_BOUNDING];
	autofree char *data = NULL;
	size_t len = 0;

	if (p->seccomp_text)
		return seccomp_compile("linux.seccomp", p->seccomp_text, strlen(p->seccomp_text),
			caps, p->listener != NULL, store_fd, ret, err);
	if (b)
		return builtin_resolve(b, caps, store_fd, ret, err);
	if (!strcmp(name, "unconfined")) {
		*ret = (struct seccomp_filter){0};
		return 0;
	}
	if (file_read_given(name, PROFILE_MAX_BYTES, &data, &len, err) < 0) {
		err_hint(err,
			"a seccomp profile is a file, \"default\", \"vps\" or \"unconfined\"");
		return err_wrap(err, "seccomp profile");
	}
	return seccomp_compile(name, data, len, caps, false, store_fd, ret, err);
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

int seccomp_compile(const char *what, const char *profile, size_t len, uint64_t caps, bool listener,
	int store_fd, struct seccomp_filter *ret, struct err *err)
{
	struct seccomp_helper helper;
	struct seccomp_program_bytes program;
	struct seccomp_key key = {.profile = profile, .profile_len = len};

	if (seccomp_helper_find(&helper, err) < 0)
		return -1;
	seccomp_helper_describe(&helper, caps, listener, key.params);
	if (seccomp_cache_find(store_fd, &key, &program) < 0) {
		if (seccomp_helper_run(&helper, what, profile, len, caps, listener, &program, err) <
			0)
			return err_wrap(err, "seccomp profile");
		seccomp_cache_store(store_fd, &key, &program);
	}
	program_hand_over(&program, ret);
	return 0;
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

	if (r < 0)
		return err_sys(err, "load the seccomp filter of %u instructions", prog.len);
	return (int)r;
}

int seccomp_apply(const struct seccomp_filter *filter, struct err *err)
{
	return filter->len && seccomp_load(filter, 0, err) < 0 ? -1 : 0;
}
