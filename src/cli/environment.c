#include "cli/environment.h"

#include "base/fd.h"
#include "base/file.h"
#include "spec/envfile.h"
#include "spec/environment.h"

extern char **environ;

enum { ENV_FILE_MAX = 1 << 20 };

static int take_file(const char *path, struct spec *spec, struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (file_read_given(path, ENV_FILE_MAX, &text, &len, err) < 0 ||
		envfile_parse(spec, path, text, len, environ, err) < 0)
		return err_wrap(err, "--env-file");
	return 0;
}

int environment_take(const struct environment *e, struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < e->file_count; i++)
		if (take_file(e->files[i], spec, err) < 0)
			return -1;
	for (size_t i = 0; i < e->count; i++)
		if (env_flag(spec, "--env", e->words[i], environ, err) < 0)
			return -1;
	env_settle(spec);
	return 0;
}
