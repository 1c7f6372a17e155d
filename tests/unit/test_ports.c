// SPDX-License-Identifier: GPL-2.0-or-later
/* Which veth leads to which container: a kernel of tables, a Docker of lists.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "logger/veth/ports.h"
#include "logger/veth/processes.h"
#include "tests/unit/cmocka_all.h"

enum { BRIDGE_A = 10, BRIDGE_B = 11, HOST_MAX = 32, TOLD_SIZE = 512 };

struct host {
	struct ports *ports;
	struct link links[HOST_MAX];
	size_t n;
	int32_t nsid_of[HOST_MAX]; /* by pid; 0: no such process */
	bool changes;		   /* numbers, while they are looked at */
	bool moved;		   /* the pid is another container's */
	unsigned int asked;	   /* how often the kernel was */
	char told[TOLD_SIZE];
};

static int get(void *arg, uint32_t index, struct link *ret)
{
	const struct host *h = arg;

	for (size_t i = 0; i < h->n; i++)
		if (h->links[i].index == index) {
			*ret = h->links[i];
			ret->nsid += h->changes;
			return 0;
		}
	return -ENODEV;
}

static int nsid(void *arg, int32_t pid, int32_t *ret)
{
	struct host *h = arg;

	h->asked++;
	*ret = h->nsid_of[pid];
	return *ret ? 0 : -ESRCH;
}

static bool is_of(void *arg, int32_t pid, const char *container_id)
{
	const struct host *h = arg;

	return container_id[1] - '0' == pid && !h->moved;
}

static void tell(void *arg, const char *container_id, const char *network_id,
		 uint32_t ifindex)
{
	struct host *h = arg;
	size_t len = strlen(h->told);

	snprintf(h->told + len, sizeof(h->told) - len, "%s%s/%s=%u",
		 len ? " " : "", container_id, network_id, ifindex);
}

static int set_up(void **state)
{
	static struct host h;
	const struct docker_network networks[] = {
		{ .id = "na", .bridge = "br-a" },
		{ .id = "nb", .bridge = "br-b" },
	};

	h = (struct host){ .ports = ports_new() };
	ports_networks(h.ports, networks, 2);
	h.links[h.n++] = (struct link){ BRIDGE_A, 0, LINKS_NO_NSID, "br-a" };
	h.links[h.n++] = (struct link){ BRIDGE_B, 0, LINKS_NO_NSID, "br-b" };
	*state = &h;
	return 0;
}

static int tear_down(void **state)
{
	ports_free(((struct host *)*state)->ports);
	return 0;
}

static struct docker_endpoint endpoint(const char *container,
				       const char *network, uint64_t since_ns)
{
	struct docker_endpoint ep = { .since_ns = since_ns };

	str_copy(ep.container_id, sizeof(ep.container_id), container);
	str_copy(ep.network_id, sizeof(ep.network_id), network);
	return ep;
}

static void plug(struct host *h, uint32_t index, uint32_t master, int32_t ns)
{
	h->links[h->n++] = (struct link){ index, master, ns, "veth" };
}

static const struct ports_ops ops = { get, nsid, is_of, tell };

/* Whether anything is asked about "cN", whose process is N. */
static bool asks(struct host *h, int pid)
{
	const char id[] = { 'c', (char)('0' + pid), '\0' };
	unsigned int before = h->asked;

	ports_process(h->ports, h->links, h->n, id, pid, &ops, h);
	return h->asked > before;
}

/* What is told; "cN" has the process N. */
static const char *resolve(struct host *h)
{
	h->told[0] = '\0';
	assert_true(ports_due(h->ports));
	if (ports_check(h->ports, h->links, h->n)) {
		for (int pid = 1; pid < HOST_MAX; pid++)
			if (h->nsid_of[pid])
				asks(h, pid);
	}
	ports_end(h->ports, &ops, h);
	assert_false(ports_due(h->ports));
	return h->told;
}

static void the_other_end_tells_whose_it_is(void **state)
{
	struct host *h = *state;
	const struct docker_endpoint list[] = { endpoint("c2", "nb", 0),
						endpoint("c1", "nb", 0),
						endpoint("c1", "na", 0),
						endpoint("c1", "other", 0) };

	h->nsid_of[1] = 5;
	h->nsid_of[2] = 6;
	plug(h, 20, BRIDGE_A, 5);
	plug(h, 21, BRIDGE_B, 5);
	plug(h, 22, BRIDGE_B, 6);
	ports_endpoints(h->ports, list, 4);
	assert_string_equal(resolve(h), "c1/na=20 c1/nb=21 c2/nb=22");
	/* a list that is the same looks for nothing and tells it again */
	ports_endpoints(h->ports, list, 4);
	assert_false(ports_check(h->ports, h->links, h->n));
	assert_false(asks(h, 1));
	assert_string_equal(resolve(h), "c1/na=20 c1/nb=21 c2/nb=22");
	assert_int_equal(ports_unknown(h->ports), 0);
}

static void a_restart_is_looked_for_anew(void **state)
{
	struct host *h = *state;
	struct docker_endpoint ep = endpoint("c1", "na", 100);

	h->nsid_of[1] = 5;
	plug(h, 20, BRIDGE_A, 5);
	ports_endpoints(h->ports, &ep, 1);
	assert_string_equal(resolve(h), "c1/na=20");
	ep.since_ns = 200;
	h->links[2] = (struct link){ 31, BRIDGE_A, 7, "veth" };
	h->nsid_of[1] = 7;
	ports_endpoints(h->ports, &ep, 1);
	assert_string_equal(resolve(h), "c1/na=31");
}

static void a_link_that_is_gone_or_leads_elsewhere_is_nobodys(void **state)
{
	struct host *h = *state;
	const struct docker_endpoint ep = endpoint("c1", "na", 0);

	h->nsid_of[1] = 5;
	plug(h, 20, BRIDGE_A, 5);
	ports_endpoints(h->ports, &ep, 1);
	resolve(h);
	h->links[2].nsid = 6; /* the index was given again */
	ports_endpoints(h->ports, &ep, 1);
	assert_string_equal(resolve(h), "c1/na=0");
	h->links[2].nsid = 5;
	ports_endpoints(h->ports, &ep, 1);
	assert_string_equal(resolve(h), "c1/na=20");
}

/* What can't be told is not told, and not asked for ever. */
static void what_is_not_sure_is_given_up(void **state)
{
	struct host *h = *state;
	const struct docker_endpoint list[] = { endpoint("c1", "na", 0),
						endpoint("c2", "na", 0) };

	plug(h, 20, BRIDGE_A, 5);
	plug(h, 21, BRIDGE_A, 5); /* two from one namespace */
	h->nsid_of[1] = 5;
	h->nsid_of[2] = LINKS_NO_NSID;
	for (int i = 0; i < PORTS_TRIES; i++) {
		ports_endpoints(h->ports, list, 2);
		assert_string_equal(resolve(h), "");
	}
	ports_endpoints(h->ports, list, 2);
	assert_false(ports_check(h->ports, h->links, h->n));
	assert_false(asks(h, 1));
	assert_int_equal(ports_unknown(h->ports), 2);
}

static void a_number_that_changes_meanwhile_is_not_believed(void **state)
{
	struct host *h = *state;
	const struct docker_endpoint ep = endpoint("c1", "na", 0);

	h->nsid_of[1] = 5;
	plug(h, 20, BRIDGE_A, 5);
	h->changes = true;
	ports_endpoints(h->ports, &ep, 1);
	assert_string_equal(resolve(h), "");
	h->changes = false;
	h->moved = true;
	ports_endpoints(h->ports, &ep, 1);
	assert_string_equal(resolve(h), "");
	h->moved = false;
	ports_endpoints(h->ports, &ep, 1);
	assert_string_equal(resolve(h), "c1/na=20");
}

static void a_control_group_names_its_container(void **state)
{
	static const char a[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaa";
	static const char b[] =
		"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
		"bbbbbbbbbbbbbbbb";
	char text[512], id[PROCESSES_ID_LEN + 1];

	(void)state;
	snprintf(text, sizeof(text), "0::/system.slice/docker-%s.scope\n", a);
	assert_true(processes_container(text, id));
	assert_string_equal(id, a);
	/* what runs within calls itself as it likes */
	snprintf(text, sizeof(text), "4:memory:/docker/%s/docker/%s\n", a, b);
	assert_true(processes_container(text, id));
	assert_string_equal(id, a);
	snprintf(text, sizeof(text), "0::/x/%sa\n", a);
	assert_false(processes_container(text, id));
	assert_false(processes_container("0::/user.slice\n", id));
}

static void two_containers_behind_one_port_are_behind_none(void **state)
{
	struct host *h = *state;
	const struct docker_endpoint list[] = { endpoint("c1", "na", 0),
						endpoint("c2", "na", 0) };

	h->nsid_of[1] = h->nsid_of[2] = 5;
	plug(h, 20, BRIDGE_A, 5);
	ports_endpoints(h->ports, list, 1);
	assert_string_equal(resolve(h), "c1/na=20");
	ports_endpoints(h->ports, list, 2);
	assert_string_equal(resolve(h), "c1/na=0");
	assert_int_equal(ports_unknown(h->ports), 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_other_end_tells_whose_it_is),
		T(a_restart_is_looked_for_anew),
		T(a_link_that_is_gone_or_leads_elsewhere_is_nobodys),
		T(what_is_not_sure_is_given_up),
		T(a_number_that_changes_meanwhile_is_not_believed),
		T(a_control_group_names_its_container),
		T(two_containers_behind_one_port_are_behind_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
