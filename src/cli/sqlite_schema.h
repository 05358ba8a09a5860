/* The tables and views of a SQLite database. */
#ifndef P2T_CLI_SQLITE_SCHEMA_H
#define P2T_CLI_SQLITE_SCHEMA_H

/* Its application_id, "p2t1", is that of all databases of this program. */
extern const char sqlite_schema[];
/* Made at the end: keys that come in no order cost more while rows come. */
extern const char sqlite_indices[];

#endif
