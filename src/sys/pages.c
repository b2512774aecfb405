#include "sys/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/files.h"
#include "sys/openssl.h"

enum { HASH = 32, NAMED = 10 /* digits of it in a name */, HEAD_MAX = 2048, PATH = 1024 };

/* Where something lies in the memory. n is 0 and at too if it doesn't. */
struct part {
    uint32_t at, n;
};
struct file {
    struct part path, headers, mark, bodies[SYS_CODINGS];
};
/* What the memory begins with. It goes to processes of this same program only. */
struct image {
    uint32_t size, count;
    struct file files[SYS_PAGES_MAX];
};

struct sys_pages {
    const struct image *image;
    unsigned references;
};

/* ---- What a file is ---- */

static const struct {
    const char *end, *type;
} TYPES[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".webmanifest", "application/manifest+json"},
};

static const char *const ENDS[SYS_CODINGS] = {"", ".gz", ".br"};

const char *sys_pages_type(const char *name) {
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (strcmp(dot, TYPES[i].end) == 0)
            return TYPES[i].type;
    return NULL;
}

/* Letters, digits, and between them what needs no escape anywhere. */
static bool is_name(const char *name) {
    size_t n = strlen(name);
    bool plain =
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
    return plain && n > 0 && n < SYS_PAGES_NAME && name[0] != '.';
}

static bool names_its_hash(const char *name, slice digits) {
    const char *dot = strrchr(name, '.');
    return dot - name > NAMED && dot[-NAMED - 1] == '-' &&
           memcmp(dot - NAMED, digits.p, NAMED) == 0;
}

/* ---- Reading ---- */

struct reading {
    const char *folder;
    struct image image;
    buf bytes; /* what follows the image */
    char *which;
    bool has_index;
    err result;
};

static err put(struct reading *r, slice bytes, struct part *part) {
    *part = (struct part){(uint32_t)(sizeof r->image + r->bytes.n), (uint32_t)bytes.n};
    return buf_append(&r->bytes, bytes);
}

static err put_head(struct reading *r, const char *name, slice digits, struct file *file) {
    char head[HEAD_MAX];
#define LINE(name, value) name ": " value "\r\n"
    int n =
        snprintf(head, sizeof head,
                 "Content-Type: %s\r\n"
                 "Cache-Control: %s\r\n"
                 "ETag: W/\"%.*s\"\r\n"
                 "Vary: Accept-Encoding\r\n" SYS_PAGES_HEADERS(LINE),
                 sys_pages_type(name),
                 names_its_hash(name, digits) ? "public, max-age=31536000, immutable" : "no-cache",
                 (int)digits.n, (const char *)digits.p);
#undef LINE
    if (n < 0 || (size_t)n >= sizeof head)
        return ERR_BUG;
    return put(r, slice_of(head, (size_t)n), &file->headers);
}

/* Mark and path lie in the memory too, as the other parts do. */
static err put_names(struct reading *r, const char *name, slice content, struct file *file) {
    uint8_t hash[HASH];
    unsigned size = sizeof hash;
    buf text = {0};
    if (EVP_Digest(content.p, content.n, hash, &size, EVP_sha256(), NULL) != 1)
        return ERR_NO_MEMORY;
    err e = hex_encode(&text, SLICE_ARRAY(hash));
    if (e == OK)
        e = put_head(r, name, buf_slice(&text), file);
    if (e == OK)
        e = put(r, buf_slice(&text), &file->mark);
    if (e == OK)
        e = put(r, slice_str(name), &file->path);
    buf_free(&text);
    return e;
}

static err put_coded(struct reading *r, const char *path, enum sys_coding coding,
                     struct file *file) {
    char coded[PATH];
    buf content = {0};
    snprintf(coded, sizeof coded, "%s%s", path, ENDS[coding]);
    err e = sys_file_read(coded, SYS_PAGE_BYTES_MAX, &content);
    if (e == OK)
        e = put(r, buf_slice(&content), &file->bodies[coding]);
    else if (e == ERR_NOT_FOUND)
        e = OK;
    buf_free(&content);
    return e;
}

static err take_file(struct reading *r, const char *path, const char *name) {
    if (!is_name(name) || sys_pages_type(name) == NULL || strlen(path) + 4 > PATH)
        return ERR_MALFORMED;
    if (r->image.count == SYS_PAGES_MAX)
        return ERR_LIMIT;
    struct file *file = &r->image.files[r->image.count];
    buf content = {0};
    err e = sys_file_read(path, SYS_PAGE_BYTES_MAX, &content);
    if (e == OK)
        e = put(r, buf_slice(&content), &file->bodies[SYS_CODING_NONE]);
    if (e == OK)
        e = put_names(r, name, buf_slice(&content), file);
    buf_free(&content);
    if (e == OK)
        e = put_coded(r, path, SYS_CODING_GZIP, file);
    if (e == OK)
        e = put_coded(r, path, SYS_CODING_BR, file);
    r->image.count += e == OK;
    r->has_index = r->has_index || strcmp(name, "index.html") == 0;
    return e;
}

static bool ends_in(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

/* The first that is at fault ends it. What lies in a folder within has a slash in its name, which
 * no name has. */
static void found(void *ctx, const char *path) {
    struct reading *r = ctx;
    const char *name = path + strlen(r->folder);
    name += strspn(name, "/");
    bool coded = ends_in(name, ENDS[SYS_CODING_GZIP]) || ends_in(name, ENDS[SYS_CODING_BR]);
    if (r->result != OK || coded)
        return;
    r->result = name[0] == 0 ? sys_dir_check(path) : take_file(r, path, name);
    if (r->result != OK)
        snprintf(r->which, SYS_PAGES_NAME, "%.200s", path);
}

/* ---- The memory ---- */

/* From here on nobody can change it, whoever gets hold of the descriptor. */
static err seal(int fd, const struct image *image, slice bytes) {
    TRY(sys_write_all(fd, slice_of(image, sizeof *image)));
    TRY(sys_write_all(fd, bytes));
    int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    return fcntl(fd, F_ADD_SEALS, seals) == 0 ? OK : sys_err_from_errno(errno);
}

static err make_memory(struct reading *r, int *out) {
    size_t size = sizeof r->image + r->bytes.n;
    if (size > UINT32_MAX)
        return ERR_TOO_LARGE;
    r->image.size = (uint32_t)size;
    int fd = memfd_create("pages", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return sys_err_from_errno(errno);
    err e = seal(fd, &r->image, buf_slice(&r->bytes));
    if (e != OK) {
        close(fd);
        return e;
    }
    *out = fd;
    return OK;
}

err sys_pages_read(const char *folder, int *fd, char which[SYS_PAGES_NAME]) {
    struct reading *r = mem_new(NULL, sizeof *r);
    if (r == NULL)
        return ERR_NO_MEMORY;
    r->folder = folder;
    r->which = which;
    snprintf(which, SYS_PAGES_NAME, "%.200s", folder);
    sys_files_walk(folder, "", found, r);
    err e = r->result;
    if (e == OK && !r->has_index)
        e = ERR_NOT_FOUND;
    if (e == OK)
        e = make_memory(r, fd);
    buf_free(&r->bytes);
    mem_free(NULL, r, sizeof *r);
    return e;
}

static err map(const struct image **image, int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0)
        return sys_err_from_errno(errno);
    if (info.st_size < (off_t)sizeof(struct image))
        return ERR_MALFORMED;
    void *p = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return sys_err_from_errno(errno);
    *image = p;
    return OK;
}

err sys_pages_open(struct sys_pages **out, int fd) {
    struct sys_pages *pages = mem_new(NULL, sizeof *pages);
    err e = pages == NULL ? ERR_NO_MEMORY : map(&pages->image, fd);
    close(fd);
    if (e != OK) {
        mem_free(NULL, pages, sizeof *pages);
        return e;
    }
    pages->references = 1;
    *out = pages;
    return OK;
}

struct sys_pages *sys_pages_share(struct sys_pages *pages) {
    pages->references++;
    return pages;
}

void sys_pages_free(struct sys_pages *pages) {
    if (pages == NULL || --pages->references > 0)
        return;
    munmap((void *)(uintptr_t)pages->image, pages->image->size);
    mem_free(NULL, pages, sizeof *pages);
}

/* ---- Finding ---- */

size_t sys_pages_count(const struct sys_pages *pages) {
    return pages->image->count;
}

size_t sys_pages_bytes(const struct sys_pages *pages) {
    return pages->image->size;
}

static slice at(const struct sys_pages *pages, const struct part *part) {
    if (part->at == 0)
        return SLICE_EMPTY;
    return slice_of((const uint8_t *)pages->image + part->at, part->n);
}

bool sys_pages_find(const struct sys_pages *pages, slice path, struct sys_page *page) {
    slice name = slice_of(path.p + 1, path.n - 1); /* a path begins with a slash */
    if (name.n == 0)
        name = slice_str("index.html");
    for (uint32_t i = 0; i < pages->image->count; i++) {
        const struct file *file = &pages->image->files[i];
        if (!slice_equal(at(pages, &file->path), name))
            continue;
        *page = (struct sys_page){at(pages, &file->headers), at(pages, &file->mark), {{0}}};
        for (int coding = 0; coding < SYS_CODINGS; coding++)
            page->bodies[coding] = at(pages, &file->bodies[coding]);
        return true;
    }
    return false;
}
