/* Files and folders at names that others may guess: whoever may write there could have put something else in their place. */
#ifndef P2T_BATCH_OWN_H
#define P2T_BATCH_OWN_H

#include <sys/stat.h>

/* NULL, or why what is there is not to be trusted: it belongs to somebody else than this process's user or root, or others
 * can write to it. */
const char *own_complaint(const struct stat *st);
/* As open(), close-on-exec, of a regular file itself: not through a symbolic link, and only if it is to be trusted. -1 with
 * errno: EPERM where it is not, ELOOP for a link. */
int own_open(const char *path, int flags, mode_t mode);
/* Creates a file that was not there; something of that name from a run that was interrupted, or a link, is removed. */
int own_create(const char *path, mode_t mode);

#endif
