/* What others check our ledger's library with:
 *
 *   ledger_tool vectors            known answers, as JSON (docs/ledger-vectors.json)
 *   ledger_tool slots              the rows of the table of names in docs/LEDGER.md
 *   ledger_tool write DIR SIZE...  a log that grew through these sizes, as files, with proofs
 *   ledger_tool note KEY NOTE      verifies a note, two files, and prints its text
 *
 * Its keys are known to all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "merkle/fields.h"
#include "merkle/tile.h"
#include "merkle/witness.h"

#define ORIGIN "ledger.example/desk"
#define WITNESS "witness.example/w1"
#define SECONDS 1784505600

static const uint8_t LOG_SEED[32] = {1}, WITNESS_SEED[32] = {2};

__attribute__((noreturn)) static void fail(const char *what, const char *why) {
    fprintf(stderr, "ledger_tool: %s: %s\n", what, why);
    exit(1);
}

static void require(err e, const char *what) {
    if (e != OK)
        fail(what, err_text(e));
}

static void make_key(struct merkle_key *key, enum merkle_key_type type, const char *name,
                     const uint8_t *seed) {
    uint8_t public[32];
    require(crypto_ed25519.public_of(public, seed), name);
    require(merkle_key_make(key, type, slice_str(name), public), name);
}

/* The checkpoint of a tree, signed and cosigned. */
static void make_note(buf *note, uint64_t size, const struct merkle_hash *root) {
    struct merkle_checkpoint checkpoint = {.origin = slice_str(ORIGIN), .size = size};
    struct merkle_key log, witness;
    buf text = {0};
    checkpoint.root = *root;
    make_key(&log, MERKLE_KEY_ED25519, ORIGIN, LOG_SEED);
    make_key(&witness, MERKLE_KEY_COSIGNATURE, WITNESS, WITNESS_SEED);
    require(merkle_checkpoint_format(&text, &checkpoint), "checkpoint");
    require(merkle_note_begin(note, buf_slice(&text)), "note");
    require(merkle_note_sign(note, buf_slice(&text), &log, LOG_SEED), "signature");
    require(merkle_cosign(note, buf_slice(&text), &witness, WITNESS_SEED, SECONDS), "cosignature");
    buf_free(&text);
}

static slice entry_of(uint64_t index) {
    static char entry[32];
    snprintf(entry, sizeof entry, "entry %llu", (unsigned long long)index);
    return slice_str(entry);
}

/* ---- Files ---- */

static const char *path_of(const char *folder, const char *name) {
    static char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        fail(name, "its path is too long");
    return path;
}

static void make_folders(const char *path) {
    static char part[4096];
    for (size_t i = 1; path[i] != '\0'; i++)
        if (path[i] == '/') {
            memcpy(part, path, i);
            part[i] = '\0';
            if (mkdir(part, 0777) != 0 && errno != EEXIST)
                fail(part, strerror(errno));
        }
}

static void write_file(const char *folder, const char *name, slice bytes) {
    const char *path = path_of(folder, name);
    make_folders(path);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes.p, 1, bytes.n, file) != bytes.n || fclose(file) != 0)
        fail(path, strerror(errno));
}

/* False if there is no such file. */
static bool read_file(const char *path, buf *out) {
    FILE *file = fopen(path, "rb");
    uint8_t piece[4096];
    size_t n;
    buf_clear(out);
    if (file == NULL)
        return false;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        require(buf_append(out, slice_of(piece, n)), path);
    fclose(file);
    return true;
}

static err read_tile(void *ctx, const struct merkle_tile *tile, buf *out) {
    char name[MERKLE_TILE_PATH_MAX];
    merkle_tile_path(tile, name);
    return read_file(path_of(ctx, name), out) ? OK : ERR_NOT_FOUND;
}

static err write_tile(void *ctx, const struct merkle_tile *tile, slice bytes) {
    char name[MERKLE_TILE_PATH_MAX];
    merkle_tile_path(tile, name);
    write_file(ctx, name, bytes);
    return OK;
}

/* ---- write ---- */

static void write_proof(const char *folder, const char *kind, uint64_t from, uint64_t to,
                        const struct merkle_proof *proof) {
    char name[64];
    buf lines = {0};
    for (size_t i = 0; i < proof->n; i++) {
        require(base64_encode(&lines, merkle_hash_slice(&proof->path[i])), kind);
        require(buf_append_byte(&lines, '\n'), kind);
    }
    snprintf(name, sizeof name, "%s/%llu-%llu", kind, (unsigned long long)from,
             (unsigned long long)to);
    write_file(folder, name, buf_slice(&lines));
    buf_free(&lines);
}

static void write_proofs(const char *folder, const struct merkle_tiles *tiles,
                         const uint64_t *sizes, size_t count) {
    struct merkle_tile_reader hashes;
    struct merkle_proof proof;
    uint64_t size = sizes[count - 1];
    merkle_tile_reader_init(&hashes, tiles, size);
    struct merkle_source source = merkle_tile_source(&hashes);
    for (uint64_t index = 0; index < size; index += 1 + index / 50) {
        require(merkle_inclusion_prove(&source, index, size, &proof), "inclusion");
        write_proof(folder, "inclusion", index, size, &proof);
    }
    for (size_t i = 0; i + 1 < count; i++) {
        require(merkle_consistency_prove(&source, sizes[i], size, &proof), "consistency");
        write_proof(folder, "consistency", sizes[i], size, &proof);
    }
    merkle_tile_reader_fini(&hashes);
}

static void write_key(const char *folder, const char *file, enum merkle_key_type type,
                      const char *name, const uint8_t *seed) {
    struct merkle_key key;
    buf text = {0};
    make_key(&key, type, name, seed);
    require(merkle_key_format(&text, &key), file);
    write_file(folder, file, buf_slice(&text));
    buf_free(&text);
}

/* From what lies in the folder to `size`; the checkpoint is also kept under its size. */
static void grow(char *folder, const struct merkle_tiles *tiles, uint64_t from, uint64_t size,
                 struct merkle_hash *root) {
    struct merkle_log *log = malloc(sizeof *log);
    char name[64];
    buf note = {0};
    require(log == NULL ? ERR_NO_MEMORY : merkle_log_open(log, tiles, from, root), folder);
    while (log->size < size)
        require(merkle_log_append(log, entry_of(log->size)), folder);
    require(merkle_log_flush(log), folder);
    merkle_log_root(log, root);
    make_note(&note, size, root);
    write_file(folder, "checkpoint", buf_slice(&note));
    snprintf(name, sizeof name, "checkpoints/%llu", (unsigned long long)size);
    write_file(folder, name, buf_slice(&note));
    buf_free(&note);
    merkle_log_fini(log);
    free(log);
}

static void write_log(char *folder, char **texts, size_t count) {
    struct merkle_tiles tiles = {read_tile, write_tile, folder};
    struct merkle_hash root;
    uint64_t *sizes = calloc(count, sizeof *sizes);
    for (size_t i = 0; i < count; i++) {
        sizes[i] = strtoull(texts[i], NULL, 10);
        grow(folder, &tiles, i == 0 ? 0 : sizes[i - 1], sizes[i], &root);
    }
    write_key(folder, "key", MERKLE_KEY_ED25519, ORIGIN, LOG_SEED);
    write_key(folder, "witness", MERKLE_KEY_COSIGNATURE, WITNESS, WITNESS_SEED);
    write_proofs(folder, &tiles, sizes, count);
    free(sizes);
}

/* ---- note ---- */

static void verify_note(const char *key_path, const char *note_path) {
    struct merkle_key key;
    struct merkle_note note;
    buf text = {0}, bytes = {0};
    if (!read_file(key_path, &text) || !read_file(note_path, &bytes))
        fail(key_path, "it, or the note, can't be read");
    require(merkle_key_parse(&key, buf_slice(&text)), key_path);
    require(merkle_note_parse(&note, buf_slice(&bytes)), note_path);
    require(merkle_note_verify(&note, &key), note_path);
    fwrite(note.text.p, 1, note.text.n, stdout);
    buf_free(&text);
    buf_free(&bytes);
}

/* ---- vectors ---- */

static void print_hex(slice bytes) {
    putchar('"');
    for (size_t i = 0; i < bytes.n; i++)
        printf("%02x", bytes.p[i]);
    putchar('"');
}

/* Text of a note: it has no character but the newline that JSON would mind. */
static void print_text(slice text) {
    putchar('"');
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\n')
            printf("\\n");
        else
            putchar(text.p[i]);
    putchar('"');
}

static void print_member(const char *name, slice bytes, const char *after) {
    printf("\"%s\": ", name);
    print_hex(bytes);
    printf("%s", after);
}

static void print_proof(const struct merkle_proof *proof) {
    printf("\"path\": [");
    for (size_t i = 0; i < proof->n; i++) {
        printf("%s\n     ", i == 0 ? "" : ",");
        print_hex(merkle_hash_slice(&proof->path[i]));
    }
    printf("]}");
}

enum { TREE = 13 };

static err hash_of_entries(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out) {
    (void)ctx;
    struct merkle_frontier frontier = {0};
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        merkle_leaf_hash(out, entry_of(i));
        TRY(merkle_append(&frontier, out));
    }
    merkle_frontier_root(&frontier, out);
    return OK;
}

static void print_tree(void) {
    struct merkle_source source = {hash_of_entries, NULL};
    struct merkle_frontier frontier = {0};
    struct merkle_hash leaf, root;
    struct merkle_proof proof;
    printf(" \"tree\": [");
    for (uint64_t i = 0; i < TREE; i++) {
        merkle_leaf_hash(&leaf, entry_of(i));
        require(merkle_append(&frontier, &leaf), "tree");
        merkle_frontier_root(&frontier, &root);
        printf("%s\n  {", i == 0 ? "" : ",");
        print_member("entry", entry_of(i), ", ");
        print_member("root", merkle_hash_slice(&root), "}");
    }
    printf("],\n \"inclusion\": [");
    for (uint64_t i = 0; i < TREE; i += 4) {
        require(merkle_inclusion_prove(&source, i, TREE, &proof), "inclusion");
        printf("%s\n  {\"index\": %d, \"size\": %d, ", i == 0 ? "" : ",", (int)i, TREE);
        print_proof(&proof);
    }
    printf("],\n \"consistency\": [");
    for (uint64_t i = 1; i <= TREE; i += 3) {
        require(merkle_consistency_prove(&source, i, TREE, &proof), "consistency");
        printf("%s\n  {\"older\": %d, \"newer\": %d, ", i == 1 ? "" : ",", (int)i, TREE);
        print_proof(&proof);
    }
    printf("],\n");
}

static void print_fields(const struct merkle_field *fields, size_t count) {
    printf("\"fields\": [");
    for (size_t i = 0; i < count; i++) {
        printf("%s\n    {\"slot\": %d, ", i == 0 ? "" : ",", (int)fields[i].slot);
        print_member("name", fields[i].name, ",\n     ");
        print_member("salt", slice_of(fields[i].salt, MERKLE_SALT), ",\n     ");
        print_member("value", fields[i].value, "}");
    }
    printf("],\n   ");
}

static void print_sealed(void) {
    uint8_t salts[3][MERKLE_SALT], filler[MERKLE_FILLER], long_value[70], entry[MERKLE_SEALED];
    memset(salts[0], 0x11, MERKLE_SALT);
    memset(salts[1], 0x22, MERKLE_SALT);
    memset(salts[2], 0x33, MERKLE_SALT);
    memset(filler, 0x44, sizeof filler);
    memset(long_value, 'v', sizeof long_value);
    struct merkle_field fields[] = {
        {MERKLE_SLOT_MOVE, slice_str("move"), salts[0], slice_str("suspensions")},
        {MERKLE_SLOT_FROM, slice_str("from"), salts[1], SLICE_EMPTY},
        {MERKLE_SLOT_PERSON_ROLES, slice_str("person-roles"), salts[2], SLICE_ARRAY(long_value)},
    };
    require(merkle_seal(entry, fields, 3, filler), "sealed");
    printf(" \"sealed\": [\n  {");
    print_member("filler", SLICE_ARRAY(filler), ",\n   ");
    print_fields(fields, 3);
    print_member("entry", SLICE_ARRAY(entry), "}],\n");
}

static void print_padding(void) {
    uint8_t key[32], batch_key[32], filler[32], entry[MERKLE_SEALED];
    memset(key, 0x55, sizeof key);
    printf(" \"padding\": [");
    for (uint64_t i = 0; i < 2; i++) {
        uint64_t batch = 2950 + i, index = 1000 * i;
        require(merkle_batch_key(batch_key, key, batch), "padding");
        require(merkle_padding_filler(filler, batch_key, index), "padding");
        require(merkle_seal(entry, NULL, 0, filler), "padding");
        printf("%s\n  {\"batch\": %d, \"index\": %d, ", i == 0 ? "" : ",", (int)batch, (int)index);
        print_member("key", SLICE_ARRAY(key), ",\n   ");
        print_member("batch_key", SLICE_ARRAY(batch_key), ",\n   ");
        print_member("filler", SLICE_ARRAY(filler), ",\n   ");
        print_member("entry", SLICE_ARRAY(entry), "}");
    }
    printf("],\n");
}

static void print_key(const char *name, const struct merkle_key *key, const uint8_t *seed) {
    buf text = {0};
    require(merkle_key_format(&text, key), name);
    printf("  \"%s\": {\"vkey\": ", name);
    print_text(buf_slice(&text));
    printf(", ");
    print_member("seed", slice_of(seed, 32), "},\n");
    buf_free(&text);
}

static void print_notes(void) {
    struct merkle_source source = {hash_of_entries, NULL};
    struct merkle_frontier frontier;
    struct merkle_hash root;
    struct merkle_add_checkpoint request = {.old = 5};
    struct merkle_key log, witness;
    buf note = {0}, body = {0};
    make_key(&log, MERKLE_KEY_ED25519, ORIGIN, LOG_SEED);
    make_key(&witness, MERKLE_KEY_COSIGNATURE, WITNESS, WITNESS_SEED);
    require(merkle_frontier_read(&source, TREE, &frontier), "root");
    merkle_frontier_root(&frontier, &root);
    make_note(&note, TREE, &root);
    request.note = buf_slice(&note);
    require(merkle_consistency_prove(&source, request.old, TREE, &request.proof), "request");
    require(merkle_add_checkpoint_format(&body, &request), "request");
    printf(" \"checkpoint\": {\n");
    print_key("log", &log, LOG_SEED);
    print_key("witness", &witness, WITNESS_SEED);
    printf("  \"seconds\": %d,\n  \"note\": ", SECONDS);
    print_text(buf_slice(&note));
    printf(",\n  \"request\": ");
    print_text(buf_slice(&body));
    printf("}\n}\n");
    buf_free(&note);
    buf_free(&body);
}

/* The rows of the table in docs/LEDGER.md. */
static void print_slots(void) {
    static const char *const rows[] = {
#define X(name, code, text) "`" name "` | " text " |",
        MERKLE_FIELDS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        printf("| %zu | %s\n", i, rows[i]);
}

int main(int argc, char **argv) {
    require(crypto_init(), "crypto");
    if (argc == 2 && strcmp(argv[1], "vectors") == 0) {
        printf("{\n");
        print_tree();
        print_sealed();
        print_padding();
        print_notes();
    } else if (argc > 3 && strcmp(argv[1], "write") == 0) {
        write_log(argv[2], argv + 3, (size_t)argc - 3);
    } else if (argc == 2 && strcmp(argv[1], "slots") == 0) {
        print_slots();
    } else if (argc == 4 && strcmp(argv[1], "note") == 0) {
        verify_note(argv[2], argv[3]);
    } else {
        fail("usage", "vectors | slots | write DIR SIZE... | note KEY NOTE");
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
