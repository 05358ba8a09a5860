/* For functions that every fact passes through. GCC takes their many branches for rare, and then copies structs with
 * `rep movs`, whose start costs more than the copy. */
#ifndef P2T_BASE_HOT_H
#define P2T_BASE_HOT_H

#define HOT __attribute__((hot))

#endif
