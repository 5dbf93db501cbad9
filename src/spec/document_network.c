#include "spec/document.h"

static const char *nonempty(const char *s)
{
	return *s ? NULL : "at least one character";
}

static const struct field attachment[] = {
	{"network", FIELD_STRING, FIELD_REQUIRED, AT(network_attachment, network),
		.check = nonempty},
	{"addresses", FIELD_TEXTS, 0, AT(network_attachment, addresses),
		N(network_attachment, address_count), .text = &text_address},
	{"mac", FIELD_TEXT, 0, AT(network_attachment, mac), .text = &text_mac},
	{"interface", FIELD_STRING, 0, AT(network_attachment, interface), .check = nonempty},
	{"aliases", FIELD_STRINGS, 0, AT(network_attachment, aliases),
		N(network_attachment, alias_count), .check = nonempty},
	{NULL},
};

const struct field document_network_fields[] = {
	{"container", FIELD_STRING, 0, AT(document, spec.network.container), .check = nonempty},
	{"attachments", FIELD_ARRAY, 0, AT(document, spec.network.attachments),
		N(document, spec.network.attachment_count), EACH(network_attachment, attachment)},
	{"ports", FIELD_TEXTS, 0, AT(document, spec.network.ports),
		N(document, spec.network.port_count), .text = &text_port},
	{"exposed", FIELD_TEXTS, 0, AT(document, spec.network.exposed),
		N(document, spec.network.exposed_count), .text = &text_port},
	{"mtu", FIELD_U32, 0, AT(document, spec.network.mtu), .min = NETWORK_MTU_LEAST,
		.max = NETWORK_MTU_MOST},
	{"out-bits", FIELD_U64, 0, AT(document, spec.network.out.bits)},
	{"out-burst", FIELD_U64, 0, AT(document, spec.network.out.burst)},
	{"in-bits", FIELD_U64, 0, AT(document, spec.network.in.bits)},
	{"in-burst", FIELD_U64, 0, AT(document, spec.network.in.burst)},
	{NULL},
};
