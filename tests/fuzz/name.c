/* Names: of images, containers, hosts, labels, sysctls, AppArmor profiles, SELinux labels. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "image/reference.h"
#include "spec/defaults.h"
#include "spec/maclabel.h"
#include "spec/name.h"
#include "spec/sysctlname.h"

#include <string.h>

static void check_reference(const char *s)
{
	struct reference ref, again;
	struct err err = {0};
	char text[REFERENCE_MAX + 2], file[256];

	fuzz_fill(&ref, sizeof(ref));
	if (reference_parse(s, &ref, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&ref, sizeof(ref));
		return;
	}
	reference_text(&ref, text);
	reference_file(&ref, file);
	require(file[0] && file[0] != '.' && !strchr(file, '/') && strlen(file) < sizeof(file));
	require(ref.tag[0] || ref.digest[0]);
	if (!ref.tag[0])
		return;
	require(reference_parse(text, &again, &err) == 0);
	require(strcmp(again.name, ref.name) == 0 && strcmp(again.tag, ref.tag) == 0);
}

static void check_sysctl(const char *s)
{
	struct err err = {0};
	char path[SYSCTL_PATH_SIZE];

	fuzz_fill(path, sizeof(path));
	if (sysctl_path("--sysctl", s, path, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(path, sizeof(path));
	} else {
		require(path[0] && path[0] != '/' && memchr(path, '\0', sizeof(path)));
		require(strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0);
		require(!strstr(path, "//") && !strstr(path, "/../"));
	}
	if (sysctl_check("--sysctl", s, ~0ULL, &err) < 0)
		fuzz_refused(&err);
}

static void check_selinux(const char *s)
{
	struct selinux_parts parts = {0};
	struct arena a = {0};
	struct err err = {0};

	if (selinux_part(&parts, "--security-opt", s, &err) < 0)
		fuzz_refused(&err);
	else if (strlen(s) < 1000) /* all together have to be short enough too */
		require(selinux_check("merged", selinux_merge(&a, "u:r:t:s0", &parts), &err) == 0);
	if (selinux_check("--security-opt", s, &err) < 0) {
		fuzz_refused(&err);
	} else if (strlen(s) < 1000) {
		parts = (struct selinux_parts){.level = "s0:c1,c2"};
		require(selinux_check("merged", selinux_merge(&a, s, &parts), &err) == 0);
	}
	if (apparmor_check("--security-opt", s, &err) < 0)
		fuzz_refused(&err);
	apparmor_listed(s, "docker-default");
	arena_free(&a);
}

static void check_spec(const char *s)
{
	struct spec spec = {0};
	struct err err = {0};
	const char *bad;

	spec_init(&spec);
	if (label_flag(&spec, "--label", s, &err) < 0)
		fuzz_refused(&err);
	if (annotation_flag(&spec, "--annotation", s, &err) < 0)
		fuzz_refused(&err);
	if (sysctl_flag(&spec, "--sysctl", s, &err) < 0)
		fuzz_refused(&err);
	if (name_check(s, &err) < 0) {
		fuzz_refused(&err);
	} else {
		for (bad = s; *bad; bad++)
			require(*bad != '/' && (unsigned char)*bad > ' ');
		require(s[0] != '.' && s[0] != '-' && strlen(s) <= SPEC_NAME_MAX);
	}
	if (hostname_check("--hostname", s, &err) < 0)
		fuzz_refused(&err);
	spec_free(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	autofree char *s = fuzz_rest(&in, NULL);

	check_reference(s);
	check_sysctl(s);
	check_selinux(s);
	check_spec(s);
	return 0;
}
