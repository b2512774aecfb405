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

bool office_reason_of(slice name, enum office_reason *r) {
    static const enum office_reason all[] = {
#define X(name, text) OFFICE_##name,
        OFFICE_REASONS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (slice_equal(name, slice_str(office_reason_name(all[i])))) {
            *r = all[i];
            return true;
        }
    return false;
}
