// SPDX-License-Identifier: GPL-2.0
/*
 * The file format: the layout of the binary stream, and the names of its numbers. The layout comes
 * from the lists fields_*.h. The compiler compares these with the structures in uapi/: it refuses a
 * field of another type or at another offset, and a structure with a byte that is in no field.
 */
#include "format/format.h"

#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>

#include "base/names.h"
#include "uapi/tcp_teardown.h"

static void show_field(struct seq_file *m, const char *what, size_t offset, size_t size)
{
	seq_printf(m, "\tfield:%s;\toffset:%zu;\tsize:%zu;\tsigned:0;\n", what, offset, size);
}

/*
 * Shows a field, with the offset and size that the compiler uses. Adds its size to @sum.
 * @at: its offset in the list
 * @field: pointer to it in a structure at address 0, so that the pointer is the field's offset
 */
#define SHOW(m, what, at, field, sum) do {				\
	BUILD_BUG_ON((size_t)(field) != (at));				\
	show_field(m, what, (size_t)(field), sizeof(*(field)));		\
	(sum) += sizeof(*(field));					\
} while (0)

#define FIELD(at, type, name) do {					\
	const type *field = &of->name;					\
	SHOW(m, #type " " #name, at, field, sum);			\
} while (0)

#define ARRAY(at, type, name, nr) do {					\
	const type (*field)[nr] = &of->name;				\
	SHOW(m, #type " " #name "[" #nr "]", at, field, sum);		\
} while (0)

static void show_header(struct seq_file *m)
{
	const struct tcp_teardown_header *const of = NULL;
	size_t sum = 0;

	seq_printf(m, "name: header\nkind: %u\nsize: %zu\nformat:\n",
		   TCP_TEARDOWN_HEADER, sizeof(*of));
#include "format/fields_header.h"
	BUILD_BUG_ON(sum != sizeof(*of));
}

static void show_record(struct seq_file *m)
{
	const struct tcp_teardown_record *const of = NULL;
	size_t sum = 0;

	seq_printf(m, "name: record\nsize: %zu\nformat:\n", sizeof(*of));
#include "format/fields_record.h"
	BUILD_BUG_ON(sum != sizeof(*of));
}

/* Shows the names of an enum: 1=call and so on. */
static void show_words(struct seq_file *m, const char *of, enum word_list list)
{
	unsigned int i;

	seq_printf(m, "%s:", of);
	for (i = 0; i < names_count(list); i++)
		if (names_has(list, i))
			seq_printf(m, " %u=%s", i, names_word(list, i)->text);
	seq_putc(m, '\n');
}

/* Shows the names of flags: 0x1=untracked and so on. */
static void show_bits(struct seq_file *m, const char *of, enum word_list list)
{
	unsigned int i;

	seq_printf(m, "%s:", of);
	for (i = 0; i < names_count(list); i++)
		seq_printf(m, " 0x%x=%s", 1U << i, names_word(list, i)->text);
	seq_putc(m, '\n');
}

/* What @what means depends on the record's kind. */
static void show_whats(struct seq_file *m)
{
	char of[32];
	u8 kind;

	for (kind = TCP_TEARDOWN_CALL; kind < TCP_TEARDOWN_KINDS; kind++) {
		scnprintf(of, sizeof(of), "what of %s", kind_name(kind));
		show_words(m, of, names_of_kind(kind));
	}
}

/**
 * format_show() - describe the binary stream
 * @m: the file
 * @v: not used
 *
 * Return: 0.
 */
int format_show(struct seq_file *m, void *v)
{
	seq_printf(m, FORMAT_TITLE "format\nversion: %u\n", TCP_TEARDOWN_VERSION);
	show_header(m);
	show_record(m);
	show_words(m, "kind", WORDS_KIND);
	show_whats(m);
	show_words(m, "old_state", WORDS_STATE);
	show_words(m, "new_state", WORDS_STATE);
	show_bits(m, "flags", WORDS_FLAG);
	show_bits(m, "tcp_flags", WORDS_TCP_FLAG);
	show_words(m, "reason", WORDS_REASON);
	show_words(m, "timewait", WORDS_TIMEWAIT);
	show_words(m, "how", WORDS_HOW);
	show_words(m, "first", WORDS_FIRST);
	show_words(m, "set_off", WORDS_SET_OFF);
	return 0;
}
