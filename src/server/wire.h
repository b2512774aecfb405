/* Frames between our own processes: one frame a channel message. */
#ifndef SOTTO_SERVER_WIRE_H
#define SOTTO_SERVER_WIRE_H

#include "proto/proto.h"
#include "sys/channel.h"

struct wire {
    struct sys_channel *channel; /* NULL: not connected */
    buf room;                    /* the frame being written */
};

/* Open, write the body, close (which sends). CLOSED without a channel. */
writer wire_open(struct wire *wire, uint32_t request, uint16_t type);
MUST err wire_close(struct wire *wire, const writer *w);
/* The same, with a copy of a descriptor, which stays the caller's. */
MUST err wire_close_with(struct wire *wire, const writer *w, int fd);
/* A frame whose body is there already. */
MUST err wire_send(struct wire *wire, uint32_t request, uint16_t type, slice body);
void wire_fini(struct wire *wire);

#endif
