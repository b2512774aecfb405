/* The other side of script_test.ts: what the desk's script does is done here by src/crypto and
 * src/office. All in hexadecimal.
 *
 *   seal PUBLIC INFO AAD PLAIN      open PRIVATE INFO AAD SEALED      pair
 *   key PERSON      the person's ES256 key in the tests' office
 *   login PERSON    a login's text
 *   check DOCUMENT  the office's answer to who signed it */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/hpke.h"
#include "tests/office/people.h"

static const struct hpke_suite SUITE = {&crypto_dhkem_x25519, &crypto_sha256, 0x0001,
                                        &crypto_ossl_aes256gcm};
enum { ENC = 32, TAG = 16 };

static buf from_hex(const char *text) {
    buf b = {0};
    must(hex_decode(&b, slice_str(text)));
    return b;
}

static void say(slice bytes) {
    buf text = {0};
    must(hex_encode(&text, bytes));
    printf("%.*s\n", (int)text.n, (const char *)text.p);
    buf_free(&text);
}

static void do_seal(char **a) {
    buf pub = from_hex(a[0]), info = from_hex(a[1]), aad = from_hex(a[2]), plain = from_hex(a[3]),
        out = {0};
    must(buf_resize(&out, ENC + plain.n + TAG));
    must(hpke_seal(&SUITE, out.p, out.p + ENC, buf_slice(&pub), buf_slice(&info), buf_slice(&aad),
                   buf_slice(&plain), NULL));
    say(buf_slice(&out));
    buf_free(&out);
    buf_free(&pub);
    buf_free(&info);
    buf_free(&aad);
    buf_free(&plain);
}

static void do_open(char **a) {
    buf priv = from_hex(a[0]), info = from_hex(a[1]), aad = from_hex(a[2]), sealed = from_hex(a[3]),
        out = {0};
    must(buf_resize(&out, sealed.n - ENC - TAG));
    must(hpke_open(&SUITE, out.p, slice_of(sealed.p, ENC), buf_slice(&priv), buf_slice(&info),
                   buf_slice(&aad), slice_of(sealed.p + ENC, sealed.n - ENC)));
    say(buf_slice(&out));
    buf_free(&out);
    buf_free(&priv);
    buf_free(&info);
    buf_free(&aad);
    buf_free(&sealed);
}

static void do_pair(void) {
    uint8_t pub[32], priv[32];
    crypto_x25519_generate(pub, priv);
    say(SLICE_ARRAY(pub));
    say(SLICE_ARRAY(priv));
}

static int person_of(const char *id) {
    for (int i = 0; i < PEOPLE; i++)
        if (strcmp(people_ids[i], id) == 0)
            return i;
    must(ERR_NOT_FOUND);
    return 0;
}

static void do_key(const char *id) {
    say(slice_of(people_key(person_of(id), SOFT_ES256)->priv, 32));
}

static const uint64_t MADE = 1800000000000;

static void do_login(const char *id) {
    struct office *o = people_office_load(true);
    struct office_login login = {
        .person = slice_str(id), .nonce = {7}, .office = {o->version, {0}}, .made = MADE};
    memcpy(login.office.hash, o->document.hash, 32);
    buf text = {0};
    must(office_login_write(&text, &login) == OFFICE_OK ? OK : ERR_BUG);
    say(buf_slice(&text));
    buf_free(&text);
    office_free(o);
}

static void do_check(const char *document) {
    struct office *o = people_office_load(true);
    struct office_signer who;
    buf bytes = from_hex(document);
    size_t line;
    enum office_reason r =
        office_login_check(&who, o, NULL, buf_slice(&bytes), (const uint8_t[32]){7}, MADE, &line);
    printf("%s\n", office_reason_name(r));
    buf_free(&bytes);
    office_free(o);
}

int main(int argc, char **argv) {
    must(crypto_init());
    if (argc == 6 && strcmp(argv[1], "seal") == 0)
        do_seal(argv + 2);
    else if (argc == 6 && strcmp(argv[1], "open") == 0)
        do_open(argv + 2);
    else if (argc == 2 && strcmp(argv[1], "pair") == 0)
        do_pair();
    else if (argc == 3 && strcmp(argv[1], "key") == 0)
        do_key(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "login") == 0)
        do_login(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "check") == 0)
        do_check(argv[2]);
    else
        return 2;
    return 0;
}
