#include "office/reasons.h"

const char *office_reason_name(enum office_reason r) {
    switch (r) {
    case OFFICE_OK:
        return "OK";
#define X(name, text)   \
    case OFFICE_##name: \
        return #name;
        OFFICE_REASONS(X)
#undef X
    }
    return "UNKNOWN";
}

const char *office_reason_text(enum office_reason r) {
    switch (r) {
    case OFFICE_OK:
        return "nothing is wrong";
#define X(name, text)   \
    case OFFICE_##name: \
        return text;
        OFFICE_REASONS(X)
#undef X
    }
    return "a reason without a name";
}
