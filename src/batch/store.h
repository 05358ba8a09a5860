/* Writes a file that appears under its name only when it is complete and synced to disk. */
#ifndef P2T_BATCH_STORE_H
#define P2T_BATCH_STORE_H

#include <stdbool.h>
#include <stddef.h>

enum store_packing {
    STORE_PLAIN,
    STORE_ZSTD,
    STORE_ZSTD_FAST /* for what is soon replaced */
};

struct store {
    char *target, *temporary;
    int fd;
    int error;  /* errno of the first failure, else 0 */
    void *zstd; /* NULL: written as it is */
    char *packed;
    size_t packed_cap;
};

/* The hidden name, beside `target`, that the file has until it is published; free() it. NULL: out of memory. */
char *store_temporary(const char *target);
/* Creates the file under its temporary name with these permissions. 0, P2T_ERR_IO with s->error, or P2T_ERR_MEMORY; call
 * store_leave() or store_abandon() in any case. */
int store_open(struct store *s, const char *target, enum store_packing packing, unsigned mode);
/* Appends n bytes, compressed if the store is; fits struct out_sink. ctx: the struct store. 0, P2T_ERR_IO or P2T_ERR_MEMORY. */
int store_write(void *ctx, const void *bytes, size_t n);
/* Appends n bytes uncompressed; only before store_write(). */
int store_write_plain(struct store *s, const void *bytes, size_t n);
/* Ends the compression, syncs and closes the file, which keeps its temporary name. */
int store_finish(struct store *s);
/* Of a compressed store, before anything is written: n bytes will be, exactly. Few take less time then. */
void store_expect(struct store *s, size_t n);
/* After store_finish(): renames the file to its target and syncs the folder ... */
int store_publish(struct store *s);
/* ... or leaves that to store_sync_folder(). */
int store_publish_unsynced(struct store *s);
/* Renames a file that was finished, maybe by an earlier process, and syncs nothing. Sets *error to errno, or 0. */
int store_rename(const char *temporary, const char *target, int *error);
/* Syncs the folder in which path lies: what was renamed there stays so. 0, or P2T_ERR_IO with errno. */
int store_sync_folder(const char *path);
/* All of the above for one piece, compressed: the folder is synced where `synced`. 0, P2T_ERR_IO with *error, or P2T_ERR_MEMORY; a
 * failure leaves nothing behind. */
int store_piece(const char *target, const void *bytes, size_t n, bool synced, int *error);
/* Frees the store; a file that was not published keeps its temporary name ... */
void store_leave(struct store *s);
/* ... or is removed. */
void store_abandon(struct store *s);

#endif
