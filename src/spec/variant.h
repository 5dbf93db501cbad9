/* Values in the text format of GVariant: booleans, numbers, strings and arrays of strings; what else it
 * has is refused. Pure. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct variant {
	char type; /* that of D-Bus, and 'a' for an array of strings */
	union {
		bool boolean;     /* b */
		uint64_t number;  /* y q u t */
		int64_t integer;  /* n i x */
		double real;      /* d */
		const char *text; /* s: UTF-8 */
		struct {
			const char **items;
			size_t count;
		} strings; /* a */
	};
};

/* One value: true, -5, uint64 5, @t 5, 0x10, 1.5, 'text', ['a', "b"], @as []. Without a type a number is
 * an int32 or a double. NULL, or what is wrong with it: "is …"; what was read is in the arena. */
const char *variant_parse(const char *text, struct arena *a, struct variant *ret);
