// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tab in bash, zsh and fish: what each of them offers behind a line, asked of
 * the shell itself, with the names that are in a log.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

enum { OFFERED_MAX = 65536 };

static char dir[] = "/tmp/bridgeaudit-test-XXXXXX";
static char source[PATH_MAX];

/* Names that a shell must not take apart, and must not run. */
static const char names_sql[] =
	"INSERT INTO container (docker_id, name, service, project, from_ns)"
	" VALUES (printf('%064d', 1), 'web', 'my shop', '$(touch ran)', 1),"
	" (printf('%064d', 2), 'db', 'my db; touch ran', '`touch ran`', 1)";

/* Each prints what is offered behind the line $1, one a line. */
static const char bash_script[] = ". \"$SOURCE/completions/bridgeaudit.bash\"\n"
				  "read -ra COMP_WORDS <<<\"$1\"\n"
				  "[[ $1 != *' ' ]] || COMP_WORDS+=('')\n"
				  "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
				  "_bridgeaudit\n"
				  "for word in \"${COMPREPLY[@]}\"; do\n"
				  "	eval \"printf '%s\\n' $word\"\n"
				  "done\n";

static const char zsh_script[] =
	"zmodload zsh/zpty || exit\n"
	"cp $SOURCE/completions/bridgeaudit.zsh _bridgeaudit\n"
	": >offered\n"
	"rm -f done\n"
	"cat >.zshrc <<-'END'\n"
	"	PS1='' fpath=($PWD $fpath)\n"
	"	autoload -Uz compinit && compinit -u -D\n"
	"	compadd () {\n"
	"		local -a hits\n"
	"		if [[ \" ${@[1,(i)(-|--)]}\" != *\" -\"[OAD]* ]]; then\n"
	"			builtin compadd -A hits \"$@\"\n"
	"			print -rl -- ${(Q)hits} >>offered\n"
	"		fi\n"
	"		builtin compadd \"$@\"\n"
	"	}\n"
	"	told () { : >done }\n"
	"	comppostfuncs=(told)\n"
	"END\n"
	"zpty shell 'ZDOTDIR=. zsh -d -i'\n"
	"zpty -w -n shell \"$1\"$'\\t'\n"
	"repeat 600; do [[ ! -e done ]] || break; sleep 0.1; done\n"
	"zpty -d shell\n"
	"grep . offered\n";

static const char fish_script[] =
	"source $SOURCE/completions/bridgeaudit.fish\n"
	"complete -C $argv[1] | string replace -r '\\t.*' ''\n";

static const struct shell {
	const char *name;
	const char *command; /* of the script, before the line */
	const char *script;
} shells[] = {
	{ "bash", "bash --norc --noprofile", bash_script },
	{ "zsh", "zsh -f", zsh_script },
	{ "fish", "fish --no-config", fish_script },
};

static void write_script(const struct shell *shell)
{
	FILE *f = fopen("script", "w");

	assert_non_null(f);
	fputs(shell->script, f);
	fclose(f);
}

/* Beside this test, first in PATH. */
static void find_program(void)
{
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(len > 0);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(path, sizeof(path), "%s/..:%s", self, getenv("PATH"));
	assert_int_equal(setenv("PATH", path, 1), 0);
}

static int group_set_up(void **state)
{
	(void)state;
	assert_non_null(getcwd(source, sizeof(source)));
	assert_int_equal(setenv("SOURCE", source, 1), 0);
	find_program();
	return 0;
}

static int set_up(void **state)
{
	if (cli_fixture_set_up(state) < 0 || !mkdtemp(dir))
		return -1;
	cli_fixture_sql(names_sql);
	setenv("HOME", dir, 1);
	return chdir(dir);
}

static int tear_down(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(chdir(source), 0);
	assert_int_equal(system(command), 0);
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	return cli_fixture_tear_down(state);
}

/* What the shell offers, sorted, apart by '|'. */
static const char *offered(const struct shell *shell, const char *line)
{
	static char text[OFFERED_MAX];
	char command[1024];
	size_t len;
	FILE *f;

	snprintf(command, sizeof(command),
		 "%s script 'bridgeaudit --db %s %s' 2>err </dev/null"
		 " | LC_ALL=C sort -u | tr '\\n' '|'",
		 shell->command, cli_fixture_db(), line);
	f = popen(command, "re");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	pclose(f);
	return text;
}

static void check_shell(const struct shell *shell)
{
	static const char *const cases[][2] = {
		{ "lo", "log|" },
		{ "log --verdict ", "accept|drop|pass|" },
		{ "log --from-network shop_", "shop_db|shop_web|" },
		{ "log --network ", "bridge|shop_db|shop_web|" },
		{ "top --to-interface e", "eth0|" },
		{ "log --service my", "my db; touch ran|my shop|" },
		{ "log --project ", "$(touch ran)|`touch ran`|" },
		{ "log --verd", "--verdict|" },
		{ "log -o js", "json|jsonl|" },
		{ "values net", "network|" },
		{ "rules ", "remove|" },
		{ "key ", "rotate|" },
		{ "log --proto udp", "udp|" },
		{ "verify --against checkp", "checkpoints|" },
		{ "verify --public-key checkp", "checkpoints|" },
	};
	char command[64];

	snprintf(command, sizeof(command), "%s -c : 2>err", shell->command);
	if (system(command) != 0) {
		print_message("%s is not installed\n", shell->name);
		skip();
	}
	write_script(shell);
	assert_int_equal(close(creat("checkpoints", 0600)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = offered(shell, cases[i][0]);

		if (strcmp(got, cases[i][1]) != 0)
			fail_msg("%s offers '%s' behind '%s'", shell->name, got,
				 cases[i][0]);
	}
	assert_int_equal(access("ran", F_OK), -1);
}

static void bash_offers_verbs_options_and_names(void **state)
{
	(void)state;
	check_shell(&shells[0]);
}

static void zsh_offers_verbs_options_and_names(void **state)
{
	(void)state;
	check_shell(&shells[1]);
}

static void fish_offers_verbs_options_and_names(void **state)
{
	(void)state;
	check_shell(&shells[2]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(bash_offers_verbs_options_and_names),
		T(zsh_offers_verbs_options_and_names),
		T(fish_offers_verbs_options_and_names),
	};

	return cmocka_run_group_tests(tests, group_set_up, NULL);
}
