/* Bytes on their way out: appended at one end, taken at the other, and no memory held while
 * empty, unless who takes asks for it. */
#ifndef SOTTO_SYS_OUTBOX_H
#define SOTTO_SYS_OUTBOX_H

#include "base/slice.h"

struct sys_outbox {
    buf bytes;
    size_t taken; /* of bytes, from the front */
};

static inline size_t sys_outbox_size(const struct sys_outbox *box) {
    return box->bytes.n - box->taken;
}
static inline slice sys_outbox_front(const struct sys_outbox *box) {
    return slice_of(box->bytes.p + box->taken, sys_outbox_size(box));
}
/* Room for n bytes in one piece; the caller fills it. NO_MEMORY leaves the box as it was. */
MUST err sys_outbox_add(struct sys_outbox *box, size_t n, uint8_t **room);
/* Drops n bytes from the front (n <= size). Frees the memory if that was all. */
void sys_outbox_take(struct sys_outbox *box, size_t n);
/* The same, but memory of up to `keep` bytes stays for the next ones. */
void sys_outbox_take_but(struct sys_outbox *box, size_t n, size_t keep);

#endif
