#include "merkle/witness.h"

#include "merkle/internal.h"

/* ---- Requests ---- */

static const char OLD[] = "old ";

static err parse_old(slice line, uint64_t *old) {
    return slice_skip(&line, slice_str(OLD)) ? decimal_decode(line, MERKLE_SIZE_MAX, old)
                                             : ERR_MALFORMED;
}

err merkle_add_checkpoint_parse(struct merkle_add_checkpoint *request, slice body) {
    slice line;
    request->proof.n = 0;
    TRY(lines_next(&body, &line));
    TRY(parse_old(line, &request->old));
    TRY(lines_next(&body, &line));
    for (; line.n > 0; request->proof.n++) {
        if (request->proof.n == MERKLE_REQUEST_HASHES)
            return ERR_TOO_LARGE;
        TRY(base64_decode_to(request->proof.path[request->proof.n].bytes, MERKLE_HASH, line));
        TRY(lines_next(&body, &line));
    }
    request->note = body;
    return OK;
}

err merkle_add_checkpoint_format(buf *body, const struct merkle_add_checkpoint *request) {
    if (request->proof.n > MERKLE_REQUEST_HASHES)
        return ERR_TOO_LARGE;
    TRY(buf_append(body, slice_str(OLD)));
    TRY(decimal_encode(body, request->old));
    TRY(buf_append_byte(body, '\n'));
    for (size_t i = 0; i < request->proof.n; i++)
        TRY(lines_add_hash(body, &request->proof.path[i]));
    TRY(buf_append_byte(body, '\n'));
    return buf_append(body, request->note);
}

/* ---- Judging ---- */

/* What a request turned out to be. */
struct judged {
    struct merkle_add_checkpoint request;
    struct merkle_note note;
    const struct merkle_witnessed *log;
};

/* NO_MEMORY is the witness's fault, anything else the request's. */
static err read_request(struct judged *j, struct merkle_checkpoint *checkpoint, slice body) {
    TRY(merkle_add_checkpoint_parse(&j->request, body));
    TRY(merkle_note_parse(&j->note, j->request.note));
    TRY(merkle_checkpoint_parse(checkpoint, j->note.text));
    return j->request.old <= checkpoint->size ? OK : ERR_MALFORMED;
}

static const struct merkle_witnessed *find_log(const struct merkle_witness *witness, slice origin) {
    for (size_t i = 0; i < witness->count; i++)
        if (slice_equal(witness->logs[i].origin, origin))
            return &witness->logs[i];
    return NULL;
}

/* At least one of the log's keys signed it, and no signature of any is wrong. */
static err verify_any(const struct judged *j) {
    err result = ERR_NOT_FOUND;
    for (size_t i = 0; i < j->log->key_count; i++) {
        err e = merkle_note_verify(&j->note, &j->log->keys[i]);
        if (e == ERR_NOT_FOUND)
            continue;
        TRY(e);
        result = OK;
    }
    return result;
}

/* Whether the log grew from what the witness remembers of it. */
static enum merkle_status judge_growth(const struct judged *j,
                                       const struct merkle_checkpoint *checkpoint) {
    const struct merkle_witnessed *log = j->log;
    struct merkle_hash known = log->root;
    if (log->size == 0)
        merkle_empty_root(&known);
    if (j->request.old != log->size)
        return MERKLE_STATUS_CONFLICT;
    if (checkpoint->size == log->size && !merkle_hash_equal(&checkpoint->root, &known))
        return MERKLE_STATUS_CONFLICT;
    err e = merkle_consistency_verify(&j->request.proof, log->size, &known, checkpoint->size,
                                      &checkpoint->root);
    return e == OK ? MERKLE_STATUS_OK : MERKLE_STATUS_UNPROCESSABLE;
}

static err judge(const struct merkle_witness *witness, slice body, struct judged *j,
                 struct merkle_witness_answer *answer) {
    err e = read_request(j, &answer->checkpoint, body);
    answer->status = MERKLE_STATUS_BAD_REQUEST;
    if (e != OK)
        return err_class(e) == ERR_CLASS_MEMORY ? e : OK;
    j->log = find_log(witness, answer->checkpoint.origin);
    answer->status = MERKLE_STATUS_NOT_FOUND;
    if (j->log == NULL)
        return OK;
    answer->log = (size_t)(j->log - witness->logs);
    e = verify_any(j);
    answer->status = MERKLE_STATUS_FORBIDDEN;
    if (e != OK)
        return e == ERR_NOT_FOUND || e == ERR_SIGNATURE ? OK : e;
    answer->status = judge_growth(j, &answer->checkpoint);
    return OK;
}

static err write_body(const struct merkle_witness *witness, const struct judged *j,
                      uint64_t seconds, struct merkle_witness_answer *answer) {
    if (answer->status == MERKLE_STATUS_OK)
        return merkle_cosign(&answer->body, j->note.text, &witness->key, witness->seed, seconds);
    if (answer->status != MERKLE_STATUS_CONFLICT)
        return OK;
    TRY(decimal_encode(&answer->body, j->log->size));
    return buf_append_byte(&answer->body, '\n');
}

err merkle_witness_stage(const struct merkle_witness *witness, slice body, uint64_t seconds,
                         struct merkle_witness_answer *answer) {
    struct judged j = {.log = NULL};
    *answer = (struct merkle_witness_answer){.status = MERKLE_STATUS_BAD_REQUEST};
    err e = judge(witness, body, &j, answer);
    if (e == OK)
        e = write_body(witness, &j, seconds, answer);
    if (e != OK)
        answer->status = MERKLE_STATUS_BAD_REQUEST;
    return e;
}

void merkle_witness_apply(struct merkle_witness *witness,
                          const struct merkle_witness_answer *answer) {
    if (answer->status != MERKLE_STATUS_OK)
        return;
    witness->logs[answer->log].size = answer->checkpoint.size;
    witness->logs[answer->log].root = answer->checkpoint.root;
}

/* ---- Answers ---- */

err merkle_conflict_parse(slice body, uint64_t *size) {
    slice line;
    TRY(lines_next(&body, &line));
    return body.n == 0 ? decimal_decode(line, MERKLE_SIZE_MAX, size) : ERR_MALFORMED;
}

/* Appends the key's signatures among the note's. */
static err add_lines(buf *lines, const struct merkle_note *note, const struct merkle_key *key) {
    uint8_t timed[MERKLE_COSIGNATURE];
    size_t at = 0;
    err e;
    while ((e = merkle_signature_next(note, key, &at, timed, sizeof timed)) == OK)
        TRY(merkle_signature_line(lines, key, SLICE_ARRAY(timed)));
    return e == ERR_NOT_FOUND ? OK : e;
}

err merkle_cosignature_take(buf *note, slice body, const struct merkle_key *key,
                            uint64_t *seconds) {
    struct merkle_note own, answer;
    buf answered = {0}, next = {0};
    err e = merkle_note_parse(&own, buf_slice(note));
    if (e == OK)
        e = merkle_note_begin(&answered, own.text);
    if (e == OK)
        e = buf_append(&answered, body);
    if (e == OK)
        e = merkle_note_parse(&answer, buf_slice(&answered));
    /* A body with an empty line would make another text, but none that is a checkpoint. */
    if (e == OK)
        e = merkle_cosignature_verify(&answer, key, seconds);
    if (e == OK)
        e = buf_append(&next, buf_slice(note));
    if (e == OK)
        e = add_lines(&next, &answer, key);
    if (e == OK)
        e = merkle_note_parse(&own, buf_slice(&next));
    if (e == OK)
        buf_move(note, &next);
    buf_free(&answered);
    buf_free(&next);
    return e;
}
