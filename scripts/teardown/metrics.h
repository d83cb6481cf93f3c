/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEARDOWN_METRICS_H
#define TEARDOWN_METRICS_H

struct options;

/* The module's files of this network namespace, where those of the host can't be read. */
void choose_directory(struct options *options);

/* To @out, from what the module's files have now. False after a complaint. */
bool metrics_print(const struct options *options);

/* serve.c: to all who ask by HTTP, until ^C. */
bool metrics_serve(struct options *options);

#endif
