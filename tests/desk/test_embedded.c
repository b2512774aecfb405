/* What the desk's program carries is what the files say, byte for byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/data/embedded.h"
#include "test.h"

enum { FILE_MAX = 1 << 20 };

/* A buffer of the caller's; how much is in it. */
static size_t read_file(const char *name, unsigned char *out) {
    char path[4096];
    const char *folder = getenv("DESK_DATA");
    CHECK(folder != NULL);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    size_t n = fread(out, 1, FILE_MAX, f);
    CHECK(feof(f) && !ferror(f));
    fclose(f);
    return n;
}

static const struct desk_embedded *find(const char *name) {
    for (size_t i = 0; i < desk_embedded_count; i++)
        if (strcmp(desk_embedded[i].name, name) == 0)
            return &desk_embedded[i];
    return NULL;
}

TEST(each_file_is_there_byte_for_byte) {
    static unsigned char bytes[FILE_MAX];
    CHECK(desk_embedded_count >= 12);
    for (size_t i = 0; i < desk_embedded_count; i++) {
        size_t n = read_file(desk_embedded[i].name, bytes);
        CHECK(n > 0);
        CHECK_SLICE(slice_of(desk_embedded[i].bytes, desk_embedded[i].n), slice_of(bytes, n));
    }
}

TEST(the_order_is_that_of_the_names_and_a_zero_follows) {
    for (size_t i = 0; i < desk_embedded_count; i++) {
        CHECK(i == 0 || strcmp(desk_embedded[i - 1].name, desk_embedded[i].name) < 0);
        CHECK_EQ(desk_embedded[i].bytes[desk_embedded[i].n], 0);
    }
}

TEST(what_the_desk_needs_is_among_them) {
    static const char *const names[] = {
        "assessment.json", "bands.json",
        "checklists.json", "demands.json",
        "deployment.json", "held.json",
        "letters.json",    "process-types.json",
        "reasons.json",    "regimes.json",
        "policy.md",       "policy.zh-Hant.md",
        "authorities.md",  "authorities.zh-Hant.md",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK(find(names[i]) != NULL);
    CHECK(find("embedded.h") == NULL);
}

TEST_MAIN
