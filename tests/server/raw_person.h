/* People with sessions at a real server, and what its operator sees. */
#ifndef SOTTO_TESTS_SERVER_RAW_PERSON_H
#define SOTTO_TESTS_SERVER_RAW_PERSON_H

#include "raw_client.h"

struct person {
    uint8_t identity_priv[32], identity[32], account[16], device[16], key_priv[32], key[32];
    uint8_t mailbox_priv[32];
    buf devices, answer;
    struct raw session;
    struct proto_address address;
};

void rest(long ms);

/* Registers with this code of the server's, and makes an address. */
void join(struct person *p, const struct server *s, unsigned code);
/* A new session, in the place of the one before. */
bool login(struct person *p, const struct server *s);
/* Tries for ten seconds. */
void login_soon(struct person *p, const struct server *s);
void leave(struct person *p);
void subscribe(struct person *p, uint64_t after);
void ack(struct person *p, uint64_t up_to);
/* True once it is acknowledged. */
bool try_send(struct raw *c, const struct proto_address *to, slice item);
/* Opens a delivery; its position. The item points into plain. */
uint64_t open_item(const struct person *p, const struct proto_frame *frame, buf *plain,
                   slice *item);
/* The items up to caught_up, counted by the number below `count` that each holds; the last
 * position. */
uint64_t collect(struct person *p, unsigned *seen, size_t count);

/* The status of the health page. */
int health(const struct server *s);
/* Waits for it, ten seconds. */
void expect_health(const struct server *s, int status);
/* Waits until the server says that it is ready (NULL) or why not, in quotes; twenty seconds. */
void expect_ready(const struct server *s, const char *why);
/* How often the word stands in what came through the pipe since the last call. */
unsigned count_in_log(int pipe, const char *word);

#endif
