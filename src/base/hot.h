/* Marks functions that every fact passes through. Without it GCC takes their many branches for unlikely and copies
 * structs with `rep movs`, whose start-up costs more than the copy. */
#ifndef P2T_BASE_HOT_H
#define P2T_BASE_HOT_H

#define HOT __attribute__((hot))

#endif
