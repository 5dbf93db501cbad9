#include "process/seccomp_option.h"

#include <string.h>

static const struct {
	const char *word;
	enum seccomp_option option;
} options[] = {
	{"aio", SECCOMP_OPTION_AIO},
	{"32bit", SECCOMP_OPTION_32BIT},
	{"core", SECCOMP_OPTION_CORE},
};

#define COUNT (sizeof(options) / sizeof(options[0]))

static uint32_t option_find(const char *word, size_t len)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strlen(options[i].word) == len && !memcmp(options[i].word, word, len))
			return options[i].option;
	return 0;
}

int seccomp_options_parse(const char *words, char separator, uint32_t *ret)
{
	uint32_t found = 0;
	const char *end;

	for (;; words = end + 1) {
		uint32_t option;

		end = strchrnul(words, separator);
		option = option_find(words, (size_t)(end - words));
		if (!option)
			return -1;
		found |= option;
		if (!*end)
			break;
	}
	*ret = found;
	return 0;
}

void seccomp_options_format(uint32_t set, char ret[32])
{
	char *p = ret;

	*p = '\0';
	for (size_t i = 0; i < COUNT; i++)
		if (set & options[i].option)
			p = stpcpy(stpcpy(p, p == ret ? "" : ","), options[i].word);
}
