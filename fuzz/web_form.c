/* What a browser sends of a form, over any bytes: fields and cookies; and the parts of a body,
 * which are told the same however they are cut. The first byte says how much is fed at a time. */
#include <stdlib.h>

#include "sys/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* A field that is found by its name is the only one of it. */
static void check_fields(slice form) {
    buf name = {0}, value = {0}, found = {0};
    slice rest = form;
    while (sys_form_next(&rest, &name, &value) == OK) {
        if (memchr(name.p == NULL ? (uint8_t *)"" : name.p, 0, name.n) != NULL)
            continue;
        require(buf_append_byte(&name, 0) == OK);
        err e = sys_form_value(form, (const char *)name.p, &found);
        require(e == ERR_REPEAT || e == ERR_MALFORMED ||
                (e == OK && slice_equal(buf_slice(&found), buf_slice(&value))));
    }
    buf_free(&name);
    buf_free(&value);
    buf_free(&found);
}

static void check_cookies(slice cookies) {
    slice value;
    if (sys_cookie_value(cookies, "a", &value) == OK && value.n > 0)
        require(value.p >= cookies.p && value.p + value.n <= cookies.p + cookies.n);
}

/* ---- Parts ---- */

static err told_part(void *ctx, const struct sys_form_part *part) {
    buf *told = ctx;
    TRY(buf_append_byte(told, part->file.p == NULL ? '<' : '['));
    TRY(buf_append(told, part->name));
    TRY(buf_append_byte(told, '|'));
    TRY(buf_append(told, part->file));
    TRY(buf_append_byte(told, '|'));
    return buf_append(told, part->type);
}

static err told_bytes(void *ctx, slice bytes) {
    require(bytes.n > 0);
    return buf_append(ctx, bytes);
}

static const struct sys_form_sink SINK = {told_part, told_bytes};

static err feed(buf *told, slice body, size_t step) {
    struct sys_multipart m;
    TRY(sys_multipart_init(&m, slice_str("multipart/form-data; boundary=b"), &SINK, told));
    err e = OK;
    while (e == OK && body.n > 0) {
        size_t n = body.n < step ? body.n : step;
        e = sys_multipart_feed(&m, slice_of(body.p, n));
        body = slice_of(body.p + n, body.n - n);
    }
    if (e == OK)
        e = sys_multipart_end(&m);
    sys_multipart_fini(&m);
    return e;
}

static void check_parts(slice body, size_t step) {
    buf whole = {0}, pieces = {0};
    err e = feed(&whole, body, SIZE_MAX);
    require(feed(&pieces, body, step) == e);
    require(e != OK || slice_equal(buf_slice(&whole), buf_slice(&pieces)));
    buf_free(&whole);
    buf_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sys_multipart m;
    if (size == 0)
        return 0;
    slice bytes = slice_of(data + 1, size - 1);
    check_fields(bytes);
    check_cookies(bytes);
    check_parts(bytes, (size_t)data[0] + 1);
    if (sys_multipart_init(&m, bytes, &SINK, NULL) == OK)
        sys_multipart_fini(&m);
    return 0;
}
