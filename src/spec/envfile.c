#include "spec/envfile.h"

#include "spec/environment.h"

#include <stdio.h>
#include <string.h>

static const char *value_of(const char *entry, const char *key, size_t key_len)
{
	return strncmp(entry, key, key_len) || entry[key_len] != '=' ? NULL : entry + key_len + 1;
}

int env_add(struct spec *spec, const char *what, const char *s, struct err *err)
{
	if (*s == '=' || !strchr(s, '='))
		return err_value(err, what, s, "is not of the form KEY=VALUE");
	if (strlen(s) >= ENV_STRING_MAX)
		return err_value(err, what, s, "is longer than the kernel takes, %d bytes",
			ENV_STRING_MAX - 1);
	env_append(spec, s);
	return 0;
}

int env_flag(struct spec *spec, const char *what, const char *value, char *const *host_env,
	struct err *err)
{
	if (!*value || strchr(value, '='))
		return env_add(spec, what, value, err);
	for (; host_env && *host_env; host_env++)
		if (value_of(*host_env, value, strlen(value)))
			return env_add(spec, what, *host_env, err);
	return 0;
}

static int line_parse(struct spec *spec, const char *where, const char *line, char *const *host_env,
	struct err *err)
{
	size_t key_len = strcspn(line, "=");

	if (strcspn(line, " \t") < key_len)
		return err_value(err, where, line, "has a blank in its key");
	return env_flag(spec, where, line, host_env, err);
}

/* What stands behind a NUL would be lost in silence. */
static int check_text(const char *path, const char *text, size_t len, struct err *err)
{
	const char *nul = memchr(text, '\0', len);
	unsigned line = 1;

	if (!nul)
		return 0;
	for (const char *p = text; p < nul; p++)
		line += *p == '\n';
	err_set(err, "%.240s:%u: there is a NUL byte in the line", path, line);
	return err_hint(err, "the file is to be plain text, one KEY=VALUE to a line");
}

int envfile_parse(struct spec *spec, const char *path, const char *text, size_t text_len,
	char *const *host_env, struct err *err)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	struct arena lines = {0};
	int r = check_text(path, text, text_len, err);

	if (!strncmp(text, byte_order_mark, 3))
		text += 3;
	for (unsigned number = 1; *text && r == 0; number++) {
		size_t len = strcspn(text, "\n");
		size_t used = len && text[len - 1] == '\r' ? len - 1 : len;
		size_t blank = strspn(text, " \t");
		char where[256];

		if (blank < used && text[blank] != '#') {
			snprintf(where, sizeof(where), "%.240s:%u", path, number);
			r = line_parse(spec, where,
				arena_strndup(&lines, text + blank, used - blank), host_env, err);
		}
		text += len + (text[len] == '\n');
	}
	arena_free(&lines);
	env_settle(spec);
	return r;
}
