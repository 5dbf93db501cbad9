#include "resolver/message.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

/* "www.Example" A IN, id 0x1234, recursion desired. */
#define HEAD  "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
#define NAME  "\3www\7Example\0"
#define KIND  "\0\1\0\1"
#define QUERY HEAD NAME KIND
#define HEAD1 "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01"
#define OPT   "\0\0\x29\x04\xd0\0\0\x80\0\0\0"

#define PARSE(text, q) question_parse((const uint8_t *)(text), sizeof(text) - 1, q)

static struct question parsed(void)
{
	struct question q;

	cr_assert_eq(PARSE(QUERY, &q), 0);
	return q;
}

Test(message, question)
{
	struct question q = parsed();
	char host[DNS_TEXT_SIZE];

	cr_assert_eq(q.id, 0x1234);
	cr_assert_eq(q.type, DNS_A);
	cr_assert_eq(q.class, DNS_IN);
	cr_assert_eq(q.room, DNS_ROOM_LEAST);
	cr_assert_not(q.edns);
	cr_assert_eq(q.name_len, 13);
	cr_assert(question_host(&q, host));
	cr_assert_str_eq(host, "www.example");
	cr_assert_eq(PARSE(HEAD1 NAME KIND OPT, &q), 0);
	cr_assert(q.edns && q.dnssec);
	cr_assert_eq(q.room, 1232);
}

Test(message, nothing_is_answered)
{
	struct question q;

	cr_assert_eq(PARSE("", &q), -1);
	cr_assert_eq(PARSE("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00", &q), -1);
	/* An answer: two resolvers would talk for ever. */
	cr_assert_eq(PARSE("\x12\x34\x81\x00\x00\x01\x00\x00\x00\x00\x00\x00" NAME KIND, &q), -1);
}

Test(message, refused)
{
	struct question q;

	/* No question, two, one with an answer, or with an authority, or cut. */
	cr_assert_eq(PARSE("\x12\x34\x01\x00\0\0\0\0\0\0\0\0", &q), DNS_FORMERR);
	cr_assert_eq(PARSE("\x12\x34\x01\x00\0\2\0\0\0\0\0\0" NAME KIND NAME KIND, &q),
		DNS_FORMERR);
	cr_assert_eq(PARSE("\x12\x34\x01\x00\0\1\0\1\0\0\0\0" NAME KIND, &q), DNS_FORMERR);
	cr_assert_eq(PARSE("\x12\x34\x01\x00\0\1\0\0\0\1\0\0" NAME KIND, &q), DNS_FORMERR);
	cr_assert_eq(PARSE("\x12\x34\x03\x00\0\1\0\0\0\0\0\0" NAME KIND, &q), DNS_FORMERR);
	/* A name that is compressed, to itself at that, has no end, or too long a label. */
	cr_assert_eq(PARSE(HEAD "\xc0\x0c" KIND, &q), DNS_FORMERR);
	cr_assert_eq(PARSE(HEAD "\3www\xc0\x0c" KIND, &q), DNS_FORMERR);
	cr_assert_eq(PARSE(HEAD "\3www", &q), DNS_FORMERR);
	cr_assert_eq(PARSE(HEAD "\x3fwww", &q), DNS_FORMERR);
	cr_assert_eq(PARSE(HEAD "\x40www\0" KIND, &q), DNS_FORMERR);
	/* Cut, or with something behind it. */
	cr_assert_eq(PARSE(HEAD NAME "\0\1\0", &q), DNS_FORMERR);
	cr_assert_eq(PARSE(QUERY "x", &q), DNS_FORMERR);
	cr_assert_eq(PARSE(HEAD1 NAME KIND, &q), DNS_FORMERR);
	cr_assert_eq(PARSE(HEAD1 NAME KIND OPT "x", &q), DNS_FORMERR);
	cr_assert_eq(PARSE(HEAD1 NAME KIND "\0\0\x29\x04\xd0\0\0\0\0\xff\xff", &q), DNS_FORMERR);
	cr_assert_eq(PARSE(HEAD1 NAME KIND "\0\0\x01\x04\xd0\0\0\0\0\0\0", &q), DNS_FORMERR);
	/* What it is not for. */
	cr_assert_eq(PARSE("\x12\x34\x29\x00\0\1\0\0\0\0\0\0" NAME KIND, &q), DNS_NOTIMP);
	cr_assert_eq(PARSE(HEAD1 NAME KIND "\0\0\x29\x04\xd0\0\1\0\0\0\0", &q), DNS_BADVERS);
	cr_assert_eq(PARSE(HEAD "\7version\4bind\0\0\x10\0\3", &q), DNS_REFUSED);
	cr_assert_eq(PARSE(HEAD NAME "\0\xfc\0\1", &q), DNS_REFUSED);
	cr_assert_eq(PARSE(HEAD NAME "\0\xfb\0\1", &q), DNS_REFUSED);
	cr_assert_eq(PARSE(HEAD NAME "\0\x29\0\1", &q), DNS_FORMERR);
}

/* 255 bytes are a name, 256 are none. */
Test(message, longest_name)
{
	uint8_t bytes[DNS_HEADER_SIZE + 300] = HEAD;
	struct question q;
	char host[DNS_TEXT_SIZE];
	size_t at = DNS_HEADER_SIZE;

	for (int i = 0; i < 127; i++, at += 2)
		memcpy(bytes + at, "\1a", 2);
	memcpy(bytes + at, "\0\0\1\0\1", 5);
	cr_assert_eq(question_parse(bytes, at + 5, &q), 0);
	cr_assert_eq(q.name_len, 255);
	cr_assert(question_host(&q, host));
	cr_assert_eq(strlen(host), 253);
	bytes[at - 2] = 2;
	memcpy(bytes + at, "b\0\0\1\0\1", 6);
	cr_assert_eq(question_parse(bytes, at + 6, &q), DNS_FORMERR);
}

Test(message, names_that_are_no_hosts)
{
	static const char *const bad[] = {HEAD "\0" KIND, HEAD "\1.\0" KIND, HEAD "\2..\0" KIND,
		HEAD "\3a/b\0" KIND, HEAD "\3a.b\0" KIND, HEAD "\3a b\0" KIND, HEAD "\2@1\0" KIND,
		HEAD "\3a~1\0" KIND, HEAD "\2\xc3\xbc\0" KIND, HEAD "\1*\0" KIND};
	static const size_t length[] = {1, 3, 4, 5, 5, 5, 4, 5, 4, 3};
	struct question q;
	char host[DNS_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_assert_eq(question_parse((const uint8_t *)bad[i],
				     DNS_HEADER_SIZE + length[i] + 4, &q),
			0, "%zu", i);
		cr_assert_not(question_host(&q, host), "%zu", i);
	}
	cr_assert_eq(PARSE(HEAD "\3a\0b\0" KIND, &q), 0);
	cr_assert_not(question_host(&q, host));
}

Test(message, reverse)
{
	static const char *const bad[] = {"in-addr.arpa", ".in-addr.arpa", "5.0.90.in-addr.arpa",
		"1.5.0.90.10.in-addr.arpa", "256.0.90.10.in-addr.arpa", "05.0.90.10.in-addr.arpa",
		"x.0.90.10.in-addr.arpa", "5.0.90.10.in-addr.arpa.x", "ip6.arpa", "1.ip6.arpa",
		"5.0.90.10.example"};
	struct address a;
	char text[ADDRESS_SIZE];

	cr_assert(reverse_parse("5.0.90.10.in-addr.arpa", &a));
	cr_assert_str_eq(address_format(&a, text), "10.90.0.5");
	cr_assert(reverse_parse(
		"5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.9.0.0.0.0.d.f.ip6.arpa", &a));
	cr_assert_str_eq(address_format(&a, text), "fd00:90::5");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_not(reverse_parse(bad[i], &a), "%s", bad[i]);
}

Test(message, goes_on_as_new)
{
	uint8_t bytes[DNS_QUESTION_MAX];
	struct question q = parsed();
	size_t len = question_write(&q, 0xabcd, bytes);

	cr_assert_eq(len, sizeof(QUERY) - 1);
	cr_assert_eq(memcmp(bytes, "\xab\xcd", 2), 0);
	cr_assert_eq(memcmp(bytes + 2, QUERY + 2, len - 2), 0);
	cr_assert_eq(PARSE(HEAD1 NAME KIND OPT, &q), 0);
	len = question_write(&q, 0x1234, bytes);
	cr_assert_eq(len, sizeof(HEAD1 NAME KIND OPT) - 1);
	cr_assert_eq(memcmp(bytes, HEAD1 NAME KIND OPT, len), 0);
}

#define ABOUT(text) reply_is_to(&q, 0x1234, (const uint8_t *)(text), sizeof(text) - 1)
#define SAID        "\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00"

Test(message, what_a_server_says)
{
	struct question q = parsed();

	cr_assert(ABOUT(SAID NAME KIND));
	cr_assert(ABOUT(SAID "\3WWW\7example\0" KIND));
	cr_assert(ABOUT("\x12\x34\x81\x82\0\0\0\0\0\0\0\0"));
	cr_assert_not(ABOUT("\x12\x34\x81\x80\0\0\0\0\0\0\0\0"));
	cr_assert_not(ABOUT("\x12\x35\x81\x80\0\1\0\0\0\0\0\0" NAME KIND));
	cr_assert_not(ABOUT(QUERY));
	cr_assert_not(ABOUT(SAID "\3wwx\7example\0" KIND));
	cr_assert_not(ABOUT(SAID NAME "\0\x1c\0\1"));
	cr_assert_not(ABOUT(SAID NAME "\0\1\0\3"));
	cr_assert_not(ABOUT(SAID NAME));
	cr_assert_not(ABOUT(SAID));
	cr_assert_not(ABOUT(""));
	cr_assert_not(ABOUT(SAID "\x03www\xc0\x0c\0\1\0\1\0\0\0\0\0\0\0"));
	cr_assert_eq(reply_failure((const uint8_t *)SAID), DNS_NOERROR);
	cr_assert_eq(reply_failure((const uint8_t *)"\x12\x34\x81\x83"), DNS_NOERROR);
	cr_assert_eq(reply_failure((const uint8_t *)"\x12\x34\x81\x81"), DNS_FORMERR);
	cr_assert_eq(reply_failure((const uint8_t *)"\x12\x34\x81\x85"), DNS_SERVFAIL);
}

Test(message, answers)
{
	struct address v4 = {AF_INET, {10, 90, 0, 5}},
		       v6 = {AF_INET6, {0xfd, 0, 0, 0x90, [15] = 5}};
	uint8_t bytes[DNS_ROOM_LEAST];
	struct question q = parsed();
	struct answer a;

	answer_begin(&a, &q, DNS_NOERROR, bytes, sizeof(bytes));
	answer_address(&a, &v4);
	answer_address(&a, &v6);
	cr_assert_eq(answer_end(&a), sizeof(QUERY) - 1 + 16 + 28);
	cr_assert_eq(memcmp(bytes,
			     "\x12\x34\x85\x80\0\1\0\2\0\0\0\0" NAME KIND
			     "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x0a\x5a\0\5\xc0\x0c\0\x1c\0\1",
			     sizeof(QUERY) - 1 + 16 + 6),
		0);
	/* Nothing of this type; no such name. */
	answer_begin(&a, &q, DNS_NOERROR, bytes, sizeof(bytes));
	cr_assert_eq(answer_end(&a), sizeof(QUERY) - 1);
	cr_assert_eq(memcmp(bytes, "\x12\x34\x81\x80\0\1\0\0", 8), 0);
	answer_begin(&a, &q, DNS_NXDOMAIN, bytes, sizeof(bytes));
	answer_end(&a);
	cr_assert_eq(memcmp(bytes, "\x12\x34\x85\x83\0\1\0\0", 8), 0);
	answer_begin(&a, &q, DNS_NOERROR, bytes, sizeof(bytes));
	answer_pointer(&a, "web.mynet");
	cr_assert_eq(answer_end(&a), sizeof(QUERY) - 1 + 12 + 11);
	cr_assert_eq(memcmp(bytes + sizeof(QUERY) - 1 + 10, "\0\x0b\3web\5mynet\0", 13), 0);
}

/* A version of EDNS that we do not know is answered in the bits that EDNS adds. */
Test(message, edns)
{
	uint8_t bytes[DNS_ROOM_LEAST];
	struct question q;
	struct answer a;
	size_t len;

	cr_assert_eq(PARSE(HEAD1 NAME KIND "\0\0\x29\x04\xd0\0\1\0\0\0\0", &q), DNS_BADVERS);
	answer_begin(&a, &q, DNS_BADVERS, bytes, sizeof(bytes));
	len = answer_end(&a);
	cr_assert_eq(memcmp(bytes, "\x12\x34\x81\x80\0\1\0\0\0\0\0\1", 12), 0);
	cr_assert_eq(memcmp(bytes + len - 11, "\0\0\x29\x10\0\1\0\0\0\0\0", 11), 0);
}

Test(message, too_long_an_answer_is_cut)
{
	struct address v6 = {AF_INET6, {0xfd}};
	uint8_t bytes[DNS_ROOM_LEAST + 1];
	struct question q;
	struct answer a;
	size_t len;

	cr_assert_eq(PARSE(HEAD1 NAME KIND OPT, &q), 0);
	bytes[DNS_ROOM_LEAST] = 0x55;
	answer_begin(&a, &q, DNS_NOERROR, bytes, DNS_ROOM_LEAST);
	for (int i = 0; i < 40; i++)
		answer_address(&a, &v6);
	len = answer_end(&a);
	cr_assert_leq(len, DNS_ROOM_LEAST);
	cr_assert_eq(bytes[DNS_ROOM_LEAST], 0x55);
	cr_assert_eq(bytes[2] & 2, 2);
	cr_assert_eq(bytes[7], (DNS_ROOM_LEAST - 11 - (sizeof(QUERY) - 1)) / 28);
}
