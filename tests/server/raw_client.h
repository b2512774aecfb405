/* A client made by hand from the Noise library and blocking sockets, and a server as a real
 * process. */
#ifndef SOTTO_TESTS_SERVER_RAW_CLIENT_H
#define SOTTO_TESTS_SERVER_RAW_CLIENT_H

#include "noise/noise.h"
#include "proto/proto.h"
#include "test.h"

/* ---- The server ---- */

enum { SERVER_OPTIONS = 8 };

struct server {
    char data[64];
    int pid, out; /* its standard output */
    uint16_t port, http_port;
    uint8_t identity[32];
    uint8_t codes[8][16];
    unsigned code_count;
    const char *settings[SERVER_OPTIONS]; /* "key=value", NULL ends */
    bool take_over;                       /* from the one that runs */
};

/* Skips the test if the program was not built. */
void server_init(struct server *s);
/* Starts it and waits for its ready line; `invites` of its codes are in codes. */
void server_start(struct server *s, unsigned invites);
/* The same in two steps; false if it ends instead. */
void server_begin(struct server *s, unsigned invites);
bool server_ready(struct server *s, unsigned invites);
/* Ends it by a signal; its exit code, or minus the signal. */
int server_stop(struct server *s, int signal);
/* The process id of a child by its name's end ("mail", "edge"); 0 if there is none. */
int server_child(const struct server *s, const char *name);
/* Removes its data. */
void server_fini(struct server *s);
/* Runs `sottod ARGUMENTS` to its end; its exit code. Its output is appended. */
int server_run(buf *output, const char *const *arguments);

/* ---- The client ---- */

struct raw {
    int fd;
    struct noise_cipher send, receive;
    uint8_t hash[64];
    uint32_t requests;
};

/* Carrier messages. raw_read: false at the end of the stream or after 10 s of silence. */
void raw_connect(struct raw *c, const struct server *s);
void raw_write(struct raw *c, slice message);
bool raw_read(struct raw *c, buf *message);
void raw_close(struct raw *c);
/* Both handshakes. */
void raw_open(struct raw *c, const struct server *s);
bool raw_try_open(struct raw *c, const struct server *s);

/* Frames. */
uint32_t raw_ask(struct raw *c, uint16_t type, slice body);
/* The next frame; false as above. The body is appended to an emptied buf. */
bool raw_next(struct raw *c, struct proto_frame *frame, buf *body);
/* Asks and waits for the answer, passing over frames of request 0; its type, 0 at the end. */
uint16_t raw_call(struct raw *c, uint16_t type, slice body, buf *answer);

#endif
