#include "spec/variant.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\n\v\f\r"

static const char malformed[] = "is not in GVariant's text format";
static const char unsupported[] =
	"is neither a boolean, a number, a string nor an array of strings";
static const char misfit[] = "does not fit the type that it has";

struct reader {
	const char *at;
	struct arena *arena;
};

static const struct number_type {
	const char *name;
	char type;
	int64_t min;
	uint64_t max;
} numbers[] = {
	{"byte", 'y', 0, UINT8_MAX},
	{"int16", 'n', INT16_MIN, INT16_MAX},
	{"uint16", 'q', 0, UINT16_MAX},
	{"int32", 'i', INT32_MIN, INT32_MAX},
	{"uint32", 'u', 0, UINT32_MAX},
	{"int64", 'x', INT64_MIN, INT64_MAX},
	{"uint64", 't', 0, UINT64_MAX},
	{"double", 'd', 0, 0},
};

enum { NUMBER_TYPES = sizeof(numbers) / sizeof(numbers[0]), NUMBER_SIZE = 64 };

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, BLANKS);
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(s, word, len) == 0;
}

static const struct number_type *number_type(char type)
{
	for (size_t i = 0; i < NUMBER_TYPES; i++)
		if (numbers[i].type == type)
			return &numbers[i];
	return NULL;
}

/* '\0' for another word. */
static char type_of_word(const char *s, size_t len)
{
	for (size_t i = 0; i < NUMBER_TYPES; i++)
		if (is_word(s, len, numbers[i].name))
			return numbers[i].type;
	return is_word(s, len, "boolean") ? 'b' : is_word(s, len, "string") ? 's' : '\0';
}

static char type_of_signature(const char *s, size_t len)
{
	if (is_word(s, len, "as"))
		return 'a';
	return len == 1 && (number_type(*s) || *s == 'b' || *s == 's') ? *s : '\0';
}

/* Words of GVariant's for what no property takes. */
static bool is_other_word(const char *s, size_t len)
{
	static const char *const words[] = {"objectpath", "signature", "handle", "just", "nothing"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_word(s, len, words[i]))
			return true;
	return len == 1 && *s == 'b' && (s[1] == '\'' || s[1] == '"');
}

/* In front of a value: "uint64" or "@t". Nothing is no type, '\0'. */
static const char *read_type(struct reader *r, char *ret)
{
	bool signature = *r->at == '@';
	const char *word = r->at + signature;
	size_t len = 0;

	*ret = '\0';
	while (isalnum((unsigned char)word[len]))
		len++;
	if (!signature && (!isalpha((unsigned char)*word) || is_word(word, len, "true") ||
				  is_word(word, len, "false")))
		return NULL;
	*ret = signature ? type_of_signature(word, len) : type_of_word(word, len);
	if (!*ret)
		return signature || is_other_word(word, len) ? unsupported : malformed;
	r->at = word + len;
	skip_blanks(r);
	return NULL;
}

static const char *read_boolean(struct reader *r, char type, struct variant *ret)
{
	bool value = *r->at == 't';
	const char *word = value ? "true" : "false";

	if (strncmp(r->at, word, strlen(word)) != 0)
		return malformed;
	if (type && type != 'b')
		return misfit;
	r->at += strlen(word);
	*ret = (struct variant){.type = 'b', .boolean = value};
	return NULL;
}

static const char *read_real(const char *text, struct variant *ret)
{
	char *end;
	double value;

	if (strspn(text, "0123456789.eE+-") != strlen(text))
		return malformed;
	value = strtod(text, &end);
	if (end == text || *end)
		return malformed;
	if (!isfinite(value))
		return misfit;
	*ret = (struct variant){.type = 'd', .real = value};
	return NULL;
}

static const char *read_integer(const char *text, const struct number_type *t, struct variant *ret)
{
	bool negative = *text == '-';
	const char *digits = text + (negative || *text == '+');
	int base = digits[0] != '0' ? 10 : digits[1] == 'x' || digits[1] == 'X' ? 16 : 8;
	uint64_t size;
	char *end;

	digits += base == 16 ? 2 : 0;
	if (!isxdigit((unsigned char)*digits))
		return malformed;
	errno = 0;
	size = strtoull(digits, &end, base);
	if (*end)
		return malformed;
	if (errno || (negative ? size > -(uint64_t)t->min : size > t->max))
		return misfit;
	*ret = (struct variant){.type = t->type};
	if (t->min)
		ret->integer = (int64_t)(negative ? -size : size);
	else
		ret->number = size;
	return NULL;
}

static const char *read_number(struct reader *r, char type, struct variant *ret)
{
	size_t len = strspn(r->at, "0123456789abcdefABCDEFxX.+-");
	char text[NUMBER_SIZE];
	bool hexadecimal;

	if (len >= sizeof(text))
		return misfit;
	memcpy(text, r->at, len);
	text[len] = '\0';
	hexadecimal = text[strcspn(text, "xX")];
	if (!type)
		type = !hexadecimal && text[strcspn(text, ".eE")] ? 'd' : 'i';
	if (!number_type(type))
		return misfit;
	r->at += len;
	return type == 'd' ? read_real(text, ret) : read_integer(text, number_type(type), ret);
}

/* Four or eight hexadecimal digits of a character, which becomes UTF-8. */
static const char *read_escaped(struct reader *r, int digits, char **to)
{
	uint32_t c = 0;

	for (int i = 0; i < digits; i++, r->at++) {
		if (!isxdigit((unsigned char)*r->at))
			return malformed;
		c = c << 4 |
		    (uint32_t)(isdigit((unsigned char)*r->at) ? *r->at - '0'
							      : (*r->at | 0x20) - 'a' + 10);
	}
	if (c == 0 || c > 0x10ffff || c >> 11 == 0xd800 >> 11)
		return "has a character in it that is none";
	if (c < 0x80) {
		*(*to)++ = (char)c;
		return NULL;
	}
	if (c < 0x800) {
		*(*to)++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*(*to)++ = (char)(0xe0 | c >> 12);
		} else {
			*(*to)++ = (char)(0xf0 | c >> 18);
			*(*to)++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*(*to)++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*(*to)++ = (char)(0x80 | (c & 0x3f));
	return NULL;
}

/* Behind a backslash; what has no meaning of its own stands for itself. */
static const char *read_escape(struct reader *r, char **to)
{
	static const char names[] = "abfnrtv", controls[] = "\a\b\f\n\r\t\v";
	char c = *r->at;
	const char *name = c ? strchr(names, c) : NULL;

	if (!c)
		return malformed;
	r->at++;
	if (c == 'u' || c == 'U')
		return read_escaped(r, c == 'u' ? 4 : 8, to);
	if (c != '\n')
		*(*to)++ = name ? controls[name - names] : c;
	return NULL;
}

/* Never longer than what stands for it. */
static const char *read_string(struct reader *r, char type, const char **ret)
{
	char quote = *r->at++, *text = arena_alloc(r->arena, strlen(r->at) + 1), *to = text;
	const char *why;

	if (type && type != 's')
		return misfit;
	while (*r->at != quote) {
		if (!*r->at)
			return malformed;
		if (*r->at != '\\') {
			*to++ = *r->at++;
			continue;
		}
		r->at++;
		why = read_escape(r, &to);
		if (why)
			return why;
	}
	r->at++;
	*ret = text;
	return NULL;
}

static const char *read_item(struct reader *r, struct variant *array)
{
	const char *item, *why;
	char type;

	why = read_type(r, &type);
	if (why)
		return why;
	if (*r->at != '\'' && *r->at != '"')
		return *r->at && *r->at != ']' && *r->at != ',' ? unsupported : malformed;
	why = read_string(r, type, &item);
	if (why)
		return why;
	arena_push(r->arena, array->strings.items, array->strings.count, item);
	return NULL;
}

/* Reads the items of an array, and its end. */
static const char *read_items(struct reader *r, struct variant *array)
{
	const char *why;

	do {
		skip_blanks(r);
		why = read_item(r, array);
		if (why)
			return why;
		skip_blanks(r);
	} while (*r->at++ == ',');
	return r->at[-1] == ']' ? NULL : malformed;
}

static const char *read_array(struct reader *r, char type, struct variant *ret)
{
	struct variant array = {.type = 'a', .strings = {NULL, 0}};
	const char *why = NULL;

	if (type && type != 'a')
		return misfit;
	r->at++;
	skip_blanks(r);
	if (*r->at != ']')
		why = read_items(r, &array);
	else if (type)
		r->at++;
	else
		why = "is an empty array without its type, as in @as []";
	if (!why)
		*ret = array;
	return why;
}

static const char *read_text(struct reader *r, char type, struct variant *ret)
{
	const char *text, *why = read_string(r, type, &text);

	if (!why)
		*ret = (struct variant){.type = 's', .text = text};
	return why;
}

static const char *read_value(struct reader *r, struct variant *ret)
{
	const char *why;
	char type;

	skip_blanks(r);
	why = read_type(r, &type);
	if (why)
		return why;
	switch (*r->at) {
	case '\'':
	case '"':
		return read_text(r, type, ret);
	case '[':
		return read_array(r, type, ret);
	case 't':
	case 'f':
		return read_boolean(r, type, ret);
	case '<':
	case '{':
	case '(':
		return unsupported;
	default:
		return read_number(r, type, ret);
	}
}

const char *variant_parse(const char *text, struct arena *a, struct variant *ret)
{
	struct reader r = {text, a};
	struct variant v;
	const char *why = read_value(&r, &v);

	if (why)
		return why;
	skip_blanks(&r);
	if (*r.at)
		return malformed;
	*ret = v;
	return NULL;
}
