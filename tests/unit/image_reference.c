#include "image/reference.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void expect(const char *s, const char *name, const char *tag, const char *digest)
{
	struct reference ref;
	struct err err = {0};

	cr_assert(reference_parse(s, &ref, &err) == 0, "%s: %s", s, err.text);
	cr_assert_str_eq(ref.name, name);
	cr_assert_str_eq(ref.tag, tag);
	cr_assert_str_eq(ref.digest, digest);
}

Test(image_reference, takes_what_docker_takes)
{
	expect("debian", "debian", "latest", "");
	expect("debian:12", "debian", "12", "");
	expect("a/b/c:V_1.0-x", "a/b/c", "V_1.0-x", "");
	expect("a.b_c__d-e---f", "a.b_c__d-e---f", "latest", "");
	expect("host:5000/a", "host:5000/a", "latest", "");
	expect("Host.Example:5000/a:t", "Host.Example:5000/a", "t", "");
	expect("localhost/a", "localhost/a", "latest", "");
	expect("a@sha256:" HEX, "a", "", HEX);
	expect("a:t@sha256:" HEX, "a", "t", HEX);
}

Test(image_reference, refuses_the_rest)
{
	static const char *const bad[] = {"", ":t", "a:", "a:-t", "a:.t", "A", "a/B", "/a", "a/",
		"a//b", "a_", "-a", "a..b", "a___b", ".", "..", "../a", "a/../b", "a b", "a\n",
		"a+b", "a:t+", "h:/a", "h:99999999/a", ".h/a", "h./a", "a@sha256:12", "a@md5:" HEX,
		"a@", "a@sha256:" HEX "0", "sha256", "sha256:" HEX, "\xc3\xa4", "h..x/a", "h.-x/a"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reference ref;
		struct err err = {0};

		cr_expect(reference_parse(bad[i], &ref, &err) == -1, "'%s' was taken", bad[i]);
		cr_expect(err.text[0], "'%s' has no reason", bad[i]);
	}
}

Test(image_reference, length_is_bounded)
{
	struct reference ref;
	struct err err = {0};
	char s[1000];

	memset(s, 'a', sizeof(s));
	s[REFERENCE_MAX - strlen(":latest")] = '\0';
	cr_expect(reference_parse(s, &ref, &err) == 0);
	s[strlen(s)] = 'a';
	s[REFERENCE_MAX - strlen(":latest") + 1] = '\0';
	cr_expect(reference_parse(s, &ref, &err) == -1);
	memset(s, 'a', sizeof(s));
	s[999] = '\0';
	cr_expect(reference_parse(s, &ref, &err) == -1);
}

static void file_of(const char *s, char file[256])
{
	struct reference ref;
	struct err err = {0};

	cr_assert(reference_parse(s, &ref, &err) == 0);
	reference_file(&ref, file);
}

Test(image_reference, files_are_flat_and_distinct)
{
	static const char *const names[] = {"a/b", "a", "a:b", "a_b", "a-b", "a/b:c", "a.b", "a__b",
		"h:1/a", "h.x/a"};
	char files[10][256];

	for (size_t i = 0; i < 10; i++) {
		file_of(names[i], files[i]);
		cr_expect(!strchr(files[i], '/') && files[i][0] != '.');
		for (size_t k = 0; k < i; k++)
			cr_expect(strcmp(files[i], files[k]) != 0, "%s and %s", names[i], names[k]);
	}
	cr_expect_str_eq(files[0], "a+b:latest.json");
}

Test(image_reference, digests)
{
	cr_expect_str_eq(digest_hex("sha256:" HEX), HEX);
	cr_expect_null(digest_hex("sha256:" HEX "0"));
	cr_expect_null(digest_hex("sha512:" HEX));
	cr_expect_null(digest_hex(HEX));
	cr_expect(digest_hex_valid(HEX));
	cr_expect_not(digest_hex_valid(
		"ABCDEF6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
}
