// SPDX-License-Identifier: GPL-2.0-or-later
/* The directory of the key: who may read and write what, and lines that a full
 * disk cut short. */
#include <cap-ng.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/channel.h"
#include "logger/seal.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

enum { PATH_SIZE = 160 };

static struct seal seal;
static int channel[2];
static char dir[PATH_SIZE], key[PATH_SIZE], public_key[PATH_SIZE],
	checkpoints[PATH_SIZE];

static int set_up(void **state)
{
	const struct world *w;

	if (store_world_set_up(state) < 0 || channel_open(channel) < 0)
		return -1;
	w = *state;
	snprintf(dir, sizeof(dir), "%s.keeper", w->db);
	snprintf(key, sizeof(key), "%s.keeper/signing.key", w->db);
	snprintf(public_key, sizeof(public_key), "%s.keeper/signing.pub",
		 w->db);
	snprintf(checkpoints, sizeof(checkpoints), "%s.keeper/checkpoints",
		 w->db);
	return 0;
}

static int tear_down(void **state)
{
	seal_close(&seal);
	close(channel[0]);
	close(channel[1]);
	unlink(key);
	unlink(public_key);
	unlink(checkpoints);
	rmdir(dir);
	return store_world_tear_down(state);
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void whatever_the_umask_auditors_can_read_what_is_public(void **state)
{
	const struct world *w = *state;
	mode_t before = umask(077);

	seal_open(&seal, w->db);
	assert_int_equal(umask(before), 077);
	assert_true(seal.able);
	assert_mode(dir, 0755);
	assert_mode(checkpoints, 0644);
	assert_mode(public_key, 0644);
	assert_mode(key, 0600);
}

/* Who owns it could have the key's file there before us, and read it. */
static void a_directory_of_others_gets_no_key(void **state)
{
	const struct world *w = *state;

	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	seal_open(&seal, w->db);
	assert_false(seal.able);
	assert_int_equal(access(key, F_OK), -1);
	assert_int_equal(chmod(dir, 0755), 0);
	seal_open(&seal, w->db);
	assert_true(seal.able);
}

/* As in a directory that the logger made for a database elsewhere: it is the
 * recorder's, and the keeper gave up what root may in those of others. */
static void it_is_read_again_in_a_directory_of_the_recorder(void **state)
{
	const struct world *w = *state;
	void *all;

	if (geteuid() != 0) {
		print_message("SKIP: needs root to give a directory away\n");
		skip();
	}
	seal_open(&seal, w->db);
	assert_true(seal.able);
	assert_int_equal(chown(w->dir, 65534, 65534), 0);
	assert_int_equal(chmod(w->dir, 0750), 0);
	assert_int_equal(capng_get_caps_process(), 0);
	all = capng_save_state();
	assert_int_equal(capng_updatev(CAPNG_DROP, CAPNG_EFFECTIVE,
				       CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
				       -1),
			 0);
	assert_int_equal(capng_apply(CAPNG_SELECT_CAPS), 0);
	seal_reload(&seal);
	capng_restore_state(&all);
	assert_int_equal(capng_apply(CAPNG_SELECT_CAPS), 0);
	assert_true(seal.able);
}

static unsigned int whole_lines(void)
{
	char line[CHECKPOINT_LINE_MAX + 1];
	struct checkpoint cp;
	FILE *f = fopen(checkpoints, "re");
	unsigned int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += checkpoint_parse(line, &cp) == 0 && checkpoint_signed(&cp);
	fclose(f);
	return n;
}

static void sign(int64_t id)
{
	const struct checkpoint cp = { .id = id, .seq = id };

	seal_checkpoint(&seal, &cp, channel[0], T0);
}

static void a_line_that_was_cut_short_costs_no_other(void **state)
{
	const struct world *w = *state;
	struct rlimit before, limit;
	struct stat st;

	seal_open(&seal, w->db);
	sign(1);
	assert_int_equal(stat(checkpoints, &st), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)st.st_size + 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	sign(2);
	sign(3);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(whole_lines(), 1);
	sign(4);
	seal_close(&seal);
	/* and what another keeper left behind */
	assert_int_equal(stat(checkpoints, &st), 0);
	assert_int_equal(truncate(checkpoints, st.st_size - 1), 0);
	seal_open(&seal, w->db);
	sign(5);
	assert_int_equal(whole_lines(), 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(whatever_the_umask_auditors_can_read_what_is_public),
		T(a_directory_of_others_gets_no_key),
		T(it_is_read_again_in_a_directory_of_the_recorder),
		T(a_line_that_was_cut_short_costs_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
