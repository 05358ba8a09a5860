/* cmocka wants these four before its own header. */
#ifndef P2T_TESTS_CMOCKA_ALL_H
#define P2T_TESTS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif
