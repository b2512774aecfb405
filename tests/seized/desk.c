#include "desk.h"

#include "base/text.h"
#include "known.h"
#include "server/internal.h"

static const uint8_t SEED[32] = {9};

void desk_begin(struct rig *rig) {
    struct held_desk row = {
        .version = 1, .name = slice_str("A desk"), .origin = slice_str("https://desk.example.org")};
    CHECK_OK(crypto_ed25519.public_of(row.notice_key, SEED));
    CHECK_OK(mail_desk_put(rig->mail, &row));
    mail_commit(rig->mail);
}

static void write_text(buf *out, const struct rig *rig, const uint8_t account[CORE_ACCOUNT],
                       const char *wording) {
    static unsigned number;
    char line[400];
    snprintf(line, sizeof line, "sotto notice 1\nid n-%u\ncase c-1\naccount id ", ++number);
    CHECK_OK(buf_append(out, slice_str(line)));
    CHECK_OK(hex_encode(out, slice_of(account, CORE_ACCOUNT)));
    CHECK_OK(buf_append(out, slice_str("\nreceipt ")));
    CHECK_OK(hex_encode(out, SLICE_ARRAY(SEED)));
    snprintf(line, sizeof line, "\nwording %s\nserver ", wording);
    CHECK_OK(buf_append(out, slice_str(line)));
    CHECK_OK(hex_encode(out, SLICE_ARRAY(rig->identity)));
    CHECK_OK(buf_append_byte(out, '\n'));
}

void desk_notice(struct rig *rig, const uint8_t account[CORE_ACCOUNT], const char *wording) {
    buf text = {0}, content = {0};
    struct proto_notice notice;
    size_t n = sizeof notice.signature;
    write_text(&text, rig, account, wording);
    notice.text = buf_slice(&text);
    CHECK_OK(crypto_ed25519.sign(notice.signature, &n, SEED, notice.text));
    known_add(KNOWN_NOTICE, SLICE_ARRAY(notice.signature));
    CHECK_OK(proto_notice_encode(&content, &notice));
    mail_clock(rig->mail);
    CHECK_OK(mail_notice_put(rig->mail, account, buf_slice(&content)));
    mail_commit(rig->mail);
    buf_free(&text);
    buf_free(&content);
}
