// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a batch, or a table's name. Out: that it is in force, or what nft
 * printed, or why not. Knows nft's options and its words for "no such table";
 * logger/child.c runs it.
 */
#include "logger/firewall/nft.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"

enum { NFT_WORD_MAX = 64 };

/*
 * A little of all that our table is made of. --check has the kernel try it
 * and take it back, so that a missing kernel module is missed here.
 */
static const char probe[] =
	"table inet bridgeaudit-probe {\n"
	"map m { type ipv4_addr : verdict; elements = { 192.0.2.1 : jump c } }\n"
	"set p { type ipv4_addr . inet_proto . inet_service\n"
	"elements = { 192.0.2.1 . 6 . 80 } }\n"
	"set s { type ifname . ifname; elements = { \"a\" . \"a\" } }\n"
	"chain c { iifname != \"a\" counter log prefix \"probe\" group 1 "
	"snaplen 128 accept\n}\n"
	"chain r { type filter hook prerouting priority -301\n"
	"ip daddr vmap @m\n}\n"
	"chain w { type filter hook forward priority 10\n"
	"ct state new iifname . oifname @s ct status dnat "
	"ip daddr . meta l4proto . th dport @p return\n}\n"
	"}\n";

static int run(struct child *c, char *error)
{
	char program[CHILD_PATH_MAX];
	char *argv[8] = { program };
	int r;

	if (child_find("nft", program) < 0) {
		snprintf(error, NFT_RUN_ERROR_MAX, "there is no nft in PATH");
		return -ENOSYS;
	}
	for (size_t i = 0; i + 2 < ARRAY_SIZE(argv) && c->argv[i]; i++)
		argv[i + 1] = c->argv[i];
	c->argv = argv;
	c->error = error;
	r = child_run(c);
	c->argv = NULL;
	if (r == -ENOENT && c->pid == 0)
		r = -ENOSYS;
	return r;
}

int nft_apply(const char *text, int timeout_ms, pid_t *ret_pid, char *error)
{
	char file[] = "-f", standard_input[] = "-";
	char *args[] = { file, standard_input, NULL };
	struct child c = {
		.argv = args,
		.input = text,
		.timeout_ms = timeout_ms,
	};
	int r = run(&c, error);

	*ret_pid = c.pid;
	return r;
}

bool nft_available(int timeout_ms, char *error)
{
	char check[] = "--check", file[] = "-f", standard_input[] = "-";
	char *args[] = { check, file, standard_input, NULL };
	struct child c = {
		.argv = args,
		.input = probe,
		.timeout_ms = timeout_ms,
	};

	return run(&c, error) == 0;
}

/* A copy of a word that is one argument and no more to nft. */
static int copy_word(char *dst, const char *word)
{
	size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return len == 0 || word[len] != '\0' || word[0] == '-' ||
			       str_copy(dst, NFT_WORD_MAX, word)
		       ? -EINVAL
		       : 0;
}

static int list_table(bool handles, const char *family, const char *name,
		      int timeout_ms, char **ret_text, size_t *ret_len,
		      char *error)
{
	char option[] = "-a", list[] = "list", table[] = "table";
	char family_word[NFT_WORD_MAX], name_word[NFT_WORD_MAX];
	char *args[] = { option, list, table, family_word, name_word, NULL };
	struct child c = {
		.argv = handles ? args : args + 1,
		.timeout_ms = timeout_ms,
		.want_output = true,
	};
	int r;

	if (copy_word(family_word, family) < 0 ||
	    copy_word(name_word, name) < 0) {
		snprintf(error, NFT_RUN_ERROR_MAX, "no name of a table");
		return -EINVAL;
	}
	r = run(&c, error);
	if (r == -EIO && strstr(error, "No such file or directory"))
		return -ENOENT;
	if (r < 0)
		return r;
	*ret_text = c.output;
	*ret_len = c.output_len;
	return 0;
}

int nft_list_table(const char *family, const char *name, int timeout_ms,
		   char **ret_text, size_t *ret_len, char *error)
{
	return list_table(false, family, name, timeout_ms, ret_text, ret_len,
			  error);
}

int nft_list_handles(const char *family, const char *name, int timeout_ms,
		     char **ret_text, size_t *ret_len, char *error)
{
	return list_table(true, family, name, timeout_ms, ret_text, ret_len,
			  error);
}
