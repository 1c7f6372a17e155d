// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: text that nft printed, or anything. Out: tokens that point into it. nft
 * prints a comment as it is, so a string may hold anything but a quote, and
 * what follows a string with a quote in it is somebody's text. Nothing here
 * believes a token to be more than bytes.
 */
#include "logger/rules/nft_lexer.h"

#include <errno.h>
#include <string.h>

static bool ends_word(char c)
{
	switch (c) {
	case ' ':
	case '\t':
	case '\n':
	case '{':
	case '}':
	case ',':
	case ';':
	case '"':
		return true;
	default:
		return false;
	}
}

/* A string, after its opening quote. */
static struct nft_token take_string(struct nft_lexer *lx)
{
	struct nft_token token = { .kind = NFT_STRING, .at = lx->at };
	const char *close = lx->at;

	while (close < lx->end && *close != '"' && *close != '\n')
		close++;
	token.len = (size_t)(close - lx->at);
	if (close == lx->end || *close == '\n') {
		token.kind = NFT_BAD;
		lx->at = close;
	} else {
		lx->at = close + 1;
	}
	return token;
}

static struct nft_token take_word(struct nft_lexer *lx)
{
	struct nft_token token = { .kind = NFT_WORD, .at = lx->at };

	while (lx->at < lx->end && !ends_word(*lx->at))
		lx->at++;
	token.len = (size_t)(lx->at - token.at);
	return token;
}

struct nft_token nft_lexer_next(struct nft_lexer *lx)
{
	static const struct {
		char c;
		enum nft_token_kind kind;
	} single[] = {
		{ '{', NFT_OPEN },     { '}', NFT_CLOSE },
		{ ',', NFT_COMMA },    { ';', NFT_SEMICOLON },
		{ '\n', NFT_NEWLINE },
	};
	struct nft_token token = { .kind = NFT_END, .len = 1 };
	const char *begin = lx->at;

	while (lx->at < lx->end && (*lx->at == ' ' || *lx->at == '\t'))
		lx->at++;
	token.at = lx->at;
	if (lx->at == lx->end)
		return token;
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
		if (*lx->at != single[i].c)
			continue;
		token.kind = single[i].kind;
		token.spaced = begin < lx->at;
		lx->at++;
		return token;
	}
	if (*lx->at == '"') {
		lx->at++;
		token = take_string(lx);
	} else {
		token = take_word(lx);
	}
	token.spaced = begin < lx->at && (*begin == ' ' || *begin == '\t');
	return token;
}

bool nft_token_is(const struct nft_token *token, const char *text)
{
	return token->kind == NFT_WORD && strlen(text) == token->len &&
	       memcmp(token->at, text, token->len) == 0;
}

static bool is_before(const struct nft_token *a, const struct nft_token *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int r = memcmp(a->at, b->at, len);

	return r != 0 ? r < 0 : a->len < b->len;
}

/* Puts the string at i where it belongs among those from first on. */
static void insert_string(struct nft_token *tokens, size_t first, size_t i)
{
	for (size_t j = first; j < i; j += 2) {
		struct nft_token later = tokens[j];

		if (!is_before(&tokens[i], &later))
			continue;
		tokens[j].at = tokens[i].at;
		tokens[j].len = tokens[i].len;
		tokens[i].at = later.at;
		tokens[i].len = later.len;
	}
}

void nft_tokens_sort_lists(struct nft_token *tokens, size_t len)
{
	size_t first = 0;

	for (size_t i = 1; i < len; i++) {
		enum nft_token_kind before = tokens[i - 1].kind;

		if (tokens[i].kind != NFT_STRING)
			continue;
		if (before == NFT_OPEN)
			first = i;
		else if (before == NFT_COMMA && first > 0 &&
			 tokens[i - 2].kind == NFT_STRING)
			insert_string(tokens, first, i);
		else
			first = 0;
	}
}

static int digit(char c, unsigned int base)
{
	int d = c >= '0' && c <= '9'   ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
				       : 16;

	return d < (int)base ? d : -1;
}

int nft_token_number(const struct nft_token *token, uint64_t max, uint64_t *ret)
{
	const char *at = token->at;
	size_t len = token->len;
	unsigned int base = 10;
	uint64_t n = 0;

	if (token->kind != NFT_WORD)
		return -EBADMSG;
	if (len > 2 && at[0] == '0' && at[1] == 'x') {
		base = 16;
		at += 2;
		len -= 2;
	}
	if (len == 0)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		int d = digit(at[i], base);

		if (d < 0 || __builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, (unsigned int)d, &n) || n > max)
			return -EBADMSG;
	}
	*ret = n;
	return 0;
}

uint64_t nft_tokens_take_handle(const struct nft_token *tokens, size_t *len)
{
	const struct nft_token *last = &tokens[*len >= 3 ? *len - 3 : 0];
	uint64_t handle = 0;

	if (*len < 3 || !nft_token_is(&last[0], "#") ||
	    !nft_token_is(&last[1], "handle") ||
	    nft_token_number(&last[2], UINT32_MAX, &handle) < 0)
		return 0;
	*len -= 3;
	return handle;
}

int nft_token_copy(const struct nft_token *token, char *dst, size_t size)
{
	if (token->len >= size || memchr(token->at, '\0', token->len))
		return -ENOSPC;
	memcpy(dst, token->at, token->len);
	dst[token->len] = '\0';
	return 0;
}
