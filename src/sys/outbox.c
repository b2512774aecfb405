#include "sys/outbox.h"

/* Below this it is cheaper to leave the taken bytes where they are. */
enum { COMPACT_FROM = 65536, FIRST = 2048 };

err sys_outbox_add(struct sys_outbox *box, size_t n, uint8_t **room) {
    if (box->taken >= COMPACT_FROM && box->taken >= box->bytes.n / 2) {
        buf_consume(&box->bytes, box->taken);
        box->taken = 0;
    }
    /* A turn's answers come one by one. */
    TRY(buf_reserve(&box->bytes, box->bytes.cap == 0 && n < FIRST ? FIRST : n));
    *room = box->bytes.p + box->bytes.n;
    box->bytes.n += n;
    return OK;
}

void sys_outbox_take_but(struct sys_outbox *box, size_t n, size_t keep) {
    box->taken += n;
    if (box->taken < box->bytes.n)
        return;
    if (box->bytes.cap > keep)
        buf_free(&box->bytes);
    else
        buf_clear(&box->bytes);
    box->taken = 0;
}

void sys_outbox_take(struct sys_outbox *box, size_t n) {
    sys_outbox_take_but(box, n, 0);
}
