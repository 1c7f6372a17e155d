// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Says to OpenSSL and GnuTLS that they won't be needed, by what each has for
 * programs that set it up otherwise; a libcurl without them is as well. Speaks
 * no TLS.
 */
#include "logger/docker/tls.h"

#include <stddef.h>
#include <stdint.h>

/* OPENSSL_init_ssl(3); the numbers are part of the ABI since 1.1.0. */
enum {
	NO_CRYPTO_STRINGS = 0x000001,
	NO_CIPHERS = 0x000010,
	NO_DIGESTS = 0x000020,
	NO_CONFIG = 0x000080,
	NO_SSL_STRINGS = 0x100000,
};

/* Weak: of the headers and of -lssl a libcurl with GnuTLS has none. */
__attribute__((weak)) int OPENSSL_init_ssl(uint64_t options,
					   const void *settings);

/* What GNUTLS_SKIP_GLOBAL_INIT of gnutls.h defines: asked when it is loaded. */
int _gnutls_global_init_skip(void);
int _gnutls_global_init_skip(void)
{
	return 1;
}

void tls_leave_out(void)
{
	if (OPENSSL_init_ssl)
		OPENSSL_init_ssl(NO_CRYPTO_STRINGS | NO_CIPHERS | NO_DIGESTS |
					 NO_CONFIG | NO_SSL_STRINGS,
				 NULL);
}
