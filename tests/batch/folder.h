/* What tests of one folder share: a small capture, cut into files by the test, and what one run over all of it writes. */
#ifndef P2T_TESTS_BATCH_FOLDER_H
#define P2T_TESTS_BATCH_FOLDER_H

#include "support.h"

extern struct packets packets;
extern struct buf expected;

int setup(void **state);
int teardown(void **state);
/* Works off in/ once. */
struct run batch(const char *options);
/* text: part of what it said; empty: nothing was said. */
void expect(struct run r, int status, const char *text);
/* What batches wrote so far is what is expected of all. */
void check(const char *what);
bool manifest_has(const char *text);
/* Long ago: it is quiet. */
void grow_old(const char *name);

#endif
