#ifndef P2T_CLI_HELP_H
#define P2T_CLI_HELP_H

#include <stdio.h>

void help_usage(FILE *to);   /* a few lines */
void help_full(FILE *to);    /* every option */
void help_version(FILE *to); /* and the versions of what it is built on */

#endif
