/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of Docker's verdicts are audited, as words of the configuration.
 *
 * drops: DROP and REJECT in Docker's own chains of table filter, except within
 * one bridge, and Docker's DROPs in raw PREROUTING.
 *
 * published: ACCEPT in DOCKER (a published port; all ports of a network in
 * mode nat-unprotected; ping of one in mode routed; a legacy link), in
 * DOCKER-INGRESS (a port of a swarm), and of packets with Docker's firewall
 * mark. Docker lets replies pass before it looks into DOCKER, so a rule there
 * meets a TCP connection once, and UDP until it is answered. DOCKER-INGRESS and
 * the mark stand before that: their twins take new flows only, and the ACCEPTs
 * of replies are not audited.
 *
 * user: DROP and REJECT in DOCKER-USER itself, not in chains it jumps to.
 *
 * icc: DROP within one bridge, "-i br -o br", of a network with icc=false. The
 * kernel shows such packets to iptables only with br_netfilter.
 *
 * egress: from a bridge to anywhere else. Docker accepts here every packet that
 * a container ever sends out, so twins take new flows only. Where Docker
 * writes "-i br" alone for all that comes from a bridge, the twin adds
 * "! -o br": what stays within is not egress, and other generations have a rule
 * of its own for it, which no word audits.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_PROFILE_H
#define BRIDGEAUDIT_LOGGER_RULES_PROFILE_H

enum profile {
	PROFILE_DROPS = 1,
	PROFILE_PUBLISHED = 2,
	PROFILE_USER = 4,
	PROFILE_ICC = 8,
	PROFILE_EGRESS = 16,
	PROFILE_ALL = 31,
	PROFILE_DEFAULT = PROFILE_DROPS | PROFILE_PUBLISHED,
};

enum { PROFILE_ERROR_MAX = 128 };

/*
 * Parses "drops,published" (commas or blanks between) into a mask of enum
 * profile. Returns 0, or -EINVAL for no word or an unknown one;
 * error[PROFILE_ERROR_MAX] then says which.
 */
int profile_parse(const char *text, unsigned int *ret_mask, char *error);

#endif
