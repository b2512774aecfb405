/* What the server's bench is made of: a sottod of its own, clients made by hand, and the machine's
 * limits. Whatever fails ends the program, and the server with it. */
#ifndef SOTTO_BENCH_LOAD_H
#define SOTTO_BENCH_LOAD_H

#include "load/accounts.h"
#include "load/machine.h"
#include "noise/noise.h"
#include "proto/proto.h"

enum { ITEM = 512 }; /* bytes: what a short text becomes */

void must(bool condition, const char *what);
double seconds_now(void);

/* ---- machine.c: the server, limits ---- */

struct sottod {
    const char *program;
    char data[256];
    int pid, out;
    uint16_t port;
    uint8_t identity[32];
};
void sottod_start(struct sottod *s, const char *program, const char *folder);
void sottod_stop(struct sottod *s);
/* Registration codes, 16 bytes each. */
void sottod_codes(const struct sottod *s, uint8_t (*codes)[16], size_t count);

/* Appends of so many bytes, each made durable, a second. */
double limit_sync(const char *folder, size_t bytes, double seconds);
/* Messages of so many bytes there and back over so many bare TCP connections with so many under way
 * on each, a second; and what one costs the side that answers. */
void limit_echo(size_t connections, size_t in_flight, size_t bytes, double seconds, double *rate,
                double *cpu_us);

/* ---- client.c ---- */

struct client {
    int fd;
    struct noise_handshake noise;
    struct noise_cipher send, receive;
    uint8_t hash[64];
    uint8_t identity[32], identity_priv[32], account[16], device[16], key[32], key_priv[32];
    uint8_t address[PROTO_ADDRESS];
    uint32_t requests;
    buf in; /* bytes of a message that is not whole yet */
    /* The load's: */
    buf body;
    size_t in_flight;
    double *begun; /* by request, modulo what may be under way */
    uint64_t position;
};

/* Each step for all of them before the next one, so that the server sees many at a time. */
void clients_open(struct client *c, size_t count, const struct sottod *s);
void clients_register(struct client *c, size_t count, const struct sottod *s);
void clients_subscribe(struct client *c, size_t count);
void clients_close(struct client *c, size_t count);

void client_ask(struct client *c, uint16_t type, slice body);
/* Waits for the answer to the last request; what nobody asked for is passed over. */
void client_answer(struct client *c, uint16_t expected, buf *body);
/* Reads what is there and hands over every frame. */
typedef void client_frame(void *ctx, struct client *c, const struct proto_frame *frame);
void client_read(struct client *c, client_frame *take, void *ctx);

#endif
