/* Checkpoints of which one byte was changed inside the frame: they are refused or used, and nothing breaks. Run it with
 * sanitizers; the fuzz target goes on from here. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEED_MAX = 1 << 16 };

static size_t seed(const char *name, uint8_t bytes[SEED_MAX])
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", P2T_CORPUS, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, SEED_MAX, f);
    fclose(f);
    assert_in_range(n, 1000, SEED_MAX - 1);
    return n;
}

/* Every n-th byte becomes 0, 1 more, or its opposite. */
static void forge(const char *name, size_t step)
{
    static uint8_t bytes[SEED_MAX];
    size_t n = seed(name, bytes);

    for (size_t i = 0; i < n; i += step) {
        uint8_t was = bytes[i];
        const uint8_t forged[] = {0, (uint8_t)(was + 1), (uint8_t)~was};
        for (size_t k = 0; k < sizeof forged; k++) {
            bytes[i] = forged[k];
            assert_int_equal(LLVMFuzzerTestOneInput(bytes, n), 0);
        }
        bytes[i] = was;
    }
}

static void no_byte_breaks_it(void **state)
{
    (void)state;
    forge("timeouts-2", 7);
    forge("pool-2", 7);
    forge("search-k8s-1", 7);
    forge("tls12-2", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_byte_breaks_it)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
