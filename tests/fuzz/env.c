/* An --env-file (the second part) on top of one --env (the first), and the host's /etc/resolv.conf
 * (the rest). */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "spec/envfile.h"
#include "spec/etcfiles.h"

#include <string.h>

static size_t key_length(const char *s)
{
	return strcspn(s, "=");
}

static void check_env(const struct spec *spec)
{
	const struct process_spec *p = &spec->process;

	require(!p->envc || !p->env[p->envc]);
	for (size_t i = 0; i < p->envc; i++) {
		size_t n = key_length(p->env[i]);

		require(n > 0 && p->env[i][n] == '=');
		require(!strchr(p->env[i], '\n') || i == 0);
		for (size_t k = 0; k < i; k++)
			require(key_length(p->env[k]) != n || memcmp(p->env[k], p->env[i], n) != 0);
	}
}

/* Whole lines, and each begins with a word of ours. */
static void check_resolv(struct spec *spec, const char *host)
{
	const char *text = etc_resolv(&spec->arena, spec, host, false);

	while (*text) {
		size_t len = strcspn(text, "\n");

		require(text[len] == '\n');
		require(strncmp(text, "search", 6) == 0 || strncmp(text, "nameserver", 10) == 0 ||
			strncmp(text, "options", 7) == 0);
		text += len + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char home[] = "HOME=/root", word[] = "WORD", equals[] = "=x";
	static char *const host_env[] = {home, word, equals, NULL};
	struct fuzz_input in = {data, size};
	struct spec spec;
	struct err err = {0};
	size_t file_len;
	autofree char *flag = fuzz_part(&in, NULL), *file = fuzz_part(&in, &file_len);
	autofree char *host = fuzz_rest(&in, NULL);

	fuzz_spec_init(&spec);
	if (env_flag(&spec, "--env", flag, host_env, &err) < 0)
		fuzz_refused(&err);
	if (envfile_parse(&spec, "file", file, file_len, host_env, &err) < 0)
		fuzz_refused(&err);
	check_env(&spec);
	fuzz_round_trip(&spec);
	check_resolv(&spec, host);
	spec_free(&spec);
	return 0;
}
