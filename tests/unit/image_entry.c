#include "image/entry.h"

#include <criterion/criterion.h>
#include <string.h>

static struct entry_path path;
static struct err err;

static void expect(const char *s, enum entry_kind kind, const char *parent, const char *base)
{
	cr_assert(entry_path_parse(s, &path, &err) == 0, "%s: %s", s, err.text);
	cr_expect_eq(path.kind, kind, "%s", s);
	cr_expect_str_eq(path.parent, parent);
	cr_expect_str_eq(path.base, base);
}

static void refuse(const char *s, const char *reason)
{
	memset(&path, 'x', sizeof(path));
	cr_expect(entry_path_parse(s, &path, &err) == -1, "'%.40s' was taken", s);
	cr_expect_eq(path.parent[0], 'x', "'%.40s' was written", s);
	cr_expect(strstr(err.text, reason), "'%.40s': %s", s, err.text);
}

Test(image_entry, paths_are_made_plain)
{
	expect(".", ENTRY_ROOT, "", "");
	expect("./", ENTRY_ROOT, "", "");
	expect("a", ENTRY_PLAIN, "", "a");
	expect("./a/", ENTRY_PLAIN, "", "a");
	expect("a//./b/c", ENTRY_PLAIN, "a/b", "c");
	expect("...", ENTRY_PLAIN, "", "...");
	expect("a/..b", ENTRY_PLAIN, "a", "..b");
	expect(".wh", ENTRY_PLAIN, "", ".wh");
	expect("/", ENTRY_ROOT, "", "");
	expect("/a", ENTRY_PLAIN, "", "a");
	expect("//a/b", ENTRY_PLAIN, "a", "b");
}

Test(image_entry, a_tar_that_is_no_layer_has_no_whiteouts)
{
	cr_assert(entry_path_parse_plain("./.wh.a/.wh..wh..opq", &path, &err) == 0, "%s", err.text);
	cr_expect_eq(path.kind, ENTRY_PLAIN);
	cr_expect_str_eq(path.parent, ".wh.a");
	cr_expect_str_eq(path.base, ".wh..wh..opq");
	cr_assert(entry_path_parse_plain(".", &path, &err) == 0);
	cr_expect_eq(path.kind, ENTRY_ROOT);
	cr_expect(entry_path_parse_plain("a/../b", &path, &err) == -1);
	cr_expect(entry_path_parse_plain("", &path, &err) == -1);
}

Test(image_entry, whiteouts)
{
	expect(".wh.a", ENTRY_WHITEOUT, "", "a");
	expect("x/y/.wh.a", ENTRY_WHITEOUT, "x/y", "a");
	expect("x/.wh..wh..opq", ENTRY_OPAQUE, "x", ".wh..wh..opq");
	expect(".wh..wh..opq", ENTRY_OPAQUE, "", ".wh..wh..opq");
	expect(".wh..wh.plnk/1.2", ENTRY_IGNORED, ".wh..wh.plnk", "1.2");
	expect(".wh..wh.aufs", ENTRY_IGNORED, "", ".wh..wh.aufs");
	expect(".wh..a", ENTRY_WHITEOUT, "", ".a");
	refuse(".wh.", "whiteout of nothing");
	refuse(".wh..", "whiteout of nothing");
	refuse(".wh...", "whiteout of nothing");
	refuse("x/.wh.d/f", "below a whiteout");
}

Test(image_entry, ways_out_are_refused)
{
	refuse("", "no name");
	refuse("/../a", "'..'");
	refuse("..", "'..'");
	refuse("a/../b", "'..'");
	refuse("a/..", "'..'");
	refuse("./../a", "'..'");
}

Test(image_entry, lengths_are_bounded)
{
	char s[6000];

	memset(s, 'n', 256);
	s[256] = '\0';
	refuse(s, "longer than 255");
	expect(s + 1, ENTRY_PLAIN, "", s + 1);
	for (size_t i = 0; i < sizeof(s); i += 2)
		memcpy(s + i, "a/", 2);
	s[4095] = '\0';
	cr_expect(entry_path_parse(s, &path, &err) == 0, "%s", err.text);
	s[4095] = '/';
	s[4097] = '\0';
	refuse(s, "longer than 4095");
	s[4097] = '/';
	s[5999] = '\0';
	refuse(s, "longer than 4095");
}

Test(image_entry, attributes)
{
	cr_expect_eq(entry_xattr("user.x"), XATTR_KEEP);
	cr_expect_eq(entry_xattr("security.capability"), XATTR_KEEP);
	cr_expect_eq(entry_xattr("security.capabilityx"), XATTR_DROP);
	cr_expect_eq(entry_xattr("security.selinux"), XATTR_DROP);
	cr_expect_eq(entry_xattr("system.posix_acl_access"), XATTR_DROP);
	cr_expect_eq(entry_xattr("trusted.x"), XATTR_DROP);
	cr_expect_eq(entry_xattr("user.overlay.opaque"), XATTR_REFUSE);
	cr_expect_eq(entry_xattr("trusted.overlay.redirect"), XATTR_REFUSE);
}

Test(image_entry, capabilities_belong_to_root_of_the_container)
{
	const unsigned char v2[20] = {1, 0, 0, 2, 0, 0x20};
	unsigned char v3[24] = {1, 0, 0, 3, 0, 0x20}, out[CAPABILITY_SIZE];

	cr_assert(entry_capability(v2, 20, out, &err) == 0);
	cr_expect_eq(memcmp(out, v2, 20), 0);
	cr_assert(entry_capability(v3, 24, out, &err) == 0);
	cr_expect_eq(memcmp(out, v2, 20), 0);
	v3[21] = 1;
	cr_expect(entry_capability(v3, 24, out, &err) == -1);
	cr_expect(strstr(err.text, "root id 256"), "%s", err.text);
	cr_expect(entry_capability(v3, 20, out, &err) == -1);
	cr_expect(entry_capability(v2, 19, out, &err) == -1);
	cr_expect(entry_capability("", 0, out, &err) == -1);
}

Test(image_entry, owners)
{
	struct entry_owner owner;

	cr_expect(entry_owner(0, 65535, false, &owner, &err) == 0);
	cr_expect(owner.uid == 0 && owner.gid == 65535 && !owner.squashed);
	cr_expect(entry_owner(65536, 0, false, &owner, &err) == -1);
	cr_expect(entry_owner(0, -1, false, &owner, &err) == -1);
	cr_expect(entry_owner(4294967295, 0, false, &owner, &err) == -1);
	cr_expect(entry_owner(4294967295, 7, true, &owner, &err) == 0);
	cr_expect(owner.uid == 65534 && owner.gid == 7 && owner.squashed);
	cr_expect(entry_owner(1, -1, true, &owner, &err) == 0);
	cr_expect(owner.uid == 1 && owner.gid == 65534 && owner.squashed);
}
