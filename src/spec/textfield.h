/* Values that are text in JSON and structs in memory, for FIELD_TEXT and FIELD_TEXTS of spec/field.h. */
#pragma once

#include <stddef.h>

enum { TEXT_VALUE_SIZE = 192 };

struct text_type {
	size_t size;
	const char *should; /* what a text must be that parse refuses */
	int (*parse)(const char *s, void *ret);
	/* Writes ret, "" for a value that is none. */
	void (*format)(const void *value, char ret[TEXT_VALUE_SIZE]);
};

/* Of base/address.h. */
extern const struct text_type text_address, text_prefix, text_mac;
