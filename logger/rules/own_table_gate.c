// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: the rules of the raw stage. Out: the least that a packet for none of
 * their addresses has to be compared with. The kernel evaluates 32 bits of the
 * header, a mask and a comparison without a call; a look into a map costs
 * several times that, and most packets of a host are for elsewhere. What must
 * stay true: a packet that a rule is for always comes through; one too many
 * only costs the looks.
 *
 * Bits of the header are compared, not "ip daddr": that would have nft put a
 * comparison of the family before it. So a packet of the other family may come
 * through, and the maps behind it see that it is none of theirs.
 */
#include <arpa/inet.h>
#include <string.h>

#include "logger/rules/own_table_private.h"

enum {
	GATES_MAX = 4, /* comparisons per family; private networks need three */
	GATE_MIN = 8,  /* bits: addresses that share fewer have two gates */
	GATE_MAX4 = 16, /* more would have it change with every container */
	GATE_MAX6 = 32,
};

/* What all addresses that begin with one byte have in common. */
struct gate {
	uint32_t value; /* the first 32 bits of the address */
	int len;	/* how many of them count; 0: there is none */
};

static uint32_t first_bits(const struct nft_addr *addr)
{
	uint32_t be;

	memcpy(&be, addr->bytes, sizeof(be));
	return ntohl(be);
}

static uint32_t mask_of(const struct gate *gate)
{
	return gate->len == 0 ? 0 : UINT32_MAX << (32 - gate->len);
}

static void widen(struct gate *gate, const struct own_raw *raw)
{
	uint32_t value = first_bits(&raw->match.dst);
	int most = raw->family == 4 ? GATE_MAX4 : GATE_MAX6;
	int len = raw->match.dst.prefix < most ? raw->match.dst.prefix : most;

	if (gate->len == 0)
		*gate = (struct gate){ value, len };
	if (len < gate->len)
		gate->len = len;
	while (((gate->value ^ value) & mask_of(gate)) != 0)
		gate->len--;
}

/* Gates by first byte. Returns how many, 0 when all of the family must pass. */
static int find_gates(const struct own_builder *b, int family,
		      struct gate gates[256])
{
	int n = 0;

	memset(gates, 0, 256 * sizeof(*gates));
	for (size_t i = 0; i < b->raw_len; i++) {
		const struct own_raw *raw = &b->raw[i];
		struct gate *gate = &gates[raw->match.dst.bytes[0]];

		if (raw->family != family)
			continue;
		if (raw->match.dst.prefix < GATE_MIN)
			return 0;
		n += gate->len == 0;
		widen(gate, raw);
	}
	return n <= GATES_MAX ? n : 0;
}

void own_gate_write(struct own_builder *b, int family)
{
	const char *chain = family == 4 ? "raw-ip" : "raw-ip6";
	int offset = family == 4 ? 128 : 192; /* of daddr, in bits */
	struct gate gates[256];

	if (find_gates(b, family, gates) == 0) {
		fprintf(b->out, "meta nfproto ipv%d jump %s\n", family, chain);
		return;
	}
	for (int i = 0; i < 256; i++) {
		uint32_t mask = mask_of(&gates[i]);

		if (mask != 0)
			fprintf(b->out,
				"@nh,%d,32 & 0x%08x == 0x%08x jump %s\n",
				offset, mask, gates[i].value & mask, chain);
	}
}
