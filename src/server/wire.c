#include "server/wire.h"

#include "sys/machine.h"

writer wire_open(struct wire *wire, uint32_t request, uint16_t type) {
    buf_clear(&wire->room);
    writer w = writer_on(&wire->room);
    proto_frame_write(&w, request, type);
    return w;
}

err wire_close(struct wire *wire, const writer *w) {
    err e = writer_result(w);
    if (e == OK)
        e = wire->channel == NULL ? ERR_CLOSED
                                  : sys_channel_send(wire->channel, buf_slice(&wire->room));
    buf_clear(&wire->room);
    return e;
}

err wire_close_with(struct wire *wire, const writer *w, int fd) {
    int copy = -1;
    err e = writer_result(w);
    if (e == OK && wire->channel == NULL)
        e = ERR_CLOSED;
    if (e == OK)
        e = sys_fd_copy(fd, &copy);
    if (e == OK)
        e = sys_channel_send_fd(wire->channel, buf_slice(&wire->room), copy);
    if (e != OK)
        sys_fd_close(copy);
    buf_clear(&wire->room);
    return e;
}

err wire_send(struct wire *wire, uint32_t request, uint16_t type, slice body) {
    writer w = wire_open(wire, request, type);
    writer_bytes(&w, body);
    return wire_close(wire, &w);
}

void wire_fini(struct wire *wire) {
    sys_channel_free(wire->channel);
    buf_free(&wire->room);
    wire->channel = NULL;
}
