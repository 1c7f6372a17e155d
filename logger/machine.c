// SPDX-License-Identifier: GPL-2.0-or-later
/* The host's name and id; what can't be read stays unknown. */
#include "logger/machine.h"

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ID_BYTES = 16 };

/* Drawn once: never change it. */
static const uint8_t application[ID_BYTES] = {
	0x25, 0x53, 0x6c, 0x54, 0xab, 0x1c, 0x42, 0x77,
	0xa0, 0x9e, 0x7e, 0x9b, 0x41, 0xea, 0xc0, 0x57,
};

/* 32 hex digits and the end of the line, and not the zeros of nobody; an image
 * that was not booted yet says "uninitialized". */
static int read_id(const char *path, uint8_t ret[ID_BYTES])
{
	char line[2 * ID_BYTES + 2] = "";
	FILE *f = fopen(path, "re");
	const char *end = NULL;
	size_t len = 0;

	if (!f)
		return -1;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	if (sodium_hex2bin(ret, ID_BYTES, line, strcspn(line, "\n"), NULL, &len,
			   &end) < 0 ||
	    len != ID_BYTES || (*end != '\n' && *end != '\0'))
		return -1;
	return sodium_is_zero(ret, ID_BYTES) ? -1 : 0;
}

static void make_id(const uint8_t machine[ID_BYTES], char ret[MACHINE_ID_MAX])
{
	uint8_t hash[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, machine, ID_BYTES);
	crypto_auth_hmacsha256_update(&state, application, ID_BYTES);
	crypto_auth_hmacsha256_final(&state, hash);
	/* the bits of a random UUID */
	hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x40);
	hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
	sodium_bin2hex(ret, MACHINE_ID_MAX, hash, ID_BYTES);
}

void machine_read(const char *id_path, struct machine *ret)
{
	uint8_t machine[ID_BYTES];

	*ret = (struct machine){ 0 };
	if (gethostname(ret->name, sizeof(ret->name) - 1) < 0)
		ret->name[0] = '\0';
	if (sodium_init() >= 0 && read_id(id_path, machine) == 0)
		make_id(machine, ret->id);
}
