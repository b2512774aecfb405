#include "tests/test.h"

#include "base/error.h"
#include "base/slice.h"

static const err ALL[] = {OK,
#define X(name, class, text) ERR_##name,
                          ERR_LIST(X)
#undef X
};
enum { COUNT = sizeof(ALL) / sizeof(ALL[0]) };

TEST(every_error_has_a_class_a_name_and_a_text) {
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(err_class(ALL[i]) <= ERR_CLASS_BUG);
        CHECK((err_class(ALL[i]) == ERR_CLASS_OK) == (ALL[i] == OK));
        CHECK(strlen(err_name(ALL[i])) > 0);
        CHECK(strlen(err_text(ALL[i])) > 0);
    }
}

TEST(no_two_errors_share_a_value_or_a_name) {
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < i; j++) {
            CHECK(ALL[i] != ALL[j]);
            CHECK(strcmp(err_name(ALL[i]), err_name(ALL[j])) != 0);
        }
}

TEST(names_are_stable) {
    CHECK(strcmp(err_name(OK), "OK") == 0);
    CHECK(strcmp(err_name(ERR_DISK_FULL), "DISK_FULL") == 0);
    CHECK(err_class(ERR_DISK_FULL) == ERR_CLASS_IO);
    CHECK(err_class(ERR_MLS_MEMBERSHIP_TAG) == ERR_CLASS_DENIED);
}

TEST(an_unknown_number_still_has_a_name) {
    unsigned odd = 0xffff;
    CHECK(strcmp(err_name((err)odd), "UNKNOWN") == 0);
    CHECK(err_text((err)odd) != NULL);
}

static err pass(err e) {
    TRY(e);
    return ERR_EXISTS;
}

static err clean(err e, int *cleaned) {
    err result = ERR_BUG;
    TRY_OUT(result, e);
out:
    *cleaned += 1;
    return result;
}

TEST(try_leaves_with_the_error_and_goes_on_without) {
    CHECK(pass(ERR_LATE) == ERR_LATE);
    CHECK(pass(OK) == ERR_EXISTS);
    int cleaned = 0;
    CHECK(clean(ERR_LATE, &cleaned) == ERR_LATE);
    CHECK(clean(OK, &cleaned) == OK);
    CHECK(cleaned == 2);
}

TEST_MAIN
