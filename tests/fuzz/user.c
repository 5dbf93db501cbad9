/*
 * Who the payload is. Parts: --user, --group-add, /etc/passwd, /etc/group. Fed in pieces of any size
 * the scanners find the same.
 */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "process/user.h"
#include "spec/spec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int root, etc;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	root = fuzz_scratch();
	require(mkdirat(root, "etc", 0755) == 0);
	etc = openat(root, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(etc >= 0);
	return 0;
}

static void check_user(const struct user *u)
{
	require(u->uid < SPEC_IDS && u->gid < SPEC_IDS && u->ngroups <= USER_GROUPS_MAX);
	require(u->home[0] == '/' && memchr(u->home, '\0', sizeof(u->home)));
	for (size_t i = 0; i < u->ngroups; i++) {
		require(u->groups[i] < SPEC_IDS);
		for (size_t k = 0; k < i; k++)
			require(u->groups[i] != u->groups[k]);
	}
}

static void resolve(const char *text, char *extra)
{
	struct err err = {0};
	struct user user;

	fuzz_fill(&user, sizeof(user));
	if (user_resolve(root, text, &extra, *extra != '\0', SPEC_IDS, &user, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&user, sizeof(user));
		return;
	}
	check_user(&user);
}

static void feed_in_pieces(const char *name, const char *passwd, size_t len)
{
	struct passwd_scan whole = {.name = name}, pieces = {.name = name};

	if (len)
		passwd_feed(&whole, passwd, len);
	passwd_feed(&whole, NULL, 0);
	for (size_t at = 0, n; at < len; at += n) {
		n = 1 + at % 7 < len - at ? 1 + at % 7 : len - at;
		passwd_feed(&pieces, passwd + at, n);
	}
	passwd_feed(&pieces, NULL, 0);
	require(whole.found == pieces.found && whole.usable == pieces.usable);
	require(whole.uid == pieces.uid && whole.gid == pieces.gid);
	require(strcmp(whole.home, pieces.home) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	size_t passwd_len, group_len;
	autofree char *text = fuzz_part(&in, NULL), *extra = fuzz_part(&in, NULL);
	autofree char *passwd = fuzz_part(&in, &passwd_len);
	autofree char *group = fuzz_rest(&in, &group_len);

	fuzz_file(etc, "passwd", passwd, passwd_len);
	fuzz_file(etc, "group", group, group_len);
	resolve(text, extra);
	feed_in_pieces(text, passwd, passwd_len);
	return 0;
}
