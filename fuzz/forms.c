/* What strangers and contacts hand to a client, behind the signature or the key that it comes with.
 *
 * The first byte chooses: 0 a handle, 1 a card's content, 2 a contact link's, which is signed here,
 * 3 a device list, which is too, 4 what a blob holds, 5 a chunk of a file, 6 a link of any kind,
 * 7 what a member says of itself. */
#include <stdlib.h>

#include "lookup/handle_form.h"
#include "core/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static const uint8_t SEED[32] = {1};
static const struct lookup_card_keys KEYS = {{2}, {3}};

/* A form is its own form, and has a skeleton. */
static void fuzz_handle(slice text) {
    buf form = {0}, again = {0}, skeleton = {0};
    if (lookup_handle_form(text, &form) == OK) {
        require(lookup_handle_form(buf_slice(&form), &again) == OK);
        require(slice_equal(buf_slice(&form), buf_slice(&again)));
        require(lookup_handle_skeleton(buf_slice(&form), &skeleton) == OK && skeleton.n > 0);
    }
    buf_free(&form);
    buf_free(&again);
    buf_free(&skeleton);
}

/* As somebody seals it who writes anything. */
static void fuzz_card(slice bytes) {
    enum { NONCE = 24, PLAIN = PROTO_CARD - NONCE - 16 };
    uint8_t card[PROTO_CARD] = {0}, again[PROTO_CARD];
    struct proto_card_content content;
    buf plain = {0}, opened = {0};
    require(buf_set(&plain, slice_of(bytes.p, bytes.n < PLAIN ? bytes.n : PLAIN)) == OK);
    require(buf_resize(&plain, PLAIN) == OK);
    require(crypto_xchacha20poly1305.seal(card + NONCE, KEYS.key, card, SLICE_ARRAY(KEYS.place),
                                          buf_slice(&plain)) == OK);
    if (lookup_card_open(&KEYS, SLICE_ARRAY(card), &opened, &content) == OK)
        require(lookup_card_seal(&KEYS, &content, again) == OK);
    buf_free(&plain);
    buf_free(&opened);
}

/* The same list, as its owner signs it. False: it is none. */
static bool sign_list(slice bytes, buf *out) {
    struct proto_device_list list;
    if (proto_device_list_decode(bytes, &list) != OK)
        return false;
    require(crypto_ed25519.public_of(list.identity, SEED) == OK);
    require(proto_device_list_encode(out, &list) == OK);
    require(crypto_sign_labeled(out->p + out->n - 64, SEED, PROTO_LABEL_DEVICE_LIST,
                                slice_of(out->p, out->n - 64)) == OK);
    return true;
}

static void fuzz_list(slice bytes) {
    struct proto_device_list list;
    struct proto_device device;
    buf signed_list = {0};
    if (sign_list(bytes, &signed_list) &&
        lookup_devices_check(buf_slice(&signed_list), &list) == OK) {
        require(list.devices.count > 0 && list.version > 0);
        reader r = reader_of(list.devices.bytes);
        require(proto_device_read(&r, &device) == OK);
        require(lookup_devices_has(&list, device.id, &device));
    }
    buf_free(&signed_list);
}

/* Every device of its list has the key that signs it. */
static bool sign_contact(slice bytes, slice server, buf *out) {
    struct proto_contact c;
    struct proto_device_list list;
    struct proto_device device;
    buf devices = {0}, keyed = {0}, bound = {0};
    bool good =
        proto_contact_decode(bytes, &c) == OK && proto_device_list_decode(c.devices, &list) == OK;
    reader r = reader_of(good ? list.devices.bytes : SLICE_EMPTY);
    while (proto_device_read(&r, &device) == OK) {
        require(crypto_ed25519.public_of(device.key, SEED) == OK);
        require(proto_device_encode(&devices, &device) == OK);
    }
    if (good) {
        list.devices.bytes = buf_slice(&devices);
        memset(c.server, 0, sizeof c.server);
        require(proto_device_list_encode(&bound, &list) == OK &&
                sign_list(buf_slice(&bound), &keyed));
        c.devices = buf_slice(&keyed);
        require(proto_contact_encode(out, &c) == OK);
        buf_clear(&bound);
        writer w = writer_on(&bound);
        writer_vec(&w, server);
        writer_bytes(&w, slice_of(out->p, out->n - 64));
        require(writer_result(&w) == OK);
        require(crypto_sign_labeled(out->p + out->n - 64, SEED, PROTO_LABEL_CONTACT_LINK,
                                    buf_slice(&bound)) == OK);
    }
    buf_free(&devices);
    buf_free(&keyed);
    buf_free(&bound);
    return good;
}

static void fuzz_contact(slice bytes) {
    const slice server = slice_str("here:1");
    struct store *store;
    struct core *core;
    struct core_config config = {.suite = MLS_SUITE_X25519_CHACHA, .key_packages = 1};
    struct proto_contact contact;
    struct proto_device_list list;
    buf content = {0};
    require(store_memory_open(&store, NULL) == OK);
    require(core_open(&core, store, &config, TIME_WEEK) == OK);
    if (sign_contact(bytes, server, &content) &&
        core_contact_check(core, PROTO_LABEL_CONTACT_LINK, server, buf_slice(&content), &contact,
                           &list) == OK)
        require(core_name_check(contact.name) == OK && contact.addresses.count == 1);
    buf_free(&content);
    core_close(core);
    store_close(store);
}

/* size comes first. */
static void fuzz_blob(slice bytes) {
    static const uint8_t nonce[24];

    struct proto_blob_reference reference = {.key = {4}};
    reader r = reader_of(bytes);
    buf sealed = {0}, content = {0};
    if (reader_u32(&r, &reference.size) != OK)
        return;
    require(buf_resize(&sealed, r.n + 16) == OK);
    require(crypto_xchacha20poly1305.seal(sealed.p, reference.key, nonce,
                                          slice_str("Sotto blob v1"), slice_of(r.p, r.n)) == OK);
    require(core_hash32(reference.id, buf_slice(&sealed)) == OK);
    err e = core_blob_open(buf_slice(&sealed), &reference, &content);
    require(e != ERR_CRYPTO); /* what we sealed opens; what is in it may be wrong */
    require(e != OK || (content.n == reference.size && r.n > 0));
    buf_free(&sealed);
    buf_free(&content);
}

/* As somebody seals it who has the file's key, and pads it with anything: of what size it may be.
 */
static void seal_chunk(const struct file *file, uint32_t place, slice plain, buf *sealed) {
    enum { NONCE = 24, TAG = 16 };
    buf bound = {0};
    writer w = writer_on(&bound);
    writer_bytes(&w, slice_str("Sotto file v1"));
    writer_bytes(&w, SLICE_ARRAY(file->id));
    writer_u32(&w, place);
    writer_u32(&w, file->chunks);
    require(writer_result(&w) == OK && buf_resize(sealed, NONCE + plain.n + TAG) == OK);
    memset(sealed->p, 0, NONCE);
    require(crypto_xchacha20poly1305.seal(sealed->p + NONCE, file->key, sealed->p,
                                          buf_slice(&bound), plain) == OK);
    buf_free(&bound);
}

/* What is behind the content has to be zero. */
static void check_chunk(const struct file *file, uint32_t place, slice plain, err e,
                        const buf *content) {
    size_t real = core_file_content(file->size, place), odd = 0;
    for (size_t i = real; i < plain.n; i++)
        odd += plain.p[i] != 0;
    require(e != OK || (content->n == real && odd == 0 && plain.n >= real));
    require(e != ERR_MLS_PADDING || odd > 0);
}

/* The size of the file and the chunk's place come first. What follows is the chunk; and, with zeros
 * before it up to the size that a chunk there has, the end of one that is sealed here. */
static void fuzz_chunk(slice bytes) {
    struct file file = {.key = {5}};
    uint32_t size, place;
    reader r = reader_of(bytes);
    buf content = {0}, plain = {0}, sealed = {0};
    if (reader_u32(&r, &size) != OK || reader_u32(&r, &place) != OK || size == 0)
        return;
    file.size = size;
    file.chunks = core_file_chunks(size);
    place %= file.chunks;
    if (core_file_open(&file, place, slice_of(r.p, r.n), &content) == OK)
        require(content.n == core_file_content(size, place));
    size_t n = core_padded(size) - (size_t)place * FILE_CHUNK;
    n = n < FILE_CHUNK ? n : FILE_CHUNK;
    require(buf_resize(&plain, n > r.n ? n : r.n) == OK);
    memset(plain.p, 0, plain.n);
    memcpy(plain.p + plain.n - r.n, r.p, r.n);
    seal_chunk(&file, place, buf_slice(&plain), &sealed);
    err e = core_file_open(&file, place, buf_slice(&sealed), &content);
    require((plain.n == n) == (e != ERR_CRYPTO));
    check_chunk(&file, place, buf_slice(&plain), e, &content);
    buf_free(&content);
    buf_free(&plain);
    buf_free(&sealed);
}

/* Written again it says the same. */
static void fuzz_link(slice text) {
    static const char *const kinds[] = {"join", "contact", "server", "link"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        buf server = {0}, content = {0}, again = {0}, server2 = {0}, content2 = {0};
        if (proto_link_read(text, kinds[i], &server, &content) == OK) {
            require(proto_link_write(&again, kinds[i], buf_slice(&server), buf_slice(&content)) ==
                    OK);
            require(proto_link_read(buf_slice(&again), kinds[i], &server2, &content2) == OK);
            require(slice_equal(buf_slice(&server), buf_slice(&server2)));
            require(slice_equal(buf_slice(&content), buf_slice(&content2)));
        }
        buf_free(&server);
        buf_free(&content);
        buf_free(&again);
        buf_free(&server2);
        buf_free(&content2);
    }
}

/* In a conversation that is there in name alone. */
static void fuzz_profile(slice body) {
    static const uint8_t sender[16] = {6};
    struct store *store;
    struct core *core;
    struct core_config config = {.suite = MLS_SUITE_X25519_CHACHA, .key_packages = 1};
    struct conversation c = {.r = {.number = 1, .state = CORE_CONVERSATION_ACTIVE}};
    require(store_memory_open(&store, NULL) == OK);
    require(core_open(&core, store, &config, TIME_WEEK) == OK);
    require(core_txn_begin(core) == OK);
    /* The conversation has no group: what it tells of others is read, and not taken. */
    err e = core_txn_end(core, core_profile_receive(core, &c, sender, body));
    require(e == OK || e == ERR_STATE);
    require(c.r.name.n <= CORE_NAME_MAX);
    buf_free(&c.bytes);
    core_close(core);
    store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const cases[])(slice) = {fuzz_handle, fuzz_card,  fuzz_contact, fuzz_list,
                                           fuzz_blob,   fuzz_chunk, fuzz_link,    fuzz_profile};
    require(crypto_init() == OK);
    if (size > 0)
        cases[data[0] % (sizeof cases / sizeof cases[0])](slice_of(data + 1, size - 1));
    return 0;
}
