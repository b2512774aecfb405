#include "load/accounts.h"

#include "crypto/crypto.h"
#include "sys/files.h"

enum { HEAD = 8 + ACCOUNTS_SEED + 32, FILE_MAX = 2000000000 };
static const uint8_t magic[8] = "sotload1";

static err derive(const uint8_t *seed, const char *what, uint64_t number, uint8_t *out, size_t n) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    slice parts[] = {slice_str(what), SLICE_ARRAY(bytes)};
    return crypto_blake2b_keyed(out, n, slice_of(seed, ACCOUNTS_SEED), parts, 2);
}

static err make_id(struct account *a) {
    uint8_t digest[32];
    slice part = SLICE_ARRAY(a->identity);
    TRY(crypto_sha256.hash(digest, &part, 1));
    memcpy(a->id, digest, sizeof a->id);
    return OK;
}

err account_make_login(struct account *a, const uint8_t seed[ACCOUNTS_SEED], uint64_t number) {
    TRY(derive(seed, "identity", number, a->identity_priv, 32));
    TRY(crypto_ed25519.public_of(a->identity, a->identity_priv));
    TRY(make_id(a));
    TRY(derive(seed, "device", number, a->device, 16));
    return derive(seed, "key", number, a->key_priv, 32);
}

err account_mailbox_priv(uint8_t priv[32], const uint8_t seed[ACCOUNTS_SEED], uint64_t number) {
    return derive(seed, "mailbox key", number, priv, 32);
}

err account_make(struct account *a, const uint8_t seed[ACCOUNTS_SEED], uint64_t number) {
    uint8_t mailbox_priv[32];
    TRY(account_make_login(a, seed, number));
    TRY(crypto_ed25519.public_of(a->key, a->key_priv));
    TRY(derive(seed, "mailbox", number, a->mailbox, 16));
    TRY(account_mailbox_priv(mailbox_priv, seed, number));
    return crypto_x25519_public(a->mailbox_key, mailbox_priv);
}

err account_devices(const struct account *a, buf *out) {
    uint8_t signature[64];
    size_t begin = out->n;
    writer w = writer_on(out);
    writer_bytes(&w, SLICE_ARRAY(a->identity));
    writer_u32(&w, 1);
    size_t list = writer_open(&w);
    writer_bytes(&w, SLICE_ARRAY(a->device));
    writer_bytes(&w, SLICE_ARRAY(a->key));
    writer_close(&w, list);
    TRY(writer_result(&w));
    TRY(crypto_sign_labeled(signature, a->identity_priv, PROTO_LABEL_DEVICE_LIST,
                            slice_of(out->p + begin, out->n - begin)));
    return buf_append(out, SLICE_ARRAY(signature));
}

size_t accounts_codes(FILE *f, uint8_t (*codes)[16], size_t count, uint8_t server[32]) {
    char line[4096];
    size_t got = 0;
    while (got < count && fgets(line, sizeof line, f) != NULL) {
        buf host = {0}, content = {0};
        struct proto_invite invite;
        char *link = strstr(line, "sotto:join:");
        if (link == NULL)
            continue;
        link[strcspn(link, " \"\n")] = 0;
        if (proto_link_read(slice_str(link), "join", &host, &content) == OK &&
            proto_invite_decode(buf_slice(&content), &invite) == OK) {
            memcpy(codes[got++], invite.code, 16);
            memcpy(server, invite.server, 32);
        }
        buf_free(&host);
        buf_free(&content);
    }
    return got;
}

/* ---- The file ---- */

err accounts_begin(struct accounts *a, const uint8_t seed[ACCOUNTS_SEED],
                   const uint8_t server[32]) {
    *a = (struct accounts){.count = 0};
    memcpy(a->seed, seed, ACCOUNTS_SEED);
    memcpy(a->server, server, 32);
    TRY(buf_append(&a->bytes, SLICE_ARRAY(magic)));
    TRY(buf_append(&a->bytes, slice_of(seed, ACCOUNTS_SEED)));
    return buf_append(&a->bytes, slice_of(server, 32));
}

err accounts_add(struct accounts *a, const uint8_t address[PROTO_ADDRESS]) {
    TRY(buf_append(&a->bytes, slice_of(address, PROTO_ADDRESS)));
    a->count++;
    return OK;
}

const uint8_t *accounts_address(const struct accounts *a, uint64_t number) {
    return a->bytes.p + HEAD + (size_t)number * PROTO_ADDRESS;
}

err accounts_read(struct accounts *a, const char *path) {
    *a = (struct accounts){.count = 0};
    TRY(sys_file_read(path, FILE_MAX, &a->bytes));
    if (a->bytes.n < HEAD || (a->bytes.n - HEAD) % PROTO_ADDRESS != 0 ||
        memcmp(a->bytes.p, magic, sizeof magic) != 0)
        return ERR_MALFORMED;
    memcpy(a->seed, a->bytes.p + 8, ACCOUNTS_SEED);
    memcpy(a->server, a->bytes.p + 8 + ACCOUNTS_SEED, 32);
    a->count = (a->bytes.n - HEAD) / PROTO_ADDRESS;
    return OK;
}

err accounts_write(const struct accounts *a, const char *path) {
    return sys_file_write(path, buf_slice(&a->bytes), 0600);
}

void accounts_free(struct accounts *a) {
    wipe(a->seed, sizeof a->seed);
    buf_free(&a->bytes);
}
