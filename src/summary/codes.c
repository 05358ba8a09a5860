/* The codes' names. */
#include "pcap2trace/summary.h"

static const struct {
    const char *code, *text;
} causes[] = {
#define X(id, code, text) {code, text},
    P2T_CAUSE_LIST(X)
#undef X
};

const char *p2t_cause_name(enum p2t_cause_code code)
{
    return (unsigned)code < P2T_CAUSE_COUNT ? causes[code].code : "";
}

const char *p2t_cause_text(enum p2t_cause_code code)
{
    return (unsigned)code < P2T_CAUSE_COUNT ? causes[code].text : "";
}

const char *p2t_cause_side_name(enum p2t_cause_side side)
{
    static const char *const names[] = {
#define X(id, name) name,
        P2T_CAUSE_SIDE_LIST(X)
#undef X
    };
    return (unsigned)side < P2T_CAUSE_SIDE_COUNT ? names[side] : "";
}

const char *p2t_confidence_name(enum p2t_confidence confidence)
{
    static const char *const names[] = {"certain", "likely", "possible"};

    return (unsigned)confidence < sizeof names / sizeof *names ? names[confidence] : "";
}
