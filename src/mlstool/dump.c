/* Reading and printing are one walk, so that what stands before a mistake is shown. */
#include "mlstool/dump.h"

#include <ctype.h>
#include <stdlib.h>

#include "mlstool/dump_walk.h"

/* ---- Input ---- */

static bool is_hex(slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (!isxdigit(s.p[i]))
            return false;
    return s.n > 0 && s.n % 2 == 0;
}

/* The strict spelling of either alphabet's text, padded or not. */
static err base64_spelled(buf *out, slice s) {
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        TRY(buf_append_byte(out, c == '-' ? '+' : c == '_' ? '/' : c));
    }
    while (out->n % 4 != 0)
        TRY(buf_append_byte(out, '='));
    return OK;
}

/* MALFORMED if it is not base64, or of nothing. */
static err read_base64(buf *out, slice s) {
    if (s.n == 0)
        return ERR_MALFORMED;
    buf text = {0};
    err e = base64_spelled(&text, s);
    if (e == OK)
        e = base64_decode(out, buf_slice(&text));
    buf_free(&text);
    return e;
}

static err without_space(slice s, buf *out) {
    for (size_t i = 0; i < s.n; i++)
        if (!isspace(s.p[i]))
            TRY(buf_append_byte(out, s.p[i]));
    return OK;
}

err dump_input(slice content, buf *out) {
    buf text = {0};
    err e = without_space(content, &text);
    buf_clear(out);
    if (e == OK && is_hex(buf_slice(&text)))
        e = hex_decode(out, buf_slice(&text));
    else if (e == OK)
        e = read_base64(out, buf_slice(&text));
    if (e == ERR_MALFORMED)
        e = buf_set(out, content);
    buf_free(&text);
    return e;
}

/* ---- One object ---- */

static bool same_name(const char *a, const char *b) {
    while (*a != '\0' && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

err dump_print(FILE *out, const char *type, slice bytes, bool full) {
    const struct dump_type *found = NULL;
    for (size_t i = 0; dump_types[i].name != NULL; i++)
        if (same_name(dump_types[i].name, type))
            found = &dump_types[i];
    if (found == NULL)
        return ERR_NOT_FOUND;
    struct dump d = {.out = out, .full = full, .start = bytes.p};
    reader r = reader_of(bytes);
    found->walk(&d, &r, found->name);
    if (d.e == OK && r.n != 0)
        dump_fail(&d, &r, ERR_TRAILING);
    if (d.e != OK)
        fprintf(out, "! byte %zu: %s (%s)\n", d.at, err_text(d.e), err_name(d.e));
    return d.e;
}

/* ---- The command ---- */

static err read_file(FILE *file, buf *out) {
    uint8_t part[65536];
    size_t n;
    while ((n = fread(part, 1, sizeof(part), file)) > 0)
        TRY(buf_append(out, slice_of(part, n)));
    return ferror(file) ? ERR_IO : OK;
}

static int usage(void) {
    fprintf(stderr, "usage: sotto-mls dump [--type TYPE] [--full] [FILE|-]\ntypes:");
    for (size_t i = 0; dump_types[i].name != NULL; i++)
        fprintf(stderr, " %s", dump_types[i].name);
    fprintf(stderr, "\n");
    return 2;
}

static int run(const char *path, const char *type, bool full) {
    buf content = {0}, bytes = {0};
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    err e = file == NULL ? ERR_IO : read_file(file, &content);
    if (file != NULL && file != stdin)
        fclose(file);
    if (e == OK)
        e = dump_input(buf_slice(&content), &bytes);
    if (e != OK)
        fprintf(stderr, "sotto-mls: %s: %s\n", path, err_text(e));
    else
        e = dump_print(stdout, type, buf_slice(&bytes), full);
    buf_free(&content);
    buf_free(&bytes);
    if (e == ERR_NOT_FOUND)
        return usage();
    return e == OK ? 0 : 1;
}

int dump_main(int argc, char **argv) {
    const char *path = NULL, *type = "MLSMessage";
    bool full = false;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--full") == 0)
            full = true;
        else if (strcmp(argv[i], "--type") == 0 && i + 1 < argc)
            type = argv[++i];
        else if (path == NULL && (argv[i][0] != '-' || argv[i][1] == '\0'))
            path = argv[i];
        else
            return usage();
    }
    return run(path == NULL ? "-" : path, type, full);
}
