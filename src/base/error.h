/* Every error of Sotto, once. An error's class says what the caller can do about it.
 *
 * Functions that can fail return `err` and are marked MUST: a result starts as failure and becomes
 * OK only at the end, so that an early exit can't report success. */
#ifndef SOTTO_BASE_ERROR_H
#define SOTTO_BASE_ERROR_H

#include <stdbool.h>

#define MUST __attribute__((warn_unused_result))

/* clang-format off */
/* What a caller can do. The class is the high byte of an error. */
enum err_class {
    ERR_CLASS_OK = 0,
    ERR_CLASS_AGAIN = 1,   /* not now: try later */
    ERR_CLASS_CLOSED = 2,  /* the other side is gone */
    ERR_CLASS_BAD = 3,     /* the input is wrong: drop it */
    ERR_CLASS_DENIED = 4,  /* not allowed: a key, a signature, a permission */
    ERR_CLASS_LIMIT = 5,   /* a bound of ours was reached */
    ERR_CLASS_MEMORY = 6,  /* no memory */
    ERR_CLASS_IO = 7,      /* the system failed: disk full, damaged store */
    ERR_CLASS_BUG = 8      /* cannot happen; the caller broke the contract */
};

/* X(name, class, text): the text completes "could not do it: ...". Keep a class's errors together. */
#define ERR_LIST(X)                                                                                \
    X(AGAIN, AGAIN, "try again later")                                                             \
    X(TIMEOUT, AGAIN, "it took too long")                                                          \
    X(EARLY, AGAIN, "it belongs to a later epoch")                                                 \
    X(MISSING, AGAIN, "something that it refers to is not here yet")                               \
    X(EXPIRED, AGAIN, "the server shows a key whose time is over; check this machine's clock")     \
    X(PROXY, AGAIN, "the proxy can't be reached, or ended the connection")                         \
    X(PROXY_TIMEOUT, AGAIN, "the proxy, or the server behind it, does not answer")                 \
    X(PROXY_SOCKS, AGAIN, "what answers as the proxy does not speak SOCKS5")                       \
    X(PROXY_LOGIN, AGAIN, "the proxy wants a login that sotto does not have")                      \
    X(PROXY_FAILED, AGAIN, "the proxy could not reach the server, and does not say why")           \
    X(PROXY_RULES, AGAIN, "the proxy's rules do not allow a connection to the server")             \
    X(PROXY_NETWORK, AGAIN, "the proxy says that the server's network can't be reached")           \
    X(PROXY_HOST, AGAIN, "the proxy says that the server's host can't be reached, or is unknown")  \
    X(PROXY_REFUSED, AGAIN, "the proxy says that nothing takes connections at the server's place") \
    X(PROXY_TTL, AGAIN, "the proxy says that the way to the server took too long")                 \
    X(PROXY_COMMAND, AGAIN, "the proxy makes no connections to others")                            \
    X(PROXY_ADDRESS, AGAIN, "the proxy does not take the server's kind of address")                \
    X(CLOSED, CLOSED, "the connection was closed")                                                 \
    X(TRUNCATED, BAD, "it ends too early")                                                         \
    X(TRAILING, BAD, "there are bytes after its end")                                              \
    X(LENGTH, BAD, "a length is not encoded in its shortest form or out of range")                 \
    X(MALFORMED, BAD, "it is malformed")                                                           \
    X(UNKNOWN_TYPE, BAD, "its type is not known")                                                  \
    X(UNSUPPORTED, BAD, "it is not supported")                                                     \
    X(STATE, BAD, "it is not expected now")                                                        \
    X(NOT_FOUND, BAD, "there is no such thing")                                                    \
    X(EXISTS, BAD, "it exists already")                                                            \
    X(REPEAT, BAD, "it was seen before")                                                           \
    X(LATE, BAD, "something else came first")                                                      \
    X(CHANGED, BAD, "it was changed meanwhile")                                                    \
    X(UNORDERED, BAD, "it is not the commit that the server ordered")                              \
    X(CRYPTO, DENIED, "it does not open with this key")                                            \
    X(SIGNATURE, DENIED, "its signature is wrong")                                                 \
    X(PROOF, DENIED, "the proof does not hold")                                                    \
    X(DENIED, DENIED, "it is not allowed")                                                         \
    X(IDENTITY, DENIED, "the key is not the one expected")                                         \
    X(PASSPHRASE, DENIED, "the passphrase is wrong")                                               \
    X(LIMIT, LIMIT, "a limit is reached")                                                          \
    X(TOO_LARGE, LIMIT, "it is too large")                                                         \
    X(FULL, LIMIT, "there is no room left")                                                        \
    X(NO_MEMORY, MEMORY, "out of memory")                                                          \
    X(IO, IO, "the system reported an input or output error")                                      \
    X(DISK_FULL, IO, "the disk is full")                                                           \
    X(DAMAGED, IO, "the store is damaged")                                                         \
    X(BUSY, IO, "another process is using it")                                                     \
    X(BUG, BUG, "an internal contract was broken")                                                 \
    /* Messaging Layer Security: each validation rule has its own. */                              \
    X(MLS_VERSION, BAD, "the protocol version is not mls10")                                       \
    X(MLS_SUITE, BAD, "the cipher suite is not the group's or not supported")                      \
    X(MLS_GROUP_ID, BAD, "the message is for another group")                                       \
    X(MLS_EPOCH, BAD, "the epoch is past")                                                         \
    X(MLS_SENDER, BAD, "the sender may not send this")                                             \
    X(MLS_OWN_MESSAGE, BAD, "it is our own message")                                               \
    X(MLS_MEMBERSHIP_TAG, DENIED, "the membership tag is wrong")                                   \
    X(MLS_CONFIRMATION_TAG, DENIED, "the confirmation tag is wrong")                               \
    X(MLS_CREDENTIAL, DENIED, "the credential was not accepted")                                   \
    X(MLS_KEY_PACKAGE, BAD, "the key package is not valid")                                        \
    X(MLS_LEAF_NODE, BAD, "the leaf node is not valid")                                            \
    X(MLS_LEAF_SOURCE, BAD, "the leaf node's source is not allowed here")                          \
    X(MLS_LIFETIME, BAD, "the lifetime does not hold now")                                         \
    X(MLS_CAPABILITIES, BAD, "a capability that is needed is missing")                             \
    X(MLS_EXTENSION, BAD, "an extension is not allowed or stands twice")                           \
    X(MLS_DUPLICATE_KEY, BAD, "a key is used twice in the tree")                                   \
    X(MLS_TREE, BAD, "the tree is not well formed")                                                \
    X(MLS_TREE_HASH, BAD, "the tree hash does not fit")                                            \
    X(MLS_PARENT_HASH, BAD, "a parent hash does not fit")                                          \
    X(MLS_UPDATE_PATH, BAD, "the update path is not valid")                                        \
    X(MLS_REINIT, BAD, "the group was ended by a ReInit")                                          \
    X(MLS_PROPOSAL_LIST, BAD, "the list of proposals is not valid")                                \
    X(MLS_PROPOSAL_UNKNOWN, BAD, "a proposal that the commit names is not known")                  \
    X(MLS_PATH_REQUIRED, BAD, "the commit needs a path and has none")                              \
    X(MLS_REMOVED, BAD, "this member is removed")                                                  \
    X(MLS_NO_WELCOME, BAD, "the welcome is for none of our key packages")                          \
    X(MLS_PSK, BAD, "a pre-shared key is not known")                                               \
    X(MLS_GENERATION, BAD, "the generation is used, or too far ahead")                             \
    X(MLS_PADDING, BAD, "the padding is not zero")                                                 \
    X(MLS_RATCHET_TREE, BAD, "the ratchet tree is missing")                                        \
    X(MLS_PENDING_COMMIT, BAD, "a commit of our own is pending")

/* clang-format on */
enum err_ordinal {
#define X(name, class, text) ERR_ORDINAL_##name,
    ERR_LIST(X)
#undef X
};

typedef enum err {
    OK = 0,
#define X(name, class, text) ERR_##name = (ERR_CLASS_##class << 8) | (ERR_ORDINAL_##name + 1),
    ERR_LIST(X)
#undef X
} err;

static inline enum err_class err_class(err e) {
    return (enum err_class)((unsigned)e >> 8);
}

/* A stable name for scripts ("DISK_FULL"; "OK") and a text for people. Static strings, never NULL.
 */
const char *err_name(err e);
const char *err_text(err e);

/* Leaves the function with the error of an expression, if it is one. */
#define TRY(expression)                \
    do {                               \
        err try_result = (expression); \
        if (try_result != OK)          \
            return try_result;         \
    } while (0)

/* The same for functions with something to undo: sets `result` and goes to the label `out`. */
#define TRY_OUT(result, expression) \
    do {                            \
        (result) = (expression);    \
        if ((result) != OK)         \
            goto out;               \
    } while (0)

#endif
