#include "mls/transcript.h"

err mls_transcript_confirmed(const struct mls_suite *suite, slice interim_before,
                             const struct mls_authenticated_content *commit, uint8_t *out,
                             const struct mem *mem) {
    if (commit->content.kind != MLS_COMMIT)
        return ERR_BUG;
    buf input = buf_on(mem);
    writer w = writer_on(&input);
    writer_bytes(&w, interim_before);
    writer_u16(&w, commit->wire_format);
    mls_framed_content_write(&w, &commit->content);
    writer_vec(&w, buf_slice(&commit->signature));
    err e = writer_result(&w);
    slice whole = buf_slice(&input);
    if (e == OK)
        e = suite->hash->hash(out, &whole, 1);
    buf_free(&input);
    return e;
}

err mls_transcript_interim(const struct mls_suite *suite, slice confirmed, slice tag,
                           uint8_t *out) {
    uint8_t length[VARINT_MAX];
    size_t n = put_varint(length, tag.n);
    if (tag.n > MLS_HASH_MAX)
        return ERR_BUG;
    slice parts[] = {confirmed, slice_of(length, n), tag};
    return suite->hash->hash(out, parts, 3);
}

bool mls_tag_equal(slice a, slice b) {
    return a.n == b.n && equal_secret(a.p, b.p, a.n);
}
