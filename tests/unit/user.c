#include "process/user.h"

#include "base/fd.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char passwd[] = "# a comment\n"
			     "root:x:0:0:root:/root:/bin/sh\n"
			     "\n"
			     "www:x:33:34:web:/var/www:/bin/false\n"
			     "1000:x:0:0::/:/bin/sh\n"
			     "minus:x:-1:0::/:\n"
			     "wrap:x:4294967296:0::/:\n"
			     "unchanged:x:4294967295:0::/:\n"
			     "high:x:70000:0::/:\n"
			     "highgid:x:5:70000::/:\n"
			     "short:x:7\n"
			     "relative:x:8:8::home:\n"
			     "www:x:0:0:second:/root:/bin/sh\n"
			     "last:x:9:9::/last:/bin/sh";
static const char group[] = "root:x:0:\n"
			    "www:x:34:\n"
			    "adm:x:4:root,www\n"
			    "disk:x:6:wwww,xwww,www,\n"
			    "bad:x:-1:last\n"
			    "high:x:70000:\n"
			    "audio:x:29:root";

static int root = -1;
static char dir[] = "/tmp/ctr-user-XXXXXX";

static void put(const char *name, const char *text, size_t len)
{
	autofd int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fd_write_all(fd, text, len), 0);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(root, 0);
	cr_assert_eq(mkdirat(root, "etc", 0755), 0);
	put("etc/passwd", passwd, sizeof(passwd) - 1);
	put("etc/group", group, sizeof(group) - 1);
}

static void teardown(void)
{
	struct err err;

	close(root);
	tree_remove(AT_FDCWD, dir, &err);
}

TestSuite(user, .init = setup, .fini = teardown, .timeout = 60);

static struct err last;
static uint32_t limit = 65536; /* ids of the container */

static int resolve_with(const char *text, char *const *extra, size_t n, struct user *u)
{
	memset(&last, 0, sizeof(last));
	memset(u, 0xaa, sizeof(*u));
	return user_resolve(root, text, extra, n, limit, u, &last);
}

static void is(const char *text, uint32_t uid, uint32_t gid, size_t ngroups, const char *home)
{
	struct user u;

	cr_assert_eq(resolve_with(text, NULL, 0, &u), 0, "%s: %s", text, last.text);
	cr_expect_eq(u.uid, uid, "%s: uid %u", text, u.uid);
	cr_expect_eq(u.gid, gid, "%s: gid %u", text, u.gid);
	cr_expect_eq(u.ngroups, ngroups, "%s: %zu groups", text, u.ngroups);
	cr_expect_str_eq(u.home, home, "%s: %s", text, u.home);
}

static void refused(const char *text, const char *expected)
{
	struct user u;

	cr_assert_eq(resolve_with(text, NULL, 0, &u), -1, "accepted %s", text);
	cr_expect(strstr(last.text, expected), "%s: %s", text, last.text);
}

Test(user, docker_semantics)
{
	struct user u;

	is("", 0, 0, 2, "/root");
	is("root", 0, 0, 2, "/root");
	is("0", 0, 0, 2, "/root");
	is("www", 33, 34, 2, "/var/www");
	is("33", 33, 34, 2, "/var/www");
	is("www:0", 33, 0, 0, "/var/www");
	is("www:adm", 33, 4, 0, "/var/www");
	is("33:adm", 33, 4, 0, "/var/www");
	is(":adm", 0, 4, 0, "/root");
	is("4242", 4242, 0, 0, "/");
	is("4242:17", 4242, 17, 0, "/");
	is("last", 9, 9, 0, "/last");
	is("relative", 8, 8, 0, "/");
	cr_assert_eq(resolve_with("www", NULL, 0, &u), 0);
	cr_expect_eq(u.groups[0], 4);
	cr_expect_eq(u.groups[1], 6);
}

Test(user, a_number_is_no_name)
{
	is("1000", 1000, 0, 0, "/");
}

Test(user, strict_numbers)
{
	static const char *const bad[] = {"-1", "+1", " 1", "1 ", "1a", "0x0", "4294967295",
		"4294967296", "18446744073709551616", "0:-1", "0:+1", "0: 1", "0:4294967295",
		"0:1a", "1:2:3", "www:root:0", "\t0", "-", "0:-", "a/b", "a,b"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], "neither a name nor an id");
	refused("0:", "no group after");
	refused("65536", "beyond the container's 65536 ids");
	refused("0:65536", "beyond the container's 65536 ids");
	is("65535:65535", 65535, 65535, 0, "/");
}

Test(user, names_that_are_not_there)
{
	refused("nobody", "'nobody' is not in the container's /etc/passwd");
	refused("0:nobody", "'nobody' is not in the container's /etc/group");
	refused("#", "neither");
}

Test(user, entries_without_ids)
{
	refused("minus", "something else than ids");
	refused("wrap", "something else than ids");
	refused("unchanged", "something else than ids");
	refused("short", "something else than ids");
	refused("0:bad", "something else than an id");
	refused("high", "beyond the container's 65536");
	refused("highgid", "beyond the container's 65536");
	refused("0:high", "beyond the container's 65536");
}

Test(user, extra_groups)
{
	struct user u;
	char *const extra[] = {"audio", "4", "12345", "audio"};
	char *const none[] = {"nobody"}, *const sign[] = {"-1"}, *const empty[] = {""};

	cr_assert_eq(resolve_with("www", extra, 4, &u), 0, "%s", last.text);
	cr_expect_eq(u.ngroups, 4, "%zu", u.ngroups);
	cr_expect_eq(u.groups[2], 29);
	cr_expect_eq(u.groups[3], 12345);
	cr_expect_eq(resolve_with("0", none, 1, &u), -1);
	cr_expect_eq(resolve_with("0", sign, 1, &u), -1);
	cr_expect_eq(resolve_with("0", empty, 1, &u), -1);
}

static void replace_passwd(void)
{
	cr_assert_eq(unlinkat(root, "etc/passwd", 0), 0);
}

Test(user, no_files)
{
	replace_passwd();
	cr_assert_eq(unlinkat(root, "etc/group", 0), 0);
	is("", 0, 0, 0, "/");
	is("5", 5, 0, 0, "/");
	is("5:6", 5, 6, 0, "/");
	refused("www", "not in the container's /etc/passwd");
	refused("5:www", "not in the container's /etc/group");
	cr_assert_eq(unlinkat(root, "etc", AT_REMOVEDIR), 0);
	is("", 0, 0, 0, "/");
}

/* What is not a plain file neither blocks nor counts, and is refused where it would; but nobody keeps
 * root out with it. */
static void odd(const char *why)
{
	refused("www", why);
	refused("5", why);
	is("", 0, 0, 0, "/");
	is("0", 0, 0, 0, "/");
	is("5:6", 5, 6, 0, "/");
	is("5:adm", 5, 4, 0, "/");
}

Test(user, fifo)
{
	replace_passwd();
	cr_assert_eq(mkfifoat(root, "etc/passwd", 0666), 0);
	odd("/etc/passwd is not a regular file");
}

Test(user, fifo_for_groups)
{
	cr_assert_eq(unlinkat(root, "etc/group", 0), 0);
	cr_assert_eq(mkfifoat(root, "etc/group", 0666), 0);
	is("", 0, 0, 0, "/root");
	is("0", 0, 0, 0, "/root");
	refused("0:adm", "/etc/group is not a regular file");
	refused("www", "/etc/group is not a regular file");
	refused("5:adm", "/etc/group is not a regular file");
	is("33:6", 33, 6, 0, "/var/www");
	is("66", 66, 0, 0, "/");
}

Test(user, directory)
{
	replace_passwd();
	cr_assert_eq(mkdirat(root, "etc/passwd", 0755), 0);
	odd("/etc/passwd is not a regular file");
}

Test(user, device)
{
	replace_passwd();
	if (mknodat(root, "etc/passwd", S_IFCHR | 0666, makedev(1, 5)) < 0)
		cr_skip_test("mknod needs root");
	odd("/etc/passwd is not a regular file");
}

Test(user, three_gigabytes)
{
	autofd int fd = openat(root, "etc/passwd", O_WRONLY | O_CLOEXEC);

	cr_assert_eq(ftruncate(fd, 3LL << 30), 0);
	odd("/etc/passwd is larger than 16 MiB");
}

Test(user, symlink_loop)
{
	replace_passwd();
	cr_assert_eq(symlinkat("passwd", root, "etc/passwd"), 0);
	odd("symbolic link");
}

Test(user, link_out_of_the_root)
{
	replace_passwd();
	cr_assert_eq(symlinkat("../../../../../../etc/passwd", root, "etc/passwd"), 0);
	refused("www", "symbolic link");
	replace_passwd();
	cr_assert_eq(symlinkat("/../etc/passwd.real", root, "etc/passwd"), 0);
	put("etc/passwd.real", "inside:x:77:78::/in:\n", 21);
	is("inside", 77, 78, 0, "/in");
	refused("root", "not in the container's /etc/passwd");
}

Test(user, socket_like_proc_link)
{
	replace_passwd();
	cr_assert_eq(symlinkat("/proc/self/fd/0", root, "etc/passwd"), 0);
	is("5", 5, 0, 0, "/");
	refused("www", "not in the container's /etc/passwd");
}

Test(user, long_fields_and_nul_bytes)
{
	autofree char *text = malloc(100000);
	size_t n = 0;

	memset(text, 'a', 90000);
	n = 90000;
	n += (size_t)sprintf(text + n, ":x:0:0::/:\nwww");
	text[n++] = '\0';
	n += (size_t)sprintf(text + n, ":x:0:0::/:\nwww:x:33:34::/");
	memset(text + n, 'h', 300);
	n += 300;
	n += (size_t)sprintf(text + n, ":\n");
	put("etc/passwd", text, n);
	is("www", 33, 34, 2, "/");
	text[255] = '\0';
	refused(text, "not in the container's /etc/passwd");
	text[255] = 'a';
	text[300] = '\0';
	refused(text, "too long");
}

/* A list of members as long as one likes. */
Test(user, long_line_of_members)
{
	autofree char *text = malloc(2 << 20);
	size_t n = (size_t)sprintf(text, "big:x:55:");

	for (int i = 0; i < 100000; i++)
		n += (size_t)sprintf(text + n, "user%d,", i);
	n += (size_t)sprintf(text + n, "www\n");
	put("etc/group", text, n);
	is("www", 33, 34, 1, "/var/www");
}

Test(user, too_many_groups)
{
	autofree char *text = malloc(4 << 20);
	size_t n = 0;
	int i;

	limit = 1 << 20;
	for (i = 0; i < USER_GROUPS_MAX; i++)
		n += (size_t)sprintf(text + n, "g%d:x:%d:www\n", i, 100 + i * 7919 % 100003);
	for (i = 0; i < 1000; i++)
		n += (size_t)sprintf(text + n, "g%d:x:%d:www\n", i, 100 + i * 7919 % 100003);
	put("etc/group", text, n);
	is("www", 33, 34, USER_GROUPS_MAX, "/var/www");
	n += (size_t)sprintf(text + n, "last:x:200000:www\n");
	put("etc/group", text, n);
	refused("www", "more than 65536 groups");
}

/* The same answer however the bytes arrive. */
Test(user, pieces)
{
	for (size_t size = 1; size < 40; size++) {
		struct passwd_scan p = {.name = "www"};
		struct group_question q[] = {{.name = "audio"}, {.name = "bad"}, {.name = "none"}};
		gid_t gids[8];
		struct group_scan g = {.member = "www",
			.questions = q,
			.question_count = 3,
			.gids = gids,
			.gid_room = 8};

		for (size_t at = 0; at < sizeof(passwd) - 1; at += size)
			passwd_feed(&p, passwd + at,
				sizeof(passwd) - 1 - at < size ? sizeof(passwd) - 1 - at : size);
		passwd_feed(&p, NULL, 0);
		cr_expect(p.found && p.usable && p.uid == 33 && p.gid == 34);
		for (size_t at = 0; at < sizeof(group) - 1; at += size)
			group_feed(&g, group + at,
				sizeof(group) - 1 - at < size ? sizeof(group) - 1 - at : size);
		group_feed(&g, NULL, 0);
		cr_expect_eq(g.gid_count, 2);
		cr_expect(q[0].found && q[0].usable && q[0].gid == 29);
		cr_expect(q[1].found && !q[1].usable);
		cr_expect_not(q[2].found);
	}
}
