# bridgeaudit: the audit log of Docker's bridge networks.
#
#   sudo make run    install what is missing, build, log this host's Docker and
#                    follow live; Ctrl-C takes everything out again
#   sudo make test   install what tests need and run all of them
#   sudo make bench  the same for the benchmarks; Q="queries ..." for some
#   make help        the other targets
#
# Knobs, on the command line: CC, CFLAGS, WERROR=1, SANITIZE=1, BUILD=dir,
# PREFIX=/usr/local, DESTDIR=, DB=/var/lib/bridgeaudit/audit.db,
# TEST_WRAPPER="valgrind ..." (runs each unit test), DOCKER29=docker-29.*.tgz
# (Docker's own archive: Debian has no package that test_docker29.sh could take).

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
DB      ?= /var/lib/bridgeaudit/audit.db
SHARE    = $(DESTDIR)$(PREFIX)/share
COMPLETIONS = $(addprefix $(SHARE)/,bash-completion/completions/bridgeaudit \
	zsh/site-functions/_bridgeaudit fish/vendor_completions.d/bridgeaudit.fish)

PKGS_LIB    := sqlite3 inih libsodium
PKGS_LOGGER := libnetfilter_log libnfnetlink libmnl jansson libcurl libcap-ng
PKGS_CLI    := jansson
PKGS_TEST   := cmocka libpcap
PKG_CONFIG  ?= pkg-config

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2 \
	-Wimplicit-fallthrough
ifneq ($(findstring clang,$(CC)),clang)
WARN += -Wduplicated-cond -Wlogical-op -Wnull-dereference
endif
WARN += $(if $(WERROR),-Werror)

CFLAGS  ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
LDFLAGS ?= -Wl,-z,relro,-z,now
ifdef SANITIZE
CFLAGS := -O1 -g -fno-omit-frame-pointer
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all
endif
pkg = $(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null)
ALL_CFLAGS = -std=gnu17 $(WARN) -fPIE -pthread $(SAN) -I. -D_GNU_SOURCE \
	-DVERSION='"$(VERSION)"' $(CFLAGS)
ALL_LDFLAGS = -pie -pthread $(SAN) $(LDFLAGS)

LIB_SRC    := $(sort $(wildcard lib/*.c))
LOGGER_SRC := $(filter-out logger/main.c,$(sort $(wildcard logger/*.c logger/*/*.c)))
CLI_SRC    := $(filter-out cli/main.c,$(sort $(wildcard cli/*.c cli/*/*.c)))
TEST_SRC   := $(sort $(wildcard tests/unit/test_*.c))
HELP_SRC   := $(filter-out $(TEST_SRC),$(sort $(wildcard tests/unit/*.c)))
BENCH_SRC  := $(sort $(wildcard tests/bench/*.c))
obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

LIB    := $(BUILD)/libcommon.a
LOGGER := $(BUILD)/liblogger.a
CLI    := $(BUILD)/libcli.a
TESTS  := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(TEST_SRC))
BENCH  := $(patsubst %.c,$(BUILD)/%,$(BENCH_SRC))

.PHONY: all
all: $(BUILD)/bridgeauditd $(BUILD)/bridgeaudit

$(BUILD)/bridgeauditd: $(call obj,logger/main.c) $(LOGGER) $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(PKGS_LOGGER) $(PKGS_LIB))

$(BUILD)/bridgeaudit: $(call obj,cli/main.c) $(CLI) $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(PKGS_CLI) $(PKGS_LIB))

$(LIB): $(call obj,$(LIB_SRC)) $(BUILD)/schema.o
$(LOGGER): $(call obj,$(LOGGER_SRC))
$(CLI): $(call obj,$(CLI_SRC))
$(LIB) $(LOGGER) $(CLI):
	@rm -f $@
	$(AR) rcs $@ $^

# schema.sql as the string schema_sql[]
$(BUILD)/schema.c: schema.sql
	@mkdir -p $(@D)
	{ echo 'extern const char schema_sql[];'; echo 'const char schema_sql[] ='; \
	  sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $<; echo ';'; } > $@
$(BUILD)/schema.o: $(BUILD)/schema.c $(BUILD)/flags
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(call pkg,--cflags,$(PKGS_LOGGER) $(PKGS_CLI)) \
		-MMD -MP -c -o $@ $<
-include $(patsubst %.o,%.d,$(call obj,$(LIB_SRC) $(LOGGER_SRC) $(CLI_SRC) \
	$(TEST_SRC) $(HELP_SRC) $(BENCH_SRC) logger/main.c cli/main.c))

# Rebuild everything when a flag changes.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' > $@
.PHONY: FORCE
FORCE:

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(call obj,$(HELP_SRC)) $(LOGGER) $(CLI) $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(PKGS_TEST) \
		$(PKGS_LOGGER) $(PKGS_CLI) $(PKGS_LIB))
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(LOGGER) $(LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(PKGS_LOGGER) $(PKGS_LIB))
.SECONDARY: $(call obj,$(TEST_SRC) $(HELP_SRC) $(BENCH_SRC))

TOOLS := $(addprefix $(BUILD)/tests/,flood forge packets rebind)
$(TOOLS): $(BUILD)/tests/%: $(BUILD)/tests/system/%.o
	$(CC) $(ALL_LDFLAGS) -o $@ $^

# ---- tests -------------------------------------------------------------------
# check needs neither root nor network (what needs root says SKIP);
# check-system needs root and a real dockerd, which it gets by itself.
export DOCKER29 ?= $(wildcard /var/cache/bridgeaudit-tests/docker-29.tgz)
SYSTEM_TESTS := $(filter-out $(if $(DOCKER29),,%/test_docker29.sh), \
	$(sort $(wildcard tests/system/test_*.sh)))

.PHONY: test check check-system check-all unit-tests
test: packages-test
	$(MAKE) --no-print-directory check-all

unit-tests: $(TESTS)

check: all $(TESTS)
	tools/check-layers
	TEST_WRAPPER="$(TEST_WRAPPER)" tests/run $(TESTS)

check-system: all $(TOOLS)
	tests/run $(SYSTEM_TESTS)

check-all: all $(TESTS) $(TOOLS)
	tools/check-layers
	tests/run $(TESTS) $(SYSTEM_TESTS)

# ---- running -----------------------------------------------------------------

.PHONY: packages-run packages-test packages-bench run demo bench
packages-run packages-test packages-bench:
	tools/install-packages build run $(filter-out run,$(@:packages-%=%))

run: packages-run
	$(MAKE) --no-print-directory all
	BUILD=$(BUILD) DB=$(DB) tools/run

demo: packages-test
	$(MAKE) --no-print-directory all
	BUILD=$(BUILD) tools/demo

bench: packages-bench
	$(MAKE) --no-print-directory all $(BENCH)
	BUILD=$(BUILD) tests/bench/run $(Q)

# ---- house -------------------------------------------------------------------

C_FILES := $(sort $(wildcard lib/*.[ch] logger/*.[ch] logger/*/*.[ch] \
	cli/*.[ch] cli/*/*.[ch] tests/unit/*.[ch] tests/system/*.c tests/bench/*.[ch]))

.PHONY: format lint
format:
	clang-format -i $(C_FILES)

lint:
	tests/run tools/lint

# ---- installing --------------------------------------------------------------

# Somebody's own settings are neither overwritten nor removed.
.PHONY: install uninstall clean help
CONF = $(DESTDIR)$(SYSCONFDIR)/bridgeaudit/bridgeaudit.conf
install: all
	install -Dm 755 $(BUILD)/bridgeauditd $(DESTDIR)$(SBINDIR)/bridgeauditd
	install -Dm 755 $(BUILD)/bridgeaudit $(DESTDIR)$(BINDIR)/bridgeaudit
	for n in 1 5 8; do install -Dm 644 -t $(DESTDIR)$(MANDIR)/man$$n \
		man/*.$$n || exit; done
	set -- $(COMPLETIONS); for s in bash zsh fish; do \
		install -Dm 644 completions/bridgeaudit.$$s "$$1" || exit; shift; done
	sed 's|@SBINDIR@|$(SBINDIR)|' dist/bridgeauditd.service | install -Dm 644 \
		/dev/stdin $(DESTDIR)$(UNITDIR)/bridgeauditd.service
	install -Dm 644 dist/bridgeaudit.sysusers \
		$(DESTDIR)$(SYSUSERSDIR)/bridgeaudit.conf
	[ -e $(CONF) ] || install -Dm 644 dist/bridgeaudit.conf $(CONF)

uninstall:
	! cmp -s dist/bridgeaudit.conf $(CONF) || rm $(CONF)
	rm -f $(COMPLETIONS) $(addprefix $(DESTDIR),$(SBINDIR)/bridgeauditd $(BINDIR)/bridgeaudit \
		$(addprefix $(MANDIR)/man?/,$(notdir $(wildcard man/*))) \
		$(UNITDIR)/bridgeauditd.service $(SYSUSERSDIR)/bridgeaudit.conf)

clean:
	rm -rf $(BUILD)
help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile
	@echo 'Targets: all run demo test check check-system unit-tests bench lint format'
	@echo '         install uninstall clean'
