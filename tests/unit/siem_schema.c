// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/siem_schema.h"

#include <arpa/inet.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

static const char *current; /* the line that is looked at */

#define wrong(format, ...) fail_msg(format " in %s", __VA_ARGS__, current)

void schema_load(struct schema *s, const char *path, bool ocsf)
{
	FILE *f = fopen(path, "r");
	char line[512], shape[16];

	if (!f)
		fail_msg("there is no %s", path);
	*s = (struct schema){ 0 };
	while (fgets(line, sizeof(line), f)) {
		struct schema_field *to = &s->fields[s->n];
		int n;

		if (*line == '#' || sscanf(line, "version %15s", s->version))
			continue;
		assert_true(s->n < SCHEMA_FIELDS_MAX);
		n = ocsf ? sscanf(line, "%63s %63s %31s %15s %15s %31s %191s",
				  to->object, to->name, to->type, shape,
				  to->need, to->profile, to->values)
			 : sscanf(line, "%63s %31s %15s %15s %191s", to->name,
				  to->type, shape, to->need, to->values);
		if (n != (ocsf ? 7 : 5))
			fail_msg("%s: %s", path, line);
		to->array = strcmp(shape, "array") == 0;
		s->n++;
	}
	fclose(f);
	assert_true(s->n > 20);
}

/* Whether "a,b" has the word. */
static bool is_one_of(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, len) == 0 &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

static bool matches(const char *text, const char *pattern)
{
	regex_t regex;
	bool yes;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	yes = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return yes;
}

static bool is_address(const char *text)
{
	char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 ||
	       inet_pton(AF_INET6, text, bytes) == 1;
}

static bool is_number_of(const char *type, json_int_t number)
{
	if (strcmp(type, "port_t") == 0)
		return number >= 0 && number <= 65535;
	if (strcmp(type, "timestamp_t") == 0) /* ms, of this century */
		return number > 946684800000 && number < 4102444800000;
	return strcmp(type, "integer_t") == 0 || strcmp(type, "long_t") == 0 ||
	       strcmp(type, "long") == 0;
}

static bool is_text_of(const char *type, const char *text)
{
	if (strcmp(type, "date") == 0)
		return matches(text, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:"
				     "[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$");
	if (strcmp(type, "ip") == 0 || strcmp(type, "ip_t") == 0)
		return is_address(text);
	if (strcmp(type, "mac") == 0) /* a keyword with a pattern */
		return matches(text, "^[A-F0-9]{2}(-[A-F0-9]{2}){5,}$");
	if (strcmp(type, "mac_t") == 0)
		return matches(text, "^([0-9A-Fa-f]{2}[:-]){5}"
				     "([0-9A-Fa-f]{2})$");
	if (strcmp(type, "string_t") == 0 || strcmp(type, "hostname_t") == 0)
		return strlen(text) <= 65535;
	return strcmp(type, "keyword") == 0;
}

/* A leaf, which is no array any more. */
static void check_leaf(const struct schema_field *f, json_t *value)
{
	char word[SCHEMA_WORD_MAX] = "";

	if (json_is_integer(value)) {
		snprintf(word, sizeof(word), "%lld",
			 (long long)json_integer_value(value));
		if (!is_number_of(f->type, json_integer_value(value)))
			wrong("%s %s is no %s", f->object, f->name, f->type);
	} else if (json_is_string(value)) {
		str_copy(word, sizeof(word), json_string_value(value));
		if (!*word)
			wrong("%s %s is empty", f->object, f->name);
		if (!is_text_of(f->type, json_string_value(value)))
			wrong("%s %s is no %s", f->object, f->name, f->type);
	} else {
		wrong("%s %s is neither text nor number", f->object, f->name);
	}
	if (strcmp(f->values, "-") != 0 && !is_one_of(f->values, word))
		wrong("%s %s has the value '%s'", f->object, f->name, word);
}

static void check_value(struct schema_field *f, json_t *value)
{
	size_t i;
	json_t *item;

	f->seen = true;
	if (f->array != json_is_array(value))
		wrong("%s %s should%s be an array", f->object, f->name,
		      f->array ? "" : " not");
	if (!f->array) {
		check_leaf(f, value);
		return;
	}
	if (json_array_size(value) == 0)
		wrong("%s %s is empty", f->object, f->name);
	json_array_foreach(value, i, item) check_leaf(f, item);
}

static struct schema_field *find(struct schema *s, const char *object,
				 const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->fields[i].object, object) == 0 &&
		    strcmp(s->fields[i].name, name) == 0)
			return &s->fields[i];
	return NULL;
}

static void walk_ecs(struct schema *s, json_t *object, const char *path)
{
	const char *key;
	json_t *value;

	if (json_object_size(object) == 0)
		wrong("%s is empty", path);
	json_object_foreach(object, key, value)
	{
		char name[256];
		struct schema_field *f;

		snprintf(name, sizeof(name), "%s%s%s", path, *path ? "." : "",
			 key);
		f = find(s, "", name);
		if (json_is_object(value) && !f) {
			walk_ecs(s, value, name);
			continue;
		}
		if (!f)
			wrong("%s is no field", name);
		check_value(f, value);
	}
}

/* The member at a path with dots. */
static json_t *member(json_t *json, const char *path)
{
	char words[128], *rest = words, *word;

	str_copy(words, sizeof(words), path);
	while (json && (word = strsep(&rest, ".")))
		json = json_object_get(json, word);
	return json;
}

void schema_check_ecs(struct schema *s, json_t *event, const char *line)
{
	current = line;
	walk_ecs(s, event, "");
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->fields[i].need, "required") == 0 &&
		    !member(event, s->fields[i].name))
			wrong("%s is missing", s->fields[i].name);
	assert_string_equal(json_string_value(member(event, "ecs.version")),
			    s->version);
}

static bool has_profile(json_t *event, const char *profile)
{
	json_t *profiles = member(event, "metadata.profiles"), *item;
	size_t i;

	json_array_foreach(profiles, i,
			   item) if (strcmp(json_string_value(item), profile) ==
				     0) return true;
	return strcmp(profile, "-") == 0;
}

/* What the object of that type must have. */
static void check_needs(struct schema *s, json_t *event, json_t *object,
			const char *type)
{
	for (size_t i = 0; i < s->n; i++) {
		struct schema_field *f = &s->fields[i];
		bool any = false;
		const char *key;
		json_t *value;

		if (strcmp(f->object, type) != 0)
			continue;
		if (strcmp(f->need, "required") == 0 &&
		    has_profile(event, f->profile) &&
		    !json_object_get(object, f->name))
			wrong("%s of %s is missing", f->name, type);
		if (strcmp(f->need, "at_least_one") != 0)
			continue;
		json_object_foreach(object, key, value) any =
			any || is_one_of(f->values, key);
		if (!any)
			wrong("%s has none of %s", type, f->values);
		f->seen = true;
	}
}

static void walk_ocsf(struct schema *s, json_t *event, json_t *object,
		      const char *type)
{
	const char *key;
	json_t *value;

	if (json_object_size(object) == 0)
		wrong("%s is empty", type);
	json_object_foreach(object, key, value)
	{
		struct schema_field *f = find(s, type, key);

		if (!f || !*key)
			wrong("%s has no attribute %s", type, key);
		if (!has_profile(event, f->profile))
			wrong("%s takes profile %s", key, f->profile);
		if (!json_is_object(value)) {
			check_value(f, value);
			continue;
		}
		f->seen = true;
		/* what is in unmapped is nobody's business */
		if (strcmp(f->type, "object") != 0)
			walk_ocsf(s, event, value, f->type);
	}
	check_needs(s, event, object, type);
}

void schema_check_ocsf(struct schema *s, json_t *event, const char *line)
{
	json_int_t class = json_integer_value(member(event, "class_uid"));
	json_int_t activity = json_integer_value(member(event, "activity_id"));

	current = line;
	walk_ocsf(s, event, event, class ? "network_activity" : "base_event");
	assert_int_equal(json_integer_value(member(event, "type_uid")),
			 class * 100 + activity);
	/* a value that the schema has no number for is told in words */
	if (activity == 99 && !member(event, "activity_name"))
		wrong("%s is missing", "activity_name");
}

void schema_all_seen(const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->fields[i].seen)
			fail_msg("%s %s is never written", s->fields[i].object,
				 s->fields[i].name);
}
