/* Files: blobs of chunks that are sealed one by one, so that neither side ever holds one whole.
 *
 * The content is padded with zeros to a size that tells little, and cut into chunks of FILE_CHUNK
 * bytes. A chunk travels as nonce (24, random: a chunk may be sealed twice, of a file that was
 * changed in between) and XChaCha20-Poly1305 under the file's key. What is sealed with it are the
 * blob's id, the chunk's place and their number: none can be left out, put elsewhere or added at
 * the end. */
#include "core/internal.h"

enum { NONCE = 24 };

uint32_t core_file_chunks(uint64_t size) {
    return (uint32_t)((core_padded(size) + FILE_CHUNK - 1) / FILE_CHUNK);
}

static size_t part(uint64_t whole, uint32_t chunk) {
    uint64_t at = (uint64_t)chunk * FILE_CHUNK;
    if (at >= whole)
        return 0;
    return whole - at < FILE_CHUNK ? (size_t)(whole - at) : FILE_CHUNK;
}

size_t core_file_content(uint64_t size, uint32_t chunk) {
    return part(size, chunk);
}

struct bound {
    uint8_t bytes[13 + 32 + 8];
};

static struct bound bind(const struct file *file, uint32_t chunk) {
    struct bound b = {"Sotto file v1"};
    memcpy(b.bytes + 13, file->id, 32);
    put_u32(b.bytes + 45, chunk);
    put_u32(b.bytes + 49, file->chunks);
    return b;
}

err core_file_seal(const struct file *file, uint32_t chunk, slice content, buf *sealed) {
    struct bound b = bind(file, chunk);
    size_t start = sealed->n, n = part(core_padded(file->size), chunk);
    if (n == 0 || content.n != core_file_content(file->size, chunk))
        return ERR_BUG;
    TRY(buf_resize(sealed, start + NONCE));
    crypto_random(sealed->p + start, NONCE);
    TRY(buf_append(sealed, content));
    size_t end = sealed->n;
    TRY(buf_resize(sealed, start + NONCE + n + crypto_xchacha20poly1305.tag));
    memset(sealed->p + end, 0, sealed->n - end);
    uint8_t *nonce = sealed->p + start, *plain = nonce + NONCE;
    return crypto_xchacha20poly1305.seal(plain, file->key, nonce, SLICE_ARRAY(b.bytes),
                                         slice_of(plain, n));
}

err core_file_open(const struct file *file, uint32_t chunk, slice sealed, buf *content) {
    struct bound b = bind(file, chunk);
    size_t n = part(core_padded(file->size), chunk), real = core_file_content(file->size, chunk);
    if (n == 0 || sealed.n != NONCE + n + crypto_xchacha20poly1305.tag)
        return ERR_CRYPTO;
    buf_clear(content);
    TRY(buf_resize(content, n));
    TRY(crypto_xchacha20poly1305.open(content->p, file->key, sealed.p, SLICE_ARRAY(b.bytes),
                                      slice_of(sealed.p + NONCE, sealed.n - NONCE)));
    for (size_t i = real; i < n; i++)
        if (content->p[i] != 0)
            return ERR_MLS_PADDING;
    return buf_resize(content, real);
}

/* ---- What both ways share ---- */

/* Twice a second is enough for whoever watches. */
void core_file_progress(struct core *core, uint64_t *told, const struct core_notice *progress) {
    if (progress->error == OK && progress->done < progress->total &&
        core->now < *told + TIME_SECOND / 2)
        return;
    *told = core->now;
    core_action_notice(core, progress);
}

/* ---- The host's word ---- */

err core_file_place(const struct core *core, uint64_t command, slice *place) {
    const struct upload *u = core_upload_find(core, command);
    const struct download *d = core_download_find(core, command);
    *place = u != NULL ? u->r.place : d != NULL ? buf_slice(&d->place) : SLICE_EMPTY;
    return u != NULL || d != NULL ? OK : ERR_NOT_FOUND;
}

void core_file_bytes(struct core *core, uint64_t command, uint64_t offset, slice bytes,
                     uint64_t now) {
    core_clock(core, now);
    struct upload *u = core_upload_find(core, command);
    struct download *d = core_download_find(core, command);
    if (u != NULL)
        core_upload_bytes(core, u, offset, bytes);
    else if (d != NULL)
        core_download_bytes(core, d, offset, bytes);
    core_pump(core);
}

static bool end(struct core *core, uint64_t command, err why) {
    struct upload *u = core_upload_find(core, command);
    struct download *d = core_download_find(core, command);
    if (u != NULL)
        core_upload_end(core, u, why, 0);
    else if (d != NULL)
        core_download_end(core, d, why, 0);
    return u != NULL || d != NULL;
}

void core_file_failed(struct core *core, uint64_t command, err why, uint64_t now) {
    core_clock(core, now);
    if (end(core, command, why == OK ? ERR_IO : why))
        core_pump(core);
}

err core_file_cancel(struct core *core, uint64_t command, uint64_t now) {
    TRY(core_enter(core, now));
    if (!end(core, command, ERR_CLOSED))
        return ERR_NOT_FOUND;
    core_pump(core);
    return OK;
}
