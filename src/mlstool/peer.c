#include "mlstool/peer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "mlstool/peer_internal.h"

/* ---- What the application decides ---- */

static err accept_member(void *ctx, const struct mls_member *before,
                         const struct mls_member *member) {
    (void)ctx;
    (void)before;
    (void)member;
    return OK;
}

static err accept_extensions(void *ctx, const struct mls_extension *extensions, size_t count) {
    (void)ctx;
    (void)extensions;
    (void)count;
    return OK;
}

static err find(const struct peer *peer, bool resumption, slice id, uint64_t epoch, buf *secret) {
    for (size_t i = peer->psk_count; i > 0; i--) { /* the newest of the same name */
        const struct peer_psk *psk = &peer->psks[i - 1];
        if (psk->resumption == resumption && psk->epoch == epoch &&
            slice_equal(buf_slice(&psk->id), id))
            return buf_set(secret, buf_slice(&psk->secret));
    }
    return ERR_MLS_PSK;
}

static err find_psk(void *ctx, slice id, buf *secret) {
    return find(ctx, false, id, 0, secret);
}

static err find_resumption(void *ctx, slice group_id, uint64_t epoch, buf *secret) {
    return find(ctx, true, group_id, epoch, secret);
}

/* ---- Objects ---- */

struct peer *peer_new(void) {
    struct peer *peer = mem_new(NULL, sizeof(*peer));
    if (peer != NULL)
        peer->auth = (struct mls_auth){.accept = accept_member,
                                       .ctx = peer,
                                       .psk = find_psk,
                                       .resumption = find_resumption,
                                       .extensions = accept_extensions,
                                       .outside = true};
    return peer;
}

void peer_object_free(struct peer_object *object) {
    mls_staged_free(object->staged);
    mls_group_free(object->group);
    buf_free(&object->keys.pub);
    buf_free(&object->keys.priv);
    buf_free(&object->key_package);
    buf_free(&object->secrets);
    *object = (struct peer_object){0};
}

void peer_free(struct peer *peer) {
    if (peer == NULL)
        return;
    for (size_t i = 0; i < peer->object_count; i++)
        peer_object_free(&peer->objects[i]);
    for (size_t i = 0; i < peer->psk_count; i++) {
        buf_free(&peer->psks[i].id);
        buf_free(&peer->psks[i].secret);
    }
    mem_free(NULL, peer->objects, peer->object_count * sizeof(*peer->objects));
    mem_free(NULL, peer->psks, peer->psk_count * sizeof(*peer->psks));
    mem_free(NULL, peer, sizeof(*peer));
}

uint64_t peer_handle(struct peer *peer, struct peer_object *object) {
    size_t old = peer->object_count * sizeof(*peer->objects);
    struct peer_object *objects = mem_resize(NULL, peer->objects, old, old + sizeof(*objects));
    if (objects == NULL)
        return 0;
    peer->objects = objects;
    objects[peer->object_count++] = *object;
    *object = (struct peer_object){0};
    return peer->object_count;
}

/* ---- Requests ---- */

static err run(struct peer_request *q, const char *name) {
    const struct peer_command *const lists[] = {peer_group_commands, peer_message_commands};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const struct peer_command *c = lists[i]; c->name != NULL; c++)
            if (strcmp(c->name, name) == 0) {
                err e = c->run(q);
                return e == OK ? q->e : e;
            }
    peer_fail(q, ERR_UNKNOWN_TYPE, "cmd");
    return q->e;
}

/* Answers come whole or as an error alone. */
static void put_result(struct peer_request *q, err e) {
    struct json_object *id = NULL;
    if (e != OK) {
        json_object_put(q->out);
        q->out = json_object_new_object();
        peer_put_text(q->out, "error", err_name(e));
        peer_put_text(q->out, "text", err_text(e));
        if (q->field != NULL)
            peer_put_text(q->out, "field", q->field);
    }
    if (json_object_object_get_ex(q->in, "id", &id))
        json_object_object_add(q->out, "id", json_object_get(id));
}

static struct json_object *parse(slice line) {
    struct json_tokener *tokener = json_tokener_new();
    if (tokener == NULL || line.n > INT32_MAX)
        return NULL;
    struct json_object *o = json_tokener_parse_ex(tokener, (const char *)line.p, (int)line.n);
    size_t end = json_tokener_get_parse_end(tokener);
    while (end < line.n && isspace(line.p[end]))
        end++;
    if (o != NULL && (!json_object_is_type(o, json_type_object) || end != line.n)) {
        json_object_put(o);
        o = NULL;
    }
    json_tokener_free(tokener);
    return o;
}

struct peer_block {
    struct peer_block *next;
    max_align_t bytes[];
};

void *peer_alloc(struct peer_request *q, size_t size) {
    struct peer_block *b = calloc(1, sizeof(*b) + size + 1);
    if (b == NULL) {
        peer_fail(q, ERR_NO_MEMORY, NULL);
        return NULL;
    }
    b->next = q->blocks;
    q->blocks = b;
    return b->bytes;
}

static void free_blocks(struct peer_request *q) {
    while (q->blocks != NULL) {
        struct peer_block *b = q->blocks;
        q->blocks = b->next;
        free(b);
    }
}

struct json_object *peer_answer(struct peer *peer, slice line) {
    struct peer_request q = {.peer = peer, .in = parse(line), .out = json_object_new_object()};
    struct json_object *name = NULL;
    err e = ERR_MALFORMED;
    json_object_object_add(q.out, "ok", json_object_new_boolean(true));
    if (q.in != NULL && json_object_object_get_ex(q.in, "cmd", &name) &&
        json_object_is_type(name, json_type_string))
        e = run(&q, json_object_get_string(name));
    else
        q.field = q.in == NULL ? NULL : "cmd";
    put_result(&q, e);
    free_blocks(&q);
    json_object_put(q.in);
    return q.out;
}

/* ---- The loop ---- */

int peer_main(int argc, char **argv) {
    (void)argv;
    if (argc != 0) {
        fprintf(stderr, "usage: sotto-mls peer\n");
        return 2;
    }
    struct peer *peer = peer_new();
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while (peer != NULL && (n = getline(&line, &room, stdin)) >= 0) {
        if (n > 0 && line[n - 1] == '\n')
            n--;
        if (n == 0)
            continue;
        struct json_object *answer = peer_answer(peer, slice_of(line, (size_t)n));
        puts(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN));
        fflush(stdout);
        json_object_put(answer);
    }
    free(line);
    peer_free(peer);
    return ferror(stdin) || ferror(stdout) ? 1 : 0;
}
