// SPDX-License-Identifier: GPL-2.0-or-later
/* The TLS libraries that libcurl brings are not set up by the client. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/docker_bench.h"

/* of the part of OpenSSL that it is in: "common libcrypto routines" */
enum { CRYPTO_ERROR = 15 << 23 };

static void openssl_has_no_sentences_for_its_errors(void **state)
{
	const char *(*of_error)(unsigned long);
	struct bench *b = *state;

	bench_start(b, &bench_fine);
	bench_until(b, &b->heard.networks, 1);
	*(void **)&of_error = dlsym(RTLD_DEFAULT, "ERR_lib_error_string");
	if (of_error) /* libcurl has OpenSSL */
		assert_null(of_error(CRYPTO_ERROR));
}

static void gnutls_is_told_not_to_begin(void **state)
{
	int (*skips)(void);

	(void)state;
	*(void **)&skips = dlsym(RTLD_DEFAULT, "_gnutls_global_init_skip");
	if (skips) /* something here brings it */
		assert_int_equal(skips(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			openssl_has_no_sentences_for_its_errors, bench_set_up,
			bench_tear_down),
		cmocka_unit_test(gnutls_is_told_not_to_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
