#include "image/tarform.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 512 };

static char tar[8 * BLOCK];
static size_t length;

static void header(char type, unsigned size)
{
	char *h = tar + length;
	unsigned sum = 0;

	memset(h, 0, BLOCK);
	strcpy(h, "name");
	snprintf(h + 124, 12, "%011o", size);
	h[156] = type;
	memset(h + 148, ' ', 8);
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	length += BLOCK;
}

static void data(unsigned size)
{
	memset(tar + length, 'x', size);
	length += BLOCK;
}

/* In pieces of each size, as a stream cuts it anywhere. */
static bool odd(void)
{
	bool r = false;

	for (size_t piece = 1; piece <= length; piece += 37) {
		struct tarform t = {0};

		for (size_t i = 0; i < length; i += piece)
			tarform_add(&t, tar + i, length - i < piece ? length - i : piece);
		cr_assert(piece == 1 || t.odd == r, "in pieces of %zu", piece);
		r = t.odd;
	}
	length = 0;
	return r;
}

static bool odd_type(char type)
{
	header('0', 5);
	data(5);
	header(type, 0);
	return odd();
}

Test(image_tarform, kinds_of_entries)
{
	for (const char *type = "0123456xgLK"; *type; type++)
		cr_expect(!odd_type(*type), "%c", *type);
	cr_expect(!odd_type('\0'));
	for (const char *type = "7VDSMNAXs?"; *type; type++)
		cr_expect(odd_type(*type), "%c", *type);
}

Test(image_tarform, what_is_in_files_and_after_the_end_is_not_looked_at)
{
	header('0', BLOCK);
	header('S', 0);
	header('2', 0);
	memset(tar + length, 0, BLOCK);
	length += BLOCK;
	header('S', 0);
	cr_expect(!odd());
}

Test(image_tarform, what_is_not_understood_is_odd)
{
	header('0', 3);
	data(3);
	data(BLOCK);
	cr_expect(odd());
	header('5', 3);
	cr_expect(odd());
	header('0', 0);
	memset(tar + 124, 0xff, 12);
	cr_expect(odd());
}

static void pax(const char *record)
{
	header('x', (unsigned)strlen(record));
	memset(tar + length, 0, BLOCK);
	memcpy(tar + length, record, strlen(record));
	length += BLOCK;
}

Test(image_tarform, the_size_of_a_pax_record_counts)
{
	pax("30 mtime=1350244992.023960108\n10 size=5\n");
	header('0', 0);
	data(5);
	header('0', 5);
	data(5);
	cr_assert(!odd());
	/* For one entry only, and that is not a name that is too long for its header. */
	pax("10 size=5\n");
	header('L', 5);
	data(5);
	header('0', 0);
	data(5);
	header('0', 0);
	header('5', 0);
	cr_assert(!odd());
}

Test(image_tarform, of_8_gib_and_more)
{
	struct tarform t = {0};

	pax("20 size=10000000000\n");
	header('0', 10000000000 & 07777777777);
	tarform_add(&t, tar, length);
	cr_assert(!t.odd);
	cr_assert(t.skip == 10000000000);
	length = 0;
}

Test(image_tarform, a_pax_record_that_is_no_size_changes_nothing)
{
	static const char *const records[] = {"13 mysize=999\n", "12 sizes=999\n", "11 size=9x\n",
		"size=99\n", "99 size=9\n", "30 size=99999999999999999999999\n"};

	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		pax(records[i]);
		header('0', 5);
		data(5);
		header('5', 0);
		cr_assert(!odd(), "%s", records[i]);
	}
}
