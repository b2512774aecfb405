#include "mlstool/dump_walk.h"

#include <inttypes.h>

#include "mls/types.h"

/* ---- Lines ---- */

void dump_fail(struct dump *d, const reader *r, err e) {
    if (d->e != OK || e == OK)
        return;
    d->e = e;
    d->at = r->p == NULL ? 0 : (size_t)(r->p - d->start);
}

static void line(struct dump *d, const char *name) {
    fprintf(d->out, "%*s%s", 2 * d->depth, "", name);
}

/* Begins a structure; what follows until `leave` is its content. */
static void enter(struct dump *d, const char *name) {
    if (d->e == OK) {
        line(d, name);
        fprintf(d->out, "\n");
    }
    d->depth++;
}

static void leave(struct dump *d) {
    d->depth--;
}

/* ---- Values ---- */

/* The name of a value; NULL if it has none. */
typedef const char *naming(uint64_t v);

/* GREASE (section 13.5): 0x0a0a, 0x1a1a, ... 0xeaea. */
static const char *grease_or(uint64_t v, const char *name) {
    if (name != NULL)
        return name;
    return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff) && v != 0xfafa ? "GREASE" : NULL;
}

static void print_number(struct dump *d, const char *name, uint64_t v, bool hex,
                         const char *meaning) {
    line(d, name);
    fprintf(d->out, hex ? ": 0x%04" PRIx64 : ": %" PRIu64, v);
    fprintf(d->out, meaning == NULL ? "\n" : " (%s)\n", meaning);
}

static uint64_t number(struct dump *d, reader *r, const char *name, size_t size, naming *names) {
    const reader before = *r;
    slice bytes;
    uint64_t v = 0;
    dump_fail(d, &before, reader_bytes(r, size, &bytes));
    if (d->e != OK)
        return 0;
    for (size_t i = 0; i < size; i++)
        v = v << 8 | bytes.p[i];
    print_number(d, name, v, size == 2, names == NULL ? NULL : names(v));
    return v;
}

static bool printable(slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e || s.p[i] == '"')
            return false;
    return s.n > 0;
}

static void print_bytes(struct dump *d, const char *name, slice s) {
    enum { SHOWN = 64 };
    size_t shown = d->full || s.n <= SHOWN ? s.n : SHOWN;
    line(d, name);
    fprintf(d->out, ": %zu bytes", s.n);
    if (s.n != 0)
        fprintf(d->out, " ");
    for (size_t i = 0; i < shown; i++)
        fprintf(d->out, "%02x", s.p[i]);
    if (shown < s.n)
        fprintf(d->out, "...");
    if (printable(s))
        fprintf(d->out, " \"%.*s\"", (int)shown, (const char *)s.p);
    fprintf(d->out, "\n");
}

static slice opaque(struct dump *d, reader *r, const char *name) {
    slice s = SLICE_EMPTY;
    dump_fail(d, r, reader_vec(r, &s));
    if (d->e != OK)
        return SLICE_EMPTY;
    print_bytes(d, name, s);
    return s;
}

/* A vector's window, announced by its length; empty after a failure. */
static reader vector(struct dump *d, reader *r, const char *name) {
    reader inner = {0};
    dump_fail(d, r, reader_open(r, &inner));
    if (d->e == OK) {
        line(d, name);
        fprintf(d->out, ": %zu bytes\n", inner.n);
    }
    return inner;
}

static void list(struct dump *d, reader *r, const char *name, dump_walk *element) {
    reader inner = vector(d, r, name);
    char label[32];
    d->depth++;
    for (size_t i = 0; d->e == OK && inner.n != 0; i++) {
        snprintf(label, sizeof(label), "[%zu]", i);
        element(d, &inner, label);
    }
    d->depth--;
}

/* optional<T>: true if it is there; else that is printed. */
static bool present(struct dump *d, reader *r, const char *name) {
    bool there = false;
    dump_fail(d, r, reader_bool(r, &there));
    if (d->e == OK && !there) {
        line(d, name);
        fprintf(d->out, ": none\n");
    }
    return d->e == OK && there;
}

static void unknown(struct dump *d, const reader *r) {
    dump_fail(d, r, ERR_UNKNOWN_TYPE);
}

/* ---- Names of values (section 17 and where they are defined) ---- */

#define NAMES(function, ...)                                           \
    static const char *function(uint64_t v) {                          \
        static const char *const names[] = {__VA_ARGS__};              \
        return v < sizeof(names) / sizeof(names[0]) ? names[v] : NULL; \
    }
NAMES(version_name, NULL, "mls10")
NAMES(wire_name, NULL, "mls_public_message", "mls_private_message", "mls_welcome", "mls_group_info",
      "mls_key_package")
NAMES(content_name, NULL, "application", "proposal", "commit")
NAMES(sender_name, NULL, "member", "external", "new_member_proposal", "new_member_commit")
NAMES(source_name, NULL, "key_package", "update", "commit")
NAMES(psk_name, NULL, "external", "resumption")
NAMES(usage_name, NULL, "application", "reinit", "branch")
NAMES(or_ref_name, NULL, "proposal", "reference")
NAMES(node_name, NULL, "leaf", "parent")
NAMES(extension_known, NULL, "application_id", "ratchet_tree", "required_capabilities",
      "external_pub", "external_senders")
NAMES(proposal_known, NULL, "add", "update", "remove", "psk", "reinit", "external_init",
      "group_context_extensions")
NAMES(credential_known, NULL, "basic", "x509")

static const char *extension_name(uint64_t v) {
    return grease_or(v, extension_known(v));
}
static const char *proposal_name(uint64_t v) {
    return grease_or(v, proposal_known(v));
}
static const char *credential_name(uint64_t v) {
    return grease_or(v, credential_known(v));
}
static const char *suite_name(uint64_t v) {
    const struct mls_suite *suite = mls_suite_find((uint16_t)v);
    return grease_or(v, suite == NULL ? NULL : mls_suite_name(suite));
}

/* ---- Extensions and leaves (sections 7.2, 13) ---- */

static void node(struct dump *d, reader *r, const char *name);
static void credential(struct dump *d, reader *r, const char *name);

#define ELEMENT(function, size, names)                                  \
    static void function(struct dump *d, reader *r, const char *name) { \
        number(d, r, name, size, names);                                \
    }
ELEMENT(version_element, 2, version_name)
ELEMENT(suite_element, 2, suite_name)
ELEMENT(extension_element, 2, extension_name)
ELEMENT(proposal_element, 2, proposal_name)
ELEMENT(credential_element, 2, credential_name)
ELEMENT(leaf_index_element, 4, NULL)

static void external_sender(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    opaque(d, r, "signature_key");
    credential(d, r, "credential");
    leave(d);
}

static void extension_content(struct dump *d, uint64_t type, reader *r) {
    switch (type) {
    case MLS_EXTENSION_RATCHET_TREE:
        list(d, r, "ratchet_tree", node);
        break;
    case MLS_EXTENSION_REQUIRED_CAPABILITIES:
        list(d, r, "extension_types", extension_element);
        list(d, r, "proposal_types", proposal_element);
        list(d, r, "credential_types", credential_element);
        break;
    case MLS_EXTENSION_EXTERNAL_PUB:
        opaque(d, r, "external_pub");
        break;
    case MLS_EXTENSION_EXTERNAL_SENDERS:
        list(d, r, "external_senders", external_sender);
        break;
    default:
        print_bytes(d, "data", reader_rest(r));
        *r = (reader){r->p + r->n, 0};
    }
    if (d->e == OK && r->n != 0)
        dump_fail(d, r, ERR_TRAILING);
}

static void extension(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    uint64_t type = number(d, r, "extension_type", 2, extension_name);
    reader data = vector(d, r, "extension_data");
    d->depth++;
    if (d->e == OK)
        extension_content(d, type, &data);
    d->depth--;
    leave(d);
}

static void extensions(struct dump *d, reader *r, const char *name) {
    list(d, r, name, extension);
}

static void certificate(struct dump *d, reader *r, const char *name) {
    opaque(d, r, name);
}

static void credential(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    uint64_t type = number(d, r, "credential_type", 2, credential_name);
    if (type == MLS_CREDENTIAL_X509)
        list(d, r, "certificates", certificate);
    else
        opaque(d, r, type == MLS_CREDENTIAL_BASIC ? "identity" : "content");
    leave(d);
}

static void capabilities(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    list(d, r, "versions", version_element);
    list(d, r, "cipher_suites", suite_element);
    list(d, r, "extensions", extension_element);
    list(d, r, "proposals", proposal_element);
    list(d, r, "credentials", credential_element);
    leave(d);
}

static void leaf_node(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    opaque(d, r, "encryption_key");
    opaque(d, r, "signature_key");
    credential(d, r, "credential");
    capabilities(d, r, "capabilities");
    const reader before = *r;
    switch (number(d, r, "leaf_node_source", 1, source_name)) {
    case MLS_LEAF_KEY_PACKAGE:
        number(d, r, "not_before", 8, NULL);
        number(d, r, "not_after", 8, NULL);
        break;
    case MLS_LEAF_UPDATE:
        break;
    case MLS_LEAF_COMMIT:
        opaque(d, r, "parent_hash");
        break;
    default:
        unknown(d, &before);
    }
    extensions(d, r, "extensions");
    opaque(d, r, "signature");
    leave(d);
}

static void parent_node(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    opaque(d, r, "encryption_key");
    opaque(d, r, "parent_hash");
    list(d, r, "unmerged_leaves", leaf_index_element);
    leave(d);
}

/* optional<Node> (section 12.4.3.3). */
static void node(struct dump *d, reader *r, const char *name) {
    if (!present(d, r, name))
        return;
    enter(d, name);
    const reader before = *r;
    switch (number(d, r, "node_type", 1, node_name)) {
    case 1:
        leaf_node(d, r, "leaf_node");
        break;
    case 2:
        parent_node(d, r, "parent_node");
        break;
    default:
        unknown(d, &before);
    }
    leave(d);
}

static void ratchet_tree(struct dump *d, reader *r, const char *name) {
    list(d, r, name, node);
}

/* ---- Key packages, proposals, commits (sections 10, 12) ---- */

static void key_package(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    number(d, r, "version", 2, version_name);
    number(d, r, "cipher_suite", 2, suite_name);
    opaque(d, r, "init_key");
    leaf_node(d, r, "leaf_node");
    extensions(d, r, "extensions");
    opaque(d, r, "signature");
    leave(d);
}

static void psk_id(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    const reader before = *r;
    switch (number(d, r, "psktype", 1, psk_name)) {
    case MLS_PSK_EXTERNAL:
        opaque(d, r, "psk_id");
        break;
    case MLS_PSK_RESUMPTION:
        number(d, r, "usage", 1, usage_name);
        opaque(d, r, "psk_group_id");
        number(d, r, "psk_epoch", 8, NULL);
        break;
    default:
        unknown(d, &before);
    }
    opaque(d, r, "psk_nonce");
    leave(d);
}

static void reinit(struct dump *d, reader *r) {
    opaque(d, r, "group_id");
    number(d, r, "version", 2, version_name);
    number(d, r, "cipher_suite", 2, suite_name);
    extensions(d, r, "extensions");
}

static void proposal(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    switch (number(d, r, "proposal_type", 2, proposal_name)) {
    case MLS_PROPOSAL_ADD:
        key_package(d, r, "key_package");
        break;
    case MLS_PROPOSAL_UPDATE:
        leaf_node(d, r, "leaf_node");
        break;
    case MLS_PROPOSAL_REMOVE:
        number(d, r, "removed", 4, NULL);
        break;
    case MLS_PROPOSAL_PSK:
        psk_id(d, r, "psk");
        break;
    case MLS_PROPOSAL_REINIT:
        reinit(d, r);
        break;
    case MLS_PROPOSAL_EXTERNAL_INIT:
        opaque(d, r, "kem_output");
        break;
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        extensions(d, r, "extensions");
        break;
    default: /* custom types are framed as one opaque<V> here */
        opaque(d, r, "content");
    }
    leave(d);
}

static void proposal_or_ref(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    const reader before = *r;
    switch (number(d, r, "type", 1, or_ref_name)) {
    case 1:
        proposal(d, r, "proposal");
        break;
    case 2:
        opaque(d, r, "reference");
        break;
    default:
        unknown(d, &before);
    }
    leave(d);
}

static void hpke_ciphertext(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    opaque(d, r, "kem_output");
    opaque(d, r, "ciphertext");
    leave(d);
}

static void path_node(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    opaque(d, r, "encryption_key");
    list(d, r, "encrypted_path_secret", hpke_ciphertext);
    leave(d);
}

static void update_path(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    leaf_node(d, r, "leaf_node");
    list(d, r, "nodes", path_node);
    leave(d);
}

static void commit(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    list(d, r, "proposals", proposal_or_ref);
    if (present(d, r, "path"))
        update_path(d, r, "path");
    leave(d);
}

/* ---- Messages (section 6) ---- */

/* Its content_type, 0 after a failure; *member: whether a member sent it. */
static uint64_t content(struct dump *d, reader *r, const char *name, bool *member) {
    enter(d, name);
    opaque(d, r, "group_id");
    number(d, r, "epoch", 8, NULL);
    reader before = *r;
    uint64_t sender = number(d, r, "sender_type", 1, sender_name);
    *member = sender == MLS_SENDER_MEMBER;
    if (*member)
        number(d, r, "leaf_index", 4, NULL);
    else if (sender == MLS_SENDER_EXTERNAL)
        number(d, r, "sender_index", 4, NULL);
    else if (sender_name(sender) == NULL)
        unknown(d, &before);
    opaque(d, r, "authenticated_data");
    before = *r;
    uint64_t kind = number(d, r, "content_type", 1, content_name);
    if (kind == MLS_APPLICATION)
        opaque(d, r, "application_data");
    else if (kind == MLS_PROPOSAL)
        proposal(d, r, "proposal");
    else if (kind == MLS_COMMIT)
        commit(d, r, "commit");
    else
        unknown(d, &before);
    leave(d);
    return kind;
}

static void framed_content(struct dump *d, reader *r, const char *name) {
    bool member;
    content(d, r, name, &member);
}

/* FramedContentAuthData. */
static void auth_data(struct dump *d, reader *r, uint64_t kind) {
    enter(d, "auth");
    opaque(d, r, "signature");
    if (kind == MLS_COMMIT)
        opaque(d, r, "confirmation_tag");
    leave(d);
}

static void authenticated_content(struct dump *d, reader *r, const char *name) {
    bool member;
    enter(d, name);
    number(d, r, "wire_format", 2, wire_name);
    auth_data(d, r, content(d, r, "content", &member));
    leave(d);
}

static void public_message(struct dump *d, reader *r, const char *name) {
    bool member;
    enter(d, name);
    auth_data(d, r, content(d, r, "content", &member));
    if (member)
        opaque(d, r, "membership_tag");
    leave(d);
}

static void private_message(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    opaque(d, r, "group_id");
    number(d, r, "epoch", 8, NULL);
    const reader before = *r;
    if (content_name(number(d, r, "content_type", 1, content_name)) == NULL)
        unknown(d, &before);
    opaque(d, r, "authenticated_data");
    opaque(d, r, "encrypted_sender_data");
    opaque(d, r, "ciphertext");
    leave(d);
}

/* ---- Joining (section 12.4.3) ---- */

static void group_context(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    number(d, r, "version", 2, version_name);
    number(d, r, "cipher_suite", 2, suite_name);
    opaque(d, r, "group_id");
    number(d, r, "epoch", 8, NULL);
    opaque(d, r, "tree_hash");
    opaque(d, r, "confirmed_transcript_hash");
    extensions(d, r, "extensions");
    leave(d);
}

static void group_info(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    group_context(d, r, "group_context");
    extensions(d, r, "extensions");
    opaque(d, r, "confirmation_tag");
    number(d, r, "signer", 4, NULL);
    opaque(d, r, "signature");
    leave(d);
}

static void group_secrets(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    opaque(d, r, "joiner_secret");
    if (present(d, r, "path_secret"))
        opaque(d, r, "path_secret");
    list(d, r, "psks", psk_id);
    leave(d);
}

static void encrypted_group_secrets(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    opaque(d, r, "new_member");
    hpke_ciphertext(d, r, "encrypted_group_secrets");
    leave(d);
}

static void welcome(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    number(d, r, "cipher_suite", 2, suite_name);
    list(d, r, "secrets", encrypted_group_secrets);
    opaque(d, r, "encrypted_group_info");
    leave(d);
}

static void message(struct dump *d, reader *r, const char *name) {
    enter(d, name);
    reader before = *r;
    if (version_name(number(d, r, "version", 2, version_name)) == NULL)
        dump_fail(d, &before, ERR_MLS_VERSION);
    before = *r;
    switch (number(d, r, "wire_format", 2, wire_name)) {
    case MLS_PUBLIC_MESSAGE:
        public_message(d, r, "public_message");
        break;
    case MLS_PRIVATE_MESSAGE:
        private_message(d, r, "private_message");
        break;
    case MLS_WELCOME:
        welcome(d, r, "welcome");
        break;
    case MLS_GROUP_INFO:
        group_info(d, r, "group_info");
        break;
    case MLS_KEY_PACKAGE:
        key_package(d, r, "key_package");
        break;
    default:
        unknown(d, &before);
    }
    leave(d);
}

const struct dump_type dump_types[] = {
    {"MLSMessage", message},
    {"PublicMessage", public_message},
    {"PrivateMessage", private_message},
    {"AuthenticatedContent", authenticated_content},
    {"FramedContent", framed_content},
    {"Welcome", welcome},
    {"GroupInfo", group_info},
    {"GroupSecrets", group_secrets},
    {"GroupContext", group_context},
    {"KeyPackage", key_package},
    {"LeafNode", leaf_node},
    {"ParentNode", parent_node},
    {"RatchetTree", ratchet_tree},
    {"Credential", credential},
    {"Capabilities", capabilities},
    {"Extension", extension},
    {"Extensions", extensions},
    {"Proposal", proposal},
    {"Commit", commit},
    {"UpdatePath", update_path},
    {"PreSharedKeyID", psk_id},
    {"HPKECiphertext", hpke_ciphertext},
    {NULL, NULL},
};
