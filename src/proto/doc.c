/* Prints the Markdown tables of docs/PROTOCOL.md from the schema: messages, parts, reasons. */
#include <stdio.h>

#include "proto/proto.h"

#define ADD_u8(name, a, b) printf("%s`%s` u8", first ? "" : ", ", #name), first = false;
#define ADD_u16(name, a, b) printf("%s`%s` u16", first ? "" : ", ", #name), first = false;
#define ADD_u32(name, a, b) printf("%s`%s` u32", first ? "" : ", ", #name), first = false;
#define ADD_u64(name, a, b) printf("%s`%s` u64", first ? "" : ", ", #name), first = false;
#define ADD_flag(name, a, b) printf("%s`%s` flag", first ? "" : ", ", #name), first = false;
#define ADD_fixed(name, a, b) \
    printf("%s`%s` [%d]", first ? "" : ", ", #name, (int)(a)), first = false;
#define ADD_vec(name, a, b) \
    printf("%s`%s` <%d..%d>", first ? "" : ", ", #name, (int)(a), (int)(b)), first = false;
#define ADD_list(name, a, b) \
    printf("%s`%s` up to %d %s", first ? "" : ", ", #name, (int)(b), #a), first = false;
#define ADD_FIELD(kind, name, a, b) ADD_##kind(name, a, b)

/* The fields of one structure, as the last cell of a row. */
#define DEFINE_FIELDS(what)                                    \
    static void fields_##what(void) {                          \
        bool first = true;                                     \
        PROTO_FIELDS_##what(ADD_FIELD) if (first) printf("-"); \
        printf(" |\n");                                        \
    }
#define DEFINE_MESSAGE(name, number, from, text) DEFINE_FIELDS(name)
PROTO_PARTS(DEFINE_FIELDS)
PROTO_MESSAGES(DEFINE_MESSAGE)

static const char *sender(enum proto_from from) {
    static const char *const senders[] = {
        [PROTO_FROM_HELLO] = "either, before the handshake",
        [PROTO_FROM_ANY] = "client",
        [PROTO_FROM_ANON] = "client, anonymous",
        [PROTO_FROM_BOTH] = "client, anonymous or a device",
        [PROTO_FROM_PROOF] = "client, to prove a device",
        [PROTO_FROM_DEVICE] = "client, a device",
        [PROTO_FROM_SERVER] = "server",
        [PROTO_FROM_INNER] = "between the server's processes",
    };
    return senders[from];
}

int main(void) {
    printf("### Messages\n\n| number | message | sent by | what it is for | fields |\n"
           "|---|---|---|---|---|\n");
#define M(name, number, from, text)                                                     \
    printf("| %d | `%s` | %s | %s | ", number, #name, sender(PROTO_FROM_##from), text); \
    fields_##name();
    PROTO_MESSAGES(M)
#undef M
    printf("\n### Parts\n\n| part | fields |\n|---|---|\n");
#define P(name)                 \
    printf("| `%s` | ", #name); \
    fields_##name();
    PROTO_PARTS(P)
#undef P
    printf("\n### Reasons\n\n| number | reason | closes | meaning |\n|---|---|---|---|\n");
#define R(name, number, closes, text) \
    printf("| %d | %s | %s | %s |\n", number, #name, (closes) ? "yes" : "no", text);
    PROTO_REASONS(R)
#undef R
    return 0;
}
