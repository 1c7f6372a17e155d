/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tokens of what "nft list table" prints. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_NFT_LEXER_H
#define BRIDGEAUDIT_LOGGER_RULES_NFT_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nft_token_kind {
	NFT_WORD,
	NFT_STRING, /* at and len are those of what is between the quotes */
	NFT_OPEN,
	NFT_CLOSE,
	NFT_COMMA,
	NFT_SEMICOLON,
	NFT_NEWLINE,
	NFT_BAD, /* a quote that never closes; its line's rest is skipped */
	NFT_END,
};

struct nft_token {
	enum nft_token_kind kind;
	bool spaced; /* blank before it */
	const char *at;
	size_t len;
};

struct nft_lexer {
	const char *at;
	const char *end;
};

/* The next token; NFT_END again and again at the end. */
struct nft_token nft_lexer_next(struct nft_lexer *lx);

/* Whether it is a word (not a string) that reads text. */
bool nft_token_is(const struct nft_token *token, const char *text);

/*
 * Sorts the strings within braces: nft prints the elements of a list in an
 * order that differs from one time to the next.
 */
void nft_tokens_sort_lists(struct nft_token *tokens, size_t len);

/* A decimal or 0x number of at most max. Returns 0 or -EBADMSG. */
int nft_token_number(const struct nft_token *token, uint64_t max,
		     uint64_t *ret);

/* Copies it into dst[size], NUL added. Returns 0 or -ENOSPC. */
int nft_token_copy(const struct nft_token *token, char *dst, size_t size);

/* Takes "# handle 7" off a statement's end. Returns the number, 0: none. */
uint64_t nft_tokens_take_handle(const struct nft_token *tokens, size_t *len);

#endif
