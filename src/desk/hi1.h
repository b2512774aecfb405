/* Filings in ETSI TS 103 120 messages (HI1), XML or JSON, as the EU's decentralised system brings
 * European Production and Preservation Orders; and what answers them.
 *
 * A message comes from a stranger. Its size is looked at first, then its characters and tags; a
 * document type, and so every entity, is refused before any parser sees it. What is known is read
 * into a struct; what is not known is kept for a person to read, never dropped. Nothing here does
 * I/O or reads a clock. */
#ifndef SOTTO_DESK_HI1_H
#define SOTTO_DESK_HI1_H

#include "base/slice.h"

enum {
    HI1_MAX = 16 << 20,    /* bytes of a message */
    HI1_DEPTH_MAX = 32,    /* elements within one another */
    HI1_NODES_MAX = 10000, /* elements, attributes and members */
    HI1_TAG_MAX = 4096,    /* bytes of a tag of XML with its attributes */
    HI1_PREFIXES_MAX = 64, /* prefixes of namespaces */
    HI1_LINE_MAX = 1024,   /* bytes of a reference, name or identifier */
    HI1_TASKS_MAX = 64,
    HI1_DOCUMENTS_MAX = 15,
    HI1_WHERE = 64 /* with the NUL */
};

/* clang-format off */
/* X(name, text): the text says what is wrong with the message. */
#define HI1_REASONS(X)                                                                             \
    X(MEMORY, "out of memory")                                                                     \
    X(EMPTY, "it is empty")                                                                        \
    X(TOO_LARGE, "it is larger than 16 MiB")                                                       \
    /* The form. */                                                                                \
    X(CHARACTERS, "it holds what is no character of UTF-8, or a control character")                \
    X(DTD, "it has a document type, which may declare entities")                                   \
    X(TAG, "a tag is too long")                                                                    \
    X(SYNTAX, "it is neither well-formed XML nor JSON")                                            \
    X(DEPTH, "its elements are nested too deeply")                                                 \
    X(NODES, "it has too many elements, or prefixes of namespaces")                                \
    X(TWICE, "a member of an object stands twice")                                                 \
    X(MIXED, "text stands beside elements")                                                        \
    /* The message. */                                                                             \
    X(MESSAGE, "its root is no HI1Message of TS 103 120")                                          \
    X(MISSING, "an element is missing")                                                            \
    X(COUNT, "an element stands too often")                                                        \
    X(VALUE, "a value has not the form that its element asks for")                                 \
    X(PROFILE, "its national profile is not the EU's, or its version is unknown")                  \
    X(RESPONSE, "it is an answer, not a request")                                                  \
    X(VERB, "it is about something filed before: give it to the intake of that case")              \
    X(OBJECT, "an object is of a type that files nothing here")                                    \
    X(STATUS, "the sender sets a status that only the receiver may set")                           \
    X(LEGAL_TYPE, "its legal type is neither EPOC nor EPOCPR")                                     \
    X(AUTHORISATIONS, "it brings no authorisation, or several: each is a case of its own")         \
    X(TASKS, "it brings no task, or too many")                                                     \
    X(TASK_KIND, "a task asks for something else than its authorisation is for")                   \
    X(ASSOCIATED, "a task or document belongs to another authorisation")                           \
    X(DOCUMENT, "a document is not in base64, or there are too many")                              \
    X(CHECKSUM, "a document is not the one of its checksum") \
    X(SCHEMA, "it is not valid by the schemas that the operator gave")                             \
    X(SCHEMA_FORM, "it is in JSON, and the schemas that the operator gave are of XML")

enum hi1_reason {
    HI1_OK = 0,
#define X(name, text) HI1_##name,
    HI1_REASONS(X)
#undef X
};
/* clang-format on */

const char *hi1_reason_name(enum hi1_reason reason);
const char *hi1_reason_text(enum hi1_reason reason);

/* ---- A message, read ---- Slices point into the filing; what is not there is empty. */

struct hi1_party {
    slice country, id;
};
/* Something as the message has it: the element's name and its text. */
struct hi1_pair {
    slice name, text;
};
struct hi1_pairs {
    struct hi1_pair *p;
    size_t n;
};
struct hi1_object {
    slice action; /* the number of the request's action that brought it */
    slice id, country, owner, generation, external, changed;
    struct hi1_pairs associated; /* ids of others */
};
enum { HI1_EMERGENCY = 1, HI1_DELAY_INFORMING = 2, HI1_ENFORCING_NOTIFIED = 4 };
enum hi1_legal_type { HI1_EPOC, HI1_EPOC_PR };
struct hi1_approval {
    slice type, reference, time, emergency; /* emergency: "true" or "false" */
    struct hi1_pairs details;               /* who approved it, and what else it says */
};
struct hi1_authorisation {
    struct hi1_object object;
    slice reference, legal, priority, desired, start, end, created, served, terminated;
    slice jurisdiction, type_of_case;
    struct hi1_party provider;
    enum hi1_legal_type legal_type;
    uint32_t flags;
    struct {
        struct hi1_approval *p;
        size_t n;
    } approvals;
};
enum hi1_task_kind { HI1_DISCLOSURE, HI1_PRESERVATION, HI1_INTERCEPTION };
/* What names an account, or would. */
struct hi1_value {
    slice owner, format, value;
};
struct hi1_task {
    struct hi1_object object;
    enum hi1_task_kind kind;
    slice reference, desired, type, start, end;
    struct hi1_pairs subtypes, delivery;
    struct {
        struct hi1_value *p;
        size_t n;
    } values;
};
struct hi1_document {
    struct hi1_object object;
    slice reference, name, type, content_type, contents, checksum, checksum_type;
    buf bytes;        /* decoded */
    uint8_t hash[32]; /* SHA-256 of them */
};
struct hi1_filing {
    struct hi1_party sender, receiver;
    slice transaction, time, etsi_version, profile_owner, profile_version;
    struct hi1_authorisation authorisation;
    struct {
        struct hi1_task *p;
        size_t n;
    } tasks;
    struct {
        struct hi1_document *p;
        size_t n;
    } documents;
    bool json; /* else it came in XML */
    /* For a person: free text, and whatever is not known here. */
    struct hi1_pairs to_read;
    const struct mem *mem;
    struct hi1_tree *tree;
};

/* Reads a message; the caller frees it with hi1_free, which takes NULL. On a refusal *filing is
 * NULL, and where names the element that it is about, or is "". mem: NULL for malloc; the XML
 * parser takes its own memory from malloc always, and gives it back before this returns. */
enum hi1_reason hi1_load(struct hi1_filing **filing, const struct mem *mem, slice bytes,
                         char where[HI1_WHERE]);
void hi1_free(struct hi1_filing *filing);

#endif
