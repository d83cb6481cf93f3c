/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records in the words of the file trace.
 */
#ifndef CHECK_KERNEL_WORDS_H
#define CHECK_KERNEL_WORDS_H

#include <stddef.h>
#include <tcp_teardown.h>

#include "run.h"

const char *word_state(uint8_t state);
const char *word_how(uint8_t how);
const char *word_set_off(uint8_t set_off);

/* A record, actual or expected, without its sockets: "rcv FIN,ACK in FIN_WAIT1 seq 1". */
void words_of_want(char *text, size_t size, const struct want *want);
void words_of_record(char *text, size_t size, const struct fact *record);

#endif
