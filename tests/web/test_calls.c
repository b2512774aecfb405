/* The page's calls over a core in memory: how they are taken apart, and what they answer. */
#include "web/calls.h"

#include "crypto/crypto.h"
#include "tests/support.h"
#include "tests/test.h"

struct page {
    struct store *store;
    struct core *core;
    struct json out;
};

static struct page page_new(void) {
    struct page p = {0};
    CHECK_OK(crypto_init());
    CHECK_OK(store_memory_open(&p.store, NULL));
    CHECK_OK(core_open(&p.core, p.store, NULL, 1000));
    return p;
}

static void page_free(struct page *p) {
    core_close(p->core);
    store_close(p->store);
    buf_free(&p->out.b);
}

static void put_u32(buf *b, size_t n) {
    for (size_t i = 0; i < 4; i++)
        CHECK_OK(buf_append_byte(b, (uint8_t)(n >> 8 * i)));
}

/* The name and the arguments, with a space after each. */
static void put_call(buf *b, const char *words) {
    size_t count = 0;
    for (const char *w = words; *w != '\0'; w++)
        count += *w == ' ';
    put_u32(b, count);
    for (slice rest = slice_str(words); rest.n > 0;) {
        slice word = slice_until(&rest, ' ');
        put_u32(b, word.n);
        CHECK_OK(buf_append(b, word));
    }
}

static slice run(struct page *p, slice request) {
    buf_clear(&p->out.b);
    p->out = (struct json){.b = p->out.b};
    call_run(p->core, 1000, request, &p->out);
    CHECK_OK(p->out.e);
    return buf_slice(&p->out.b);
}

static void expect(struct page *p, const char *words, const char *answer) {
    buf request = {0};
    put_call(&request, words);
    CHECK_SLICE(run(p, buf_slice(&request)), slice_str(answer));
    buf_free(&request);
}

#define USAGE "{\"error\":\"USAGE\"}"

TEST(a_call_without_its_like_is_refused) {
    struct page p = page_new();
    static const char *const CALLS[] = {
        "",
        "nothing ",
        "statu ",
        "status x ",
        "conversation ",
        "conversation x ",
        "conversation -1 ",
        "conversation 01 ",
        "conversation 4294967296 ",
        "messages 1 1 18446744073709551616 ",
        "send 1 plain text 00 ",
        "send 1 loud text  ",
        "send 1 plain \xff  ",
        "online 2 ",
        "online true ",
        "block 00112233445566778899aabbccddee ",
        "block 00112233445566778899aabbccddeeff00 ",
        "new name 00112233445566778899aabbccddeeff 0011 ",
    };
    for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0]; i++)
        expect(&p, CALLS[i], USAGE);
    page_free(&p);
}

TEST(what_the_core_refuses_has_the_name_of_its_error) {
    struct page p = page_new();
    expect(&p, "conversation 1 ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "send 1 plain text  ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "draft-set 1 text ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "writes 1 ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "writing 1 ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "typing-set 1 ", "{\"error\":\"STATE\"}");
    expect(&p, "typing-set on ", USAGE);
    expect(&p, "roles 1 ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "timer-all 1 1 ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "timer-all 1 yes ", USAGE);
    expect(&p, "mute 1 18446744073709551615 ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "archive 1 1 ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "archive 1 away ", USAGE);
    expect(&p, "role 1 00112233445566778899aabbccddeeff 0 ", "{\"error\":\"NOT_FOUND\"}");
    expect(&p, "role 1 0011 0 ", USAGE);
    expect(&p, "create sotto:join:nothing name ", "{\"error\":\"MALFORMED\"}");
    core_close(p.core);
    p.core = NULL;
    expect(&p, "conversations ", "{\"error\":\"CLOSED\"}");
    page_free(&p);
}

TEST(an_empty_core_answers_with_nothing_in_it) {
    struct page p = page_new();
    expect(&p, "conversations ", "{\"answer\":[]}");
    expect(&p, "contacts ", "{\"answer\":[]}");
    expect(&p, "blocked ", "{\"answer\":[]}");
    expect(&p, "notices ", "{\"answer\":[]}");
    expect(&p, "typing ", "{\"answer\":{\"on\":false}}");
    expect(&p, "handle ", "{\"answer\":null}");
    expect(&p, "found ", "{\"answer\":null}");
    expect(&p, "desk ", "{\"answer\":null}");
    expect(&p, "linking ",
           "{\"answer\":{\"state\":\"off\",\"is_new\":true,\"code\":\"\",\"digits\":\"\","
           "\"until\":0}}");
    page_free(&p);
}

TEST(a_request_that_is_cut_off_or_goes_on_is_refused) {
    struct page p = page_new();
    buf request = {0};
    put_call(&request, "messages 1 1 1 ");
    for (size_t n = 0; n < request.n; n++)
        CHECK_SLICE(run(&p, slice_of(request.p, n)), slice_str(USAGE));
    CHECK_OK(buf_append_byte(&request, 0));
    CHECK_SLICE(run(&p, buf_slice(&request)), slice_str(USAGE));
    buf_free(&request);
    page_free(&p);
}

TEST(no_request_of_chance_does_harm) {
    struct page p = page_new();
    struct support_random r = {7};
    uint8_t bytes[64];
    for (int i = 0; i < 20000; i++) {
        size_t n = support_next(&r) % sizeof bytes;
        support_fill(&r, bytes, n);
        for (size_t k = 0; k < n; k++) /* small numbers, so that parts are found */
            bytes[k] = k % 4 == 0 ? bytes[k] % 8 : support_next(&r) % 8 == 0 ? bytes[k] : 0;
        CHECK_SLICE(run(&p, slice_of(bytes, n)), slice_str(USAGE));
    }
    page_free(&p);
}

TEST_MAIN
