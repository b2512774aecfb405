/* The command line. */
#include "term/args.h"
#include "term/command.h"
#include "test.h"

enum { MOST = 16 };

struct given {
    const char *argv[MOST];
    int argc;
    struct args args;
    char why[ARGS_WHY];
};

static err parse(struct given *g, const char *const *words) {
    g->argv[0] = "sotto";
    g->argc = 1;
    while (words[g->argc - 1] != NULL) {
        CHECK(g->argc < MOST);
        g->argv[g->argc] = words[g->argc - 1];
        g->argc++;
    }
    memset(g->why, 0, sizeof g->why);
    return args_parse(&g->args, g->argc, g->argv, g->why);
}

#define PARSE(g, ...) parse((g), (const char *const[]){__VA_ARGS__, NULL})

static bool same(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

TEST(options_stand_before_and_after_the_command) {
    struct given g;
    CHECK_OK(PARSE(&g, "--json", "--home", "h", "send", "bob", "--timeout=3", "hello", "you"));
    CHECK(g.args.command == &command_send);
    CHECK(g.args.json);
    CHECK(same(g.args.home, "h"));
    CHECK_EQ(g.args.timeout, 3);
    CHECK_EQ(g.args.word_count, 3);
    CHECK(same(g.args.words[0], "bob") && same(g.args.words[2], "you"));
}

TEST(two_dashes_end_the_options) {
    struct given g;
    CHECK_OK(PARSE(&g, "send", "bob", "--", "--json", "--", "-x"));
    CHECK(!g.args.json);
    CHECK_EQ(g.args.word_count, 4);
    CHECK(same(g.args.words[1], "--json") && same(g.args.words[2], "--"));
}

TEST(a_single_dash_is_a_word) {
    struct given g;
    CHECK_OK(PARSE(&g, "send", "bob", "-"));
    CHECK_EQ(g.args.word_count, 2);
}

TEST(a_mistake_is_told_as_objects_wherever_json_stands) {
    struct given g;
    CHECK_ERR(PARSE(&g, "read", "--nope", "--json"), ERR_MALFORMED);
    CHECK(g.args.json);
    CHECK_ERR(PARSE(&g, "sned", "bob", "--json"), ERR_MALFORMED);
    CHECK(g.args.json);
    CHECK_ERR(PARSE(&g, "--json", "read", "a", "b"), ERR_MALFORMED);
    CHECK(g.args.json);
    CHECK_ERR(PARSE(&g, "read", "--nope", "--", "--json"), ERR_MALFORMED);
    CHECK(!g.args.json);
}

TEST(unknown_commands_and_options_are_refused_by_name) {
    struct given g;
    CHECK_ERR(PARSE(&g, "sned", "bob"), ERR_MALFORMED);
    CHECK(strstr(g.why, "sned") != NULL);
    CHECK_ERR(PARSE(&g, "send", "bob", "--jsn"), ERR_MALFORMED);
    CHECK(strstr(g.why, "--jsn") != NULL);
}

TEST(an_option_of_another_command_is_refused) {
    struct given g;
    CHECK_ERR(PARSE(&g, "send", "bob", "--last", "3"), ERR_MALFORMED);
    CHECK(strstr(g.why, "--last") != NULL);
    CHECK_OK(PARSE(&g, "read", "--last", "3"));
    CHECK(g.args.has_last);
    CHECK_EQ(g.args.last, 3);
}

TEST(values_are_needed_where_they_are_and_only_there) {
    struct given g;
    CHECK_ERR(PARSE(&g, "read", "--last"), ERR_MALFORMED);
    CHECK_ERR(PARSE(&g, "read", "--json=yes"), ERR_MALFORMED);
    CHECK_OK(PARSE(&g, "invite", "link", "--as="));
    CHECK(same(g.args.as, ""));
}

TEST(numbers_are_digits_and_bounded) {
    static const char *const bad[] = {
        "", "-1", "+1", "1x", " 1", "9999999999", "99999999999999999999", "01"};
    struct given g;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_ERR(PARSE(&g, "read", "--last", bad[i]), ERR_MALFORMED);
    CHECK_ERR(PARSE(&g, "read", "--last", "31536001"), ERR_MALFORMED);
    CHECK_OK(PARSE(&g, "read", "--last", "31536000"));
    CHECK_EQ(g.args.last, 31536000);
}

TEST(too_few_and_too_many_words_are_refused) {
    struct given g;
    CHECK_ERR(PARSE(&g, "add", "3"), ERR_MALFORMED);
    CHECK_ERR(PARSE(&g, "add", "3", "bob", "carol"), ERR_MALFORMED);
    CHECK(strstr(g.why, "carol") != NULL);
    CHECK_ERR(PARSE(&g, "init"), ERR_MALFORMED);
}

TEST(help_needs_no_words) {
    struct given g;
    CHECK_OK(PARSE(&g, "add", "--help"));
    CHECK(g.args.help && g.args.command == &command_add);
    CHECK_OK(PARSE(&g, "--version"));
    CHECK(g.args.version);
}

TEST(a_passphrase_is_read_or_there_is_none) {
    struct given g;
    CHECK_ERR(PARSE(&g, "status", "--no-passphrase", "--passphrase-file", "f"), ERR_MALFORMED);
}

TEST(a_proxy_is_a_place_or_none) {
    struct given g;
    CHECK_OK(PARSE(&g, "status", "--proxy", "127.0.0.1:9050", "--isolate", "off"));
    CHECK(same(g.args.proxy, "127.0.0.1:9050") && same(g.args.isolate, "off"));
    CHECK_OK(PARSE(&g, "status", "--proxy", "socks5://[::1]:9050", "--isolate=on"));
    CHECK_OK(PARSE(&g, "status", "--proxy", "none"));
    static const char *const bad[] = {"", "None", "off", "9050", "http://127.0.0.1:8080", "h:1 "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(PARSE(&g, "status", "--proxy", bad[i]), ERR_MALFORMED);
        CHECK_ERR(PARSE(&g, "status", "--isolate", bad[i]), i == 2 ? OK : ERR_MALFORMED);
    }
}

TEST(every_command_has_its_texts) {
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *c = commands[i];
        CHECK(c->name != NULL && c->words != NULL && c->help != NULL && c->text != NULL);
        CHECK((c->start != NULL) == (c->alone == NULL && (c->flags & COMMAND_LOCKS) == 0) &&
              c->words_min <= c->words_max);
        CHECK(command_named(c->name) == c);
    }
}

TEST(a_command_s_usage_names_the_options_that_it_takes_and_no_other) {
    static const char *const options[] = {"--offline", "--name",       "--as",    "--title",
                                          "--last",    "--until-idle", "--count", "--done",
                                          "--qr",      "--once",       "--days",  "--most"};
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *c = commands[i];
        for (size_t j = 0; j < sizeof options / sizeof options[0]; j++)
            CHECK_EQ((c->options >> j & 1) != 0, strstr(c->words, options[j]) != NULL);
    }
}

/* ---- Handing over ---- */

static void hand_over(const struct given *g, struct args *args, buf *text, buf *argv) {
    buf packed = {0};
    char why[ARGS_WHY];
    int argc = 0;
    CHECK_OK(args_pack(&packed, &g->args));
    CHECK_OK(args_unpack(buf_slice(&packed), text, argv, &argc));
    CHECK_OK(args_parse(args, argc, (const char **)(void *)argv->p, why));
    buf_free(&packed);
}

TEST(a_command_line_survives_handing_over) {
    struct given g;
    struct args args;
    buf text = {0}, argv = {0};
    CHECK_OK(PARSE(&g, "--json", "send", "--timeout", "3", "--", "bob", "", "two words", "–", "-",
                   "--json", "--"));
    hand_over(&g, &args, &text, &argv);
    CHECK(args.command == &command_send && args.json && args.timeout == 3);
    CHECK_EQ(args.word_count, 7);
    for (size_t i = 0; i < args.word_count; i++)
        CHECK(same(args.words[i], g.args.words[i]));
    CHECK_OK(PARSE(&g, "read", "--last", "0", "--offline", "bob"));
    hand_over(&g, &args, &text, &argv);
    CHECK(args.has_last && args.last == 0 && args.offline && !args.json);
    CHECK_OK(PARSE(&g, "new", "bob", "--title", "-"));
    hand_over(&g, &args, &text, &argv);
    CHECK(same(args.title, "-") && args.word_count == 1 && !args.has_last);
    CHECK(args.proxy == NULL && args.isolate == NULL);
    CHECK_OK(PARSE(&g, "read", "--proxy", "h:1", "--isolate", "on"));
    hand_over(&g, &args, &text, &argv);
    CHECK(same(args.proxy, "h:1") && same(args.isolate, "on"));
    buf_free(&text);
    buf_free(&argv);
}

TEST(what_is_not_a_command_line_is_refused) {
    buf text = {0}, back = {0};
    int argc = 0;
    CHECK_ERR(args_unpack(slice_of("\x05"
                                   "ab",
                                   3),
                          &text, &back, &argc),
              ERR_TRUNCATED);
    CHECK_ERR(args_unpack(slice_of("\x03"
                                   "a\0b",
                                   4),
                          &text, &back, &argc),
              ERR_MALFORMED);
    buf_free(&text);
    buf_free(&back);
}

TEST_MAIN
