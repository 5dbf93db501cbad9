#include "image/diff.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = DIGEST_HEX + 32 };

/* Pure. */
static int parse(char *text, struct diff *ret)
{
	char *blank = strchr(text, ' '), *end = strchr(text, '\n');

	if (!blank || !end || end < blank || end[1])
		return -1;
	*blank = *end = '\0';
	if (!digest_hex_valid(text) || num_parse_u64(blank + 1, &ret->size) < 0)
		return -1;
	strcpy(ret->id, text);
	return 0;
}

int diff_read(int dir, const char *blob, struct diff *ret, struct err *err)
{
	autofree char *text = NULL;
	struct diff found;
	size_t len;

	if (file_read(dir, blob, TEXT_MAX, &text, &len, err) < 0)
		return err->sys == ENOENT || !err->sys ? 0 : -1;
	if (strlen(text) != len || parse(text, &found) < 0)
		return 0;
	*ret = found;
	return 1;
}

int diff_write(int dir, const char *blob, const struct diff *diff, struct err *err)
{
	char text[TEXT_MAX];
	int len = snprintf(text, sizeof(text), "%s %llu\n", diff->id,
		(unsigned long long)diff->size);

	return file_write(dir, blob, text, (size_t)len, 0600, FILE_NOSYNC, err);
}
