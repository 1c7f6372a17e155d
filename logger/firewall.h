/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the twins in place: reads each iptables that this host has, plans,
 * applies, reads back, and reports what it found to the recorder.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct firewall;

/*
 * profile is a mask of enum profile. Facts go to channel_fd (channel.h); -1:
 * to nobody. Returns 0, -ENOENT when there is no iptables at all, -ENOMEM.
 */
int firewall_new(unsigned int profile, uint16_t group, int channel_fd,
		 struct firewall **ret);
void firewall_free(struct firewall *fw);

/*
 * Puts every twin in its place in every iptables. What goes wrong in one is
 * reported as a finding and does not stop the others. Returns 0, or -EAGAIN
 * when not all was reached and another try is worth it.
 */
int firewall_sync(struct firewall *fw);

/* dockerd was started, and may use another firewall than the one before. */
void firewall_look(struct firewall *fw);

/* Takes every twin out. Returns 0, or -errno when some may be left. */
int firewall_remove(struct firewall *fw);

/*
 * The NFLOG group of a twin that is in place, other than ours, or -1: another
 * logger may be at work, or one that was killed.
 */
int firewall_other_group(struct firewall *fw);

/* The process of the last edit, as nf_tables notices name it; 0: none yet. */
pid_t firewall_last_pid(const struct firewall *fw);

/* Whether rules stand in iptables-legacy, whose changes nobody announces. */
bool firewall_needs_polling(const struct firewall *fw);

#endif
