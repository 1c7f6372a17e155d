// SPDX-License-Identifier: GPL-2.0-or-later
/* Free space and settings in; the lines "disk" and "kept" of status out. */
#include "cli/status/disk.h"

#include <inttypes.h>
#include <sys/statvfs.h>

#include "cli/json.h"
#include "lib/text.h"
#include "lib/timefmt.h"

void status_disk_settings(sqlite3_stmt *stmt, int column,
			  struct status_disk *ret)
{
	ret->retain_days = sqlite3_column_int64(stmt, column);
	ret->retain_bytes = sqlite3_column_int64(stmt, column + 1);
	str_copy(ret->space_left, sizeof(ret->space_left),
		 query_text(stmt, column + 2));
	str_copy(ret->space_left_action, sizeof(ret->space_left_action),
		 query_text(stmt, column + 3));
	str_copy(ret->disk_full_action, sizeof(ret->disk_full_action),
		 query_text(stmt, column + 4));
	ret->told = *ret->space_left != '\0';
}

int status_disk_read(sqlite3 *db, const char *path, struct status_disk *ret)
{
	struct statvfs fs;

	if (statvfs(path, &fs) == 0) {
		ret->known = true;
		ret->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
		ret->all_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	}
	return pruned_read(db, 0, INT64_MAX, 0, &ret->pruned);
}

const char *status_bytes(uint64_t bytes, char buf[STATUS_BYTES_MAX])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB",
					     "TiB" };
	double n = (double)bytes;
	size_t unit = 0;

	for (; n >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		n /= 1024;
	snprintf(buf, STATUS_BYTES_MAX, unit > 0 ? "%.1f %s" : "%.0f %s", n,
		 units[unit]);
	return buf;
}

/* "2048" of space_left is MiB. */
static void print_left(const struct status_disk *d, FILE *out)
{
	char left[4 * sizeof(d->space_left)];
	char action[4 * STATUS_ACTION_MAX];
	size_t len;

	str_escape(left, sizeof(left), d->space_left);
	for (len = 0; left[len] >= '0' && left[len] <= '9';)
		len++;
	if (left[0] != '0' || left[1])
		fprintf(out, "; when less than %s%s is left: %s", left,
			left[len] ? "" : " MiB",
			str_escape(action, sizeof(action),
				   d->space_left_action));
	fprintf(out, "; when it is full: %s",
		str_escape(action, sizeof(action), d->disk_full_action));
}

static void print_disk(const struct status_disk *d, FILE *out)
{
	char left[STATUS_BYTES_MAX], all[STATUS_BYTES_MAX];

	if (d->known)
		fprintf(out, "%s free of %s", status_bytes(d->free_bytes, left),
			status_bytes(d->all_bytes, all));
	else
		fputs("can't tell how much is free", out);
	if (d->told)
		print_left(d, out);
	putc('\n', out);
}

static void print_kept(const struct status_disk *d, FILE *out)
{
	char size[STATUS_BYTES_MAX], time[TIME_TEXT_MAX];

	if (d->retain_bytes > 0)
		fprintf(out, "at most %s",
			status_bytes((uint64_t)d->retain_bytes, size));
	if (d->retain_days > 0)
		fprintf(out, "%s%" PRId64 " %s",
			d->retain_bytes > 0 ? " and " : "", d->retain_days,
			d->retain_days == 1 ? "day" : "days");
	if (d->retain_bytes <= 0 && d->retain_days <= 0)
		fputs("everything", out);
	if (d->pruned.packets > 0)
		fprintf(out, "; %" PRId64 " older %s removed, the last of %s\n",
			d->pruned.packets,
			d->pruned.packets == 1 ? "packet was" : "packets were",
			time_local(d->pruned.until_ns, time, sizeof(time)));
	else
		fputs("; nothing was removed yet\n", out);
}

void status_disk_print(const struct status_disk *disk, int name_width,
		       FILE *out)
{
	fprintf(out, "%-*s", name_width, "disk");
	print_disk(disk, out);
	if (!disk->told)
		return;
	fprintf(out, "%-*s", name_width, "kept");
	print_kept(disk, out);
}

static json_t *told_text(const struct status_disk *d, const char *text)
{
	return d->told ? json_text(text) : NULL;
}

static json_t *number(bool known, uint64_t n)
{
	return known ? json_integer((json_int_t)n) : NULL;
}

json_t *status_disk_json(const struct status_disk *d)
{
	return json_pack("{s:o*, s:o*, s:o*, s:o*, s:o*}", "free_bytes",
			 number(d->known, d->free_bytes), "all_bytes",
			 number(d->known, d->all_bytes), "space_left",
			 told_text(d, d->space_left), "space_left_action",
			 told_text(d, d->space_left_action), "disk_full_action",
			 told_text(d, d->disk_full_action));
}

json_t *status_kept_json(const struct status_disk *d)
{
	return json_pack("{s:o*, s:o*, s:I, s:o*}", "days",
			 number(d->told, (uint64_t)d->retain_days), "bytes",
			 number(d->told, (uint64_t)d->retain_bytes), "removed",
			 (json_int_t)d->pruned.packets, "removed_until",
			 json_time(d->pruned.until_ns));
}
