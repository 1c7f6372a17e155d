// SPDX-License-Identifier: GPL-2.0-or-later
/* A sorted array of windows: packets are of the last few, nearly always. */
#include "cli/verify/window.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOWS_MIN = 64 };

/* Where it is, or would be. */
static size_t find(const struct verify_windows *w, uint64_t start)
{
	size_t low = w->first, high = w->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->at[middle].start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool make_room(struct verify_windows *w)
{
	size_t room = w->room ? 2 * w->room : WINDOWS_MIN;
	struct verify_window *at;

	if (w->n < w->room)
		return true;
	if (w->first > w->room / 2) {
		w->n -= w->first;
		memmove(w->at, w->at + w->first, w->n * sizeof(*at));
		w->first = 0;
		return true;
	}
	at = realloc(w->at, room * sizeof(*at));
	if (!at)
		return false;
	w->at = at;
	w->room = room;
	return true;
}

struct verify_window *verify_window_get(struct verify_windows *w,
					uint64_t start)
{
	size_t i = w->last;

	if (i >= w->first && i < w->n && w->at[i].start == start)
		return &w->at[i];
	i = find(w, start);
	if (i == w->n || w->at[i].start != start) {
		if (!make_room(w))
			return NULL;
		i = find(w, start);
		memmove(&w->at[i + 1], &w->at[i],
			(w->n - i) * sizeof(w->at[0]));
		w->n++;
		w->at[i] = (struct verify_window){
			.start = start,
			.services.secret = w->secret,
			.talkers.secret = w->secret,
			.seen.secret = w->secret,
		};
	}
	w->last = i;
	return &w->at[i];
}

struct verify_window *verify_window_first(const struct verify_windows *w)
{
	return w->first < w->n ? &w->at[w->first] : NULL;
}

void verify_window_empty(struct verify_window *w)
{
	verify_map_free(&w->services);
	verify_map_free(&w->talkers);
	verify_map_free(&w->seen);
}

void verify_window_drop_first(struct verify_windows *w)
{
	verify_window_empty(&w->at[w->first++]);
}

void verify_windows_free(struct verify_windows *w)
{
	while (verify_window_first(w))
		verify_window_drop_first(w);
	free(w->at);
	*w = (struct verify_windows){ 0 };
}
