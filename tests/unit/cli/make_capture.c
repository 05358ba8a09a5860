/* One capture with one exchange, for tests that run outside of C. */
#include "capture.h"

int main(int argc, char **argv)
{
    struct buf b = {0};

    if (argc != 2)
        return 2;
    capture_begin(&b);
    capture_exchange(&b, 0, 200, "x");
    capture_save(&b, argv[1]);
    buf_fini(&b);
    return 0;
}
