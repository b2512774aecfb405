#include <stdio.h>

#include "server/config.h"
#include "test.h"

static struct config c;
static char why[CONFIG_TEXT];

TEST(the_defaults_listen_on_loopback) {
    config_init(&c);
    CHECK(strcmp(c.listen, "127.0.0.1:4460") == 0);
    CHECK(strcmp(c.http, "127.0.0.1:4480") == 0);
    CHECK_EQ(c.mailbox_items, 10000);
    CHECK_OK(config_check(&c, why));
}

TEST(lines_are_read_with_or_without_spaces) {
    config_init(&c);
    CHECK_OK(config_parse(&c,
                          slice_str("# a comment\n\n data = /srv/sotto \r\nitem_days =3\n"
                                    "registration=closed"),
                          why));
    CHECK(strcmp(c.data, "/srv/sotto") == 0);
    CHECK_EQ(c.item_days, 3);
    CHECK(strcmp(c.registration, "closed") == 0);
}

TEST(a_line_without_its_sign_is_refused) {
    config_init(&c);
    CHECK_ERR(config_parse(&c, slice_str("log = warn\ndata /srv/sotto\n"), why), ERR_MALFORMED);
    CHECK(strstr(why, "line 2") != NULL && strstr(why, "key = value") != NULL);
    CHECK_ERR(config_parse(&c, slice_str("data"), why), ERR_MALFORMED);
}

TEST(an_unknown_setting_is_named_with_its_line) {
    config_init(&c);
    CHECK_ERR(config_parse(&c, slice_str("data = x\n\nmailbx = 3\n"), why), ERR_NOT_FOUND);
    CHECK(strstr(why, "line 3") != NULL && strstr(why, "mailbx") != NULL);
}

TEST(a_bad_value_is_refused_and_changes_nothing) {
    static const char *const bad[] = {
        "item_days = 0",
        "item_days = x",
        "item_days =",
        "item_days = -1",
        "item_days = 99999999999999999999",
        "registration = open",
        "sandbox = maybe",
        "log = 3",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct config before;
        config_init(&c);
        before = c;
        CHECK(config_parse(&c, slice_str(bad[i]), why) != OK);
        CHECK(strstr(why, "line 1") != NULL);
        CHECK(memcmp(&before, &c, sizeof c) == 0);
    }
}

TEST(a_text_that_is_too_long_is_refused) {
    static char line[CONFIG_TEXT + 32];
    memset(line, 'x', sizeof line - 1);
    memcpy(line, "data = ", 7);
    config_init(&c);
    CHECK_ERR(config_parse(&c, slice_str(line), why), ERR_LIMIT);
}

TEST(what_no_single_value_shows_is_checked) {
    config_init(&c);
    CHECK_OK(config_parse(&c, slice_str("certificate = a.pem"), why));
    CHECK_ERR(config_check(&c, why), ERR_MALFORMED);
    config_init(&c);
    CHECK_OK(config_parse(&c, slice_str("listen = nowhere"), why));
    CHECK_ERR(config_check(&c, why), ERR_MALFORMED);
}

TEST(links_need_an_address_that_can_be_called) {
    static const char *const every[] = {"listen = 0.0.0.0:4460", "listen = [::]:4460",
                                        "listen = :4460"};
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
        config_init(&c);
        CHECK_OK(config_parse(&c, slice_str(every[i]), why));
        CHECK_ERR(config_check(&c, why), ERR_MALFORMED);
        CHECK(strstr(why, "'public'") != NULL);
        struct config closed = c;
        CHECK_OK(config_parse(&closed, slice_str("registration = closed"), why));
        CHECK_OK(config_check(&closed, why));
        CHECK_OK(config_parse(&c, slice_str("public = chat.example.org:4460"), why));
        CHECK_OK(config_check(&c, why));
    }
}

/* packaging/sottod.conf.in is this text under a head of its own. */
TEST(the_description_names_every_setting_once_and_parses) {
    buf text = {0};
    CHECK_OK(config_describe(&text));
    for (size_t i = 0; i + 1 < text.n; i++)
        if ((i == 0 || text.p[i - 1] == '\n') && text.p[i] == '#' && text.p[i + 1] != ' ')
            text.p[i] = ' '; /* a setting that is commented out */
    config_init(&c);
    struct config standard = c;
    CHECK_OK(config_parse(&c, buf_slice(&text), why));
    CHECK(memcmp(&standard, &c, sizeof c) == 0);
    buf_free(&text);
}

TEST_MAIN
