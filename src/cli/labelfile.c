#include "cli/labelfile.h"

#include "base/fd.h"
#include "base/file.h"
#include "spec/name.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_FILE_MAX = 1 << 20 };

static bool has(const struct spec *spec, size_t count, const char *line)
{
	size_t len = strcspn(line, "=");

	for (size_t i = 0; i < count; i++)
		if (strlen(spec->labels[i].key) == len &&
			strncmp(spec->labels[i].key, line, len) == 0)
			return true;
	return false;
}

int labelfile_take(struct spec *spec, const char *path, struct err *err)
{
	autofree char *text = NULL;
	size_t len, given = spec->label_count;
	unsigned number = 0;
	char *line, *rest;

	if (file_read_given(path, LABEL_FILE_MAX, &text, &len, err) < 0)
		return err_wrap(err, "--label-file");
	if (strlen(text) != len)
		return err_set(err, "--label-file %s: not text", path);
	for (rest = text; (line = strsep(&rest, "\n"));) {
		char what[256];

		number++;
		line += strspn(line, " \t");
		line[strcspn(line, "\r")] = '\0';
		if (!*line || *line == '#' || has(spec, given, line))
			continue;
		snprintf(what, sizeof(what), "--label-file %.200s:%u", path, number);
		if (label_flag(spec, what, line, err) < 0)
			return -1;
	}
	return 0;
}
