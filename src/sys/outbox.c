#include "sys/outbox.h"

/* Below this it is cheaper to leave the taken bytes where they are. */
enum { COMPACT_FROM = 65536 };

err sys_outbox_add(struct sys_outbox *box, size_t n, uint8_t **room) {
    if (box->taken >= COMPACT_FROM && box->taken >= box->bytes.n / 2) {
        buf_consume(&box->bytes, box->taken);
        box->taken = 0;
    }
    TRY(buf_reserve(&box->bytes, n));
    *room = box->bytes.p + box->bytes.n;
    box->bytes.n += n;
    return OK;
}

void sys_outbox_take(struct sys_outbox *box, size_t n) {
    box->taken += n;
    if (box->taken < box->bytes.n)
        return;
    buf_free(&box->bytes);
    box->taken = 0;
}
