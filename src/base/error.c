#include "base/error.h"

/* An ordinal shares its number with the class, which takes the high byte. */
#define X(name, class, text) +1
_Static_assert(0 ERR_LIST(X) < 0xff, "errors no longer fit into one byte");
#undef X

const char *err_name(err e) {
    switch (e) {
    case OK:
        return "OK";
#define X(name, class, text) \
    case ERR_##name:         \
        return #name;
        ERR_LIST(X)
#undef X
    }
    return "UNKNOWN";
}

const char *err_text(err e) {
    switch (e) {
    case OK:
        return "nothing went wrong";
#define X(name, class, text) \
    case ERR_##name:         \
        return text;
        ERR_LIST(X)
#undef X
    }
    return "an error without a name";
}
