#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file system that turned read-only under the logger, as ext4 does when it
# finds an error in itself: what was on the disk is there, what was not is counted.
set -euo pipefail
# shellcheck source=tests/system/testbed.sh
. "$(dirname "$0")/testbed.sh"
# shellcheck source=tests/system/logger.sh
. "$(dirname "$0")/logger.sh"
# shellcheck source=tests/system/check.sh
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/system/loss.sh
. "$(dirname "$0")/loss.sh"

mount_image()
{
	mount -o loop,errors=remount-ro "$TB_DIR/image" "$TB_DIR/db"
}

make_image()
{
	truncate -s 64M "$TB_DIR/image"
	mkfs.ext4 -q "$TB_DIR/image"
	mkdir "$TB_DIR/db"
	mount_image
	chown nobody "$TB_DIR/db"
	# sysfs may be read-only, or another machine's
	[ -w "$(trigger)" ] || {
		umount "$TB_DIR/db"
		return 1
	}
} 2>/dev/null

# The file whose writing makes the file system fail.
trigger()
{
	local dev
	dev=$(findmnt -no SOURCE "$TB_DIR/db")
	echo "/sys/fs/ext4/${dev#/dev/}/trigger_fs_error"
}

turn_read_only()
{
	echo 'the test says so' >"$(trigger)"
}

ends_with_status_5()
{
	local status=0
	tb_logger_stop || status=$?
	equal status 5 "$status"
	tb_logged | grep 'the last packets could not be written'
}

test_loss()
{
	if ! make_image; then
		skip 'this file' 'no ext4 in a file that can be made to fail here'
		return
	fi
	loss_logger
	loss_flood 20000
	check 'packets are recorded' loss_closes
	sync -f "$TB_DIR/db"
	loss_flood 5000 # these may or may not come to the disk
	turn_read_only
	loss_flood 30000
	check 'nothing can be written any more, and the log says so' \
		loss_says "can't write the database"
	check 'what was written can be read' test "$(loss_rows)" -ge 20000
	check 'the end says that something is missing' ends_with_status_5
	umount "$TB_DIR/db"
	e2fsck -fy "$TB_DIR/image" >/dev/null 2>&1 || :
	mount_image
	check 'nothing that was on the disk is lost' \
		test "$(loss_rows)" -ge 20000
	loss_logger
	loss_flood 1000
	check 'the next logger counts what is missing: the sum closes' \
		loss_closes
	check 'status says how many' loss_status "$(loss_lost)"
	check 'the logger ends well' tb_logger_stop
	check 'its database is sound' loss_whole
	umount "$TB_DIR/db"
}

loss_main
