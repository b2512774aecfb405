/* A filing in HI1, XML or JSON: what is read can be read again from the same bytes, and says the
 * same; what answers it is a message, and no filing. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "desk/hi1_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of more documents and tasks than these bytes hold, the answer may be larger than a filing. */
enum { ANSWERED_MAX = 1 << 15 };

static void require(bool holds) {
    if (!holds)
        abort();
}

/* Each word is an element's name. */
static const struct hi1_words *words(void) {
    static struct hi1_words w;
    for (size_t i = 0; i < HI1_WORD_COUNT; i++)
        memcpy(w.each[i], "Word", sizeof "Word");
    return &w;
}

static void is_answer(const buf *message, enum hi1_reason as) {
    struct hi1_filing *f;
    char where[HI1_WHERE];
    enum hi1_reason reason = hi1_load(&f, NULL, buf_slice(message), where);
    require(reason == as && f == NULL);
}

static void answer(const struct hi1_filing *f) {
    struct hi1_form form = {.third_state = true};
    struct hi1_delivery delivery = {
        .task = &f->tasks.p[0], .package = f->transaction, .manifest = f->authorisation.reference};
    buf out = {0};
    require(hi1_respond(&out, f, words(), HI1_ANSWER_REJECTED, 0) == OK);
    is_answer(&out, HI1_RESPONSE);
    buf_clear(&out);
    require(hi1_deliver(&out, f, words(), &delivery) == OK);
    is_answer(&out, HI1_VERB);
    buf_clear(&out);
    require(hi1_annex_iii_xml(&out, f, words(), &form) == OK);
    is_answer(&out, HI1_MESSAGE);
    buf_clear(&out);
    require(hi1_annex_iii(&out, f, &form) == OK);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct hi1_filing *first, *second;
    char where[HI1_WHERE];
    slice bytes = slice_of(data, size);
    require(crypto_init() == OK);
    enum hi1_reason reason = hi1_load(&first, NULL, bytes, where);
    require(strlen(where) < HI1_WHERE && (reason == HI1_OK) == (first != NULL));
    require(hi1_load(&second, NULL, bytes, where) == reason);
    if (first != NULL) {
        require(first->tasks.n > 0 && first->tasks.n == second->tasks.n);
        require(first->to_read.n == second->to_read.n);
        require(slice_equal(first->authorisation.reference, second->authorisation.reference));
        if (size <= ANSWERED_MAX)
            answer(first);
    }
    hi1_free(first);
    hi1_free(second);
    return 0;
}
