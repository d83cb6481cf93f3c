// SPDX-License-Identifier: GPL-2.0
#include "json.h"

#include "base/names.h"
#include "print.h"
#include "spent.h"

void json_begin(void)
{
	print_word(&out, "{\"v\":");
	print_number(&out, JSON_VERSION);
}

void json_end(void)
{
	print_word(&out, "}\n");
}

static void json_key(const char *key)
{
	print_word(&out, ",\"");
	print_word(&out, key);
	print_word(&out, "\":");
}

void json_number(const char *key, u64 number)
{
	json_key(key);
	print_number(&out, number);
}

void json_true(const char *key)
{
	json_key(key);
	print_word(&out, "true");
}

void json_word(const char *key, const char *word)
{
	json_key(key);
	print_char(&out, '"');
	print_word(&out, word);
	print_char(&out, '"');
}

/* The length of the character of UTF-8 that begins there; 0 where none does. */
static size_t utf8_len(const u8 *at, size_t left)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *at < 0x80 ? 1 : *at < 0xc0 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 :
		     *at < 0xf8 ? 4 : 0;
	u32 code;

	if (len <= 1 || len > left)
		return len > left ? 0 : len;
	code = *at & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

void json_name(const char *key, const u8 *name, size_t len)
{
	len = strnlen((const char *)name, len);
	json_key(key);
	print_char(&out, '"');
	while (len) {
		size_t one = utf8_len(name, len);

		if (!one)
			print_word(&out, "\\ufffd");
		else if (*name < ' ' || *name == 0x7f)
			print_format(&out, "\\u%04x", *name);
		else if (*name == '"' || *name == '\\')
			print_format(&out, "\\%c", *name);
		else
			print_bytes(&out, name, one);
		name += one ?: 1;
		len -= one ?: 1;
	}
	print_char(&out, '"');
}

void json_seconds(const char *key, u64 ns)
{
	json_key(key);
	if (ns == TCP_TEARDOWN_UNKNOWN)
		print_word(&out, "null");
	else
		print_seconds(&out, ns, 9);
}

static void json_endpoint(const char *key, u8 family, const u8 *addr, u16 port)
{
	json_key(key);
	print_char(&out, '"');
	print_endpoint(&out, family, addr, port);
	print_char(&out, '"');
}

void json_place(const struct source *source, const struct tcp_teardown_record *r)
{
	u64 real;

	json_seconds("time", r->time);
	if (source_real_time(source, r->time, &real)) {
		json_key("real");
		print_char(&out, '"');
		print_moment(&out, real);
		print_char(&out, '"');
	}
	if (source->host[0])
		json_name("host", (const u8 *)source->host, sizeof(source->host));
	json_number("netns", r->netns);
	json_key("id");
	print_char(&out, '"');
	print_hex(&out, r->cookie);
	print_char(&out, '"');
	json_endpoint("local", r->family, r->local, r->local_port);
	json_endpoint("peer", r->family, r->peer, r->peer_port);
}

static void json_spent(const struct tcp_teardown_record *r)
{
	for (unsigned int i = 0; i < TCP_TEARDOWN_SPENTS; i++) {
		u8 state = spent_state(r, i);
		char key[32];
		size_t len = 0;

		for (const char *at = state_name(state); state && *at; at++)
			key[len++] = tolower(*at);
		key[len] = '\0';
		if (state)
			json_seconds(key, r->in_state[i]);
	}
}

void json_ending(const struct tcp_teardown_record *r)
{
	json_word("end", how_name(r->how));
	json_word("first", first_name(r->first));
	json_word("by", set_off_name(r->set_off));
	if (r->lifetime && r->lifetime != TCP_TEARDOWN_UNKNOWN)
		json_seconds("lifetime", r->lifetime);
	json_number("rx", r->rx);
	json_number("tx", r->tx);
	json_number("bytes", r->bytes);
	json_spent(r);
	if (r->uid != ~0U)
		json_number("uid", r->uid);
	if (r->cgroup)
		json_number("cgroup", r->cgroup);
	json_number("fins_resent", r->fins_resent);
	json_number("fins_again", r->fins_again);
}
