/* Pictures of others: bounded, and never looked into beyond what their headers say of their size.
 * Which there are is in memory, the pictures themselves in the store. */
#include "core/internal.h"

enum { PICTURES_MAX = 256, PICTURES_BYTES = 8 * 1024 * 1024 };
static const char picture_name[] = "picture", image_name[] = "image";

/* ---- What is a picture ---- */

enum core_picture_kind core_picture_kind(slice s) {
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff};
    if (s.n >= 24 && memcmp(s.p, png, sizeof png) == 0)
        return CORE_PICTURE_PNG;
    if (s.n >= 24 && memcmp(s.p, jpeg, sizeof jpeg) == 0)
        return CORE_PICTURE_JPEG;
    if (s.n >= 24 && memcmp(s.p, "RIFF", 4) == 0 && memcmp(s.p + 8, "WEBP", 4) == 0)
        return CORE_PICTURE_WEBP;
    return CORE_PICTURE_NONE;
}

struct size {
    uint32_t width, height;
};

static err png_size(reader *r, struct size *size) {
    slice head;
    TRY(reader_bytes(r, 16, &head));
    if (memcmp(head.p + 12, "IHDR", 4) != 0)
        return ERR_MALFORMED;
    TRY(reader_u32(r, &size->width));
    return reader_u32(r, &size->height);
}

/* It stands in the frame's header, after any number of other segments. */
static bool is_frame(uint8_t marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static err jpeg_size(reader *r, struct size *size) {
    slice skipped;
    TRY(reader_bytes(r, 2, &skipped));
    for (;;) {
        uint8_t start, marker, bits;
        uint16_t length, height, width;
        TRY(reader_u8(r, &start));
        TRY(reader_u8(r, &marker));
        TRY(reader_u16(r, &length));
        if (start != 0xff || length < 2)
            return ERR_MALFORMED;
        if (is_frame(marker)) {
            TRY(reader_u8(r, &bits));
            TRY(reader_u16(r, &height));
            TRY(reader_u16(r, &width));
            *size = (struct size){width, height};
            return OK;
        }
        if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xda)) /* no segment, or the picture's */
            return ERR_MALFORMED;
        TRY(reader_bytes(r, length - 2u, &skipped));
    }
}

static uint32_t little(const uint8_t *p, size_t n) {
    uint32_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* By what its first chunk is: one picture with loss, one without, or several parts. */
static err webp_size(reader *r, struct size *size) {
    slice s;
    TRY(reader_bytes(r, 30, &s));
    if (memcmp(s.p + 12, "VP8 ", 4) == 0 && memcmp(s.p + 23, "\x9d\x01\x2a", 3) == 0)
        *size = (struct size){little(s.p + 26, 2) & 0x3fff, little(s.p + 28, 2) & 0x3fff};
    else if (memcmp(s.p + 12, "VP8L", 4) == 0 && s.p[20] == 0x2f)
        *size = (struct size){(little(s.p + 21, 4) & 0x3fff) + 1,
                              (little(s.p + 21, 4) >> 14 & 0x3fff) + 1};
    else if (memcmp(s.p + 12, "VP8X", 4) == 0)
        *size = (struct size){little(s.p + 24, 3) + 1, little(s.p + 27, 3) + 1};
    else
        return ERR_MALFORMED;
    return OK;
}

static err find_size(slice picture, struct size *size) {
    reader r = reader_of(picture);
    switch (core_picture_kind(picture)) {
    case CORE_PICTURE_PNG:
        return png_size(&r, size);
    case CORE_PICTURE_JPEG:
        return jpeg_size(&r, size);
    case CORE_PICTURE_WEBP:
        return webp_size(&r, size);
    case CORE_PICTURE_NONE:
        break;
    }
    return ERR_MALFORMED;
}

/* Few bytes may make very many pixels, which are memory of whoever looks at them. */
err core_picture_check(slice picture) {
    struct size size = {0};
    if (picture.n > CORE_PICTURE_MAX)
        return ERR_TOO_LARGE;
    if (picture.n == 0)
        return OK;
    if (find_size(picture, &size) != OK || size.width == 0 || size.height == 0)
        return ERR_MALFORMED;
    return size.width <= CORE_PICTURE_EDGE && size.height <= CORE_PICTURE_EDGE ? OK : ERR_TOO_LARGE;
}

/* ---- Objects ---- */

void core_picture_free(struct core *core, struct picture *p) {
    buf_free(&p->bytes);
    mem_free(core->mem, p, sizeof *p);
}

static bool find(const struct core *core, const uint8_t account[16], uint32_t conversation,
                 size_t *at) {
    for (*at = 0; *at < core->pictures.n; ++*at) {
        const struct picture *p = core->pictures.p[*at];
        if (p->r.conversation == conversation &&
            memcmp(p->r.account, account, sizeof p->r.account) == 0)
            return true;
    }
    return false;
}

static err save(struct core *core, struct picture *p) {
    TRY(record_picture_settle(&p->bytes, &p->r));
    return core_put(core, TABLE_PROFILE, slice_str(picture_name), p->r.number,
                    buf_slice(&p->bytes));
}

static err remove_at(struct core *core, size_t at) {
    struct picture *p = core->pictures.p[at];
    TRY(core_delete(core, TABLE_PROFILE, slice_str(picture_name), p->r.number));
    TRY(core_delete(core, TABLE_PROFILE, slice_str(image_name), p->r.number));
    core_list_remove(&core->pictures, at);
    core_picture_free(core, p);
    return OK;
}

static err remove_of(struct core *core, const uint8_t account[16], uint32_t conversation) {
    size_t at;
    return find(core, account, conversation, &at) ? remove_at(core, at) : OK;
}

/* ---- Room ---- */

static bool has_room(const struct core *core, size_t n) {
    size_t bytes = n;
    for (size_t i = 0; i < core->pictures.n; i++) {
        const struct picture *p = core->pictures.p[i];
        bytes += p->r.size;
    }
    return core->pictures.n < PICTURES_MAX && bytes <= PICTURES_BYTES;
}

/* The oldest of somebody who is no contact, else, for a contact's, the oldest. */
static bool find_oldest(const struct core *core, bool of_contact, size_t *at) {
    for (*at = 0; *at < core->pictures.n; ++*at) {
        const struct picture *p = core->pictures.p[*at];
        if (core_contact_lookup(core, p->r.account) == NULL)
            return true;
    }
    *at = 0;
    return of_contact && core->pictures.n > 0;
}

static err put(struct core *core, const struct record_picture *r, slice image) {
    bool of_contact = core_contact_lookup(core, r->account) != NULL;
    size_t at;
    while (!has_room(core, image.n)) {
        if (!find_oldest(core, of_contact, &at))
            return OK; /* those that are here stay */
        TRY(remove_at(core, at));
    }
    struct picture *p = mem_new(core->mem, sizeof *p);
    if (p == NULL)
        return ERR_NO_MEMORY;
    p->bytes = buf_on(core->mem);
    p->r = *r;
    p->r.number = core_number(core);
    err e = save(core, p);
    if (e == OK && image.n > 0)
        e = core_put(core, TABLE_PROFILE, slice_str(image_name), p->r.number, image);
    if (e == OK)
        e = core_list_add(core, &core->pictures, p);
    if (e != OK)
        core_picture_free(core, p);
    return e;
}

/* ---- What others show ---- */

/* What is here was shown later: a picture travels as a blob, and may come late. */
static bool is_newer(const struct core *core, const uint8_t account[16], uint32_t conversation,
                     uint64_t changed) {
    size_t at;
    if (!find(core, account, conversation, &at))
        return false;
    const struct picture *p = core->pictures.p[at];
    return p->r.changed > changed;
}

err core_picture_take(struct core *core, const struct conversation *c, const uint8_t sender[16],
                      bool here, slice image, uint64_t changed) {
    bool request = core_request_is(c);
    struct record_picture r = {.conversation = here || request ? c->r.number : 0,
                               .everywhere = !here,
                               .changed = core_sync_kept(core, changed),
                               .size = (uint32_t)image.n};
    if (core_picture_check(image) != OK ||
        (request && memcmp(sender, c->r.inviter, sizeof c->r.inviter) != 0))
        return OK;
    memcpy(r.account, sender, sizeof r.account);
    if (is_newer(core, sender, c->r.number, changed) ||
        is_newer(core, sender, r.conversation, changed))
        return OK;
    TRY(remove_of(core, sender, c->r.number));
    TRY(remove_of(core, sender, r.conversation));
    return put(core, &r, image);
}

err core_picture_adopt(struct core *core, uint32_t conversation) {
    for (size_t i = 0; i < core->pictures.n; i++) {
        struct picture *p = core->pictures.p[i];
        if (p->r.conversation != conversation || !p->r.everywhere)
            continue;
        TRY(remove_of(core, p->r.account, 0));
        p->r.conversation = 0;
        return save(core, p); /* it is the inviter's, and the only one */
    }
    return OK;
}

err core_picture_forget(struct core *core, uint32_t conversation) {
    for (size_t i = core->pictures.n; i-- > 0;) {
        const struct picture *p = core->pictures.p[i];
        if (p->r.conversation == conversation)
            TRY(remove_at(core, i));
    }
    return OK;
}

err core_picture_get(struct core *core, const uint8_t account[CORE_ACCOUNT], uint32_t conversation,
                     slice *picture) {
    size_t at;
    if (!find(core, account, conversation, &at) && !find(core, account, 0, &at))
        return ERR_NOT_FOUND;
    const struct picture *p = core->pictures.p[at];
    if (p->r.size == 0)
        return ERR_NOT_FOUND;
    buf_clear(&core->image);
    err e = core_get(core, TABLE_PROFILE, slice_str(image_name), p->r.number, &core->image);
    *picture = buf_slice(&core->image);
    return e == ERR_NOT_FOUND ? ERR_DAMAGED : e;
}
