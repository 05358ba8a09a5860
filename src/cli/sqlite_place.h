/* The file that a database begins in. */
#ifndef P2T_CLI_SQLITE_PLACE_H
#define P2T_CLI_SQLITE_PLACE_H

#include <stddef.h>

/* Puts a database with all tables, and no row in them, under that name, in one step: whatever ends the program, what is there
 * is an older database or this one. One that this program wrote is replaced, any other file is not touched. 0,
 * P2T_ERR_MEMORY, or P2T_ERR_IO with why in `problem`, of n bytes. */
int sqlite_make_place(const char *path, char *problem, size_t n);

#endif
