/* The demonstration office: fourteen people whose keys lie in files, authorities of some countries,
 * and a first suspension list. It says of itself that it is a demonstration, and no other office
 * may have such keys. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/command.h"
#include "desk/keys.h"
#include "sys/files.h"
#include "sys/run.h"

enum { PATH = 1024, LINE = 1024, PRIVATE = 0600, CREDENTIAL = 16, DER_MAX = 16384 };

/* In the order of their ids. Nobody's law binds so many that it could compel a release. */
static const struct {
    const char *id, *roles, *countries;
} people[] = {
    {"approver-1", "roles approver", "IE"},
    {"approver-2", "deputy approver", "NL"},
    {"auditor-1", "roles auditor", "NO"},
    {"custodian-1", "roles custodian", "CH"},
    {"expert-1", "roles expert", "CA"},
    {"expert-2", "roles expert", "SE"},
    {"human-rights-1", "roles human-rights", "DE"},
    {"human-rights-2", "deputy human-rights", "FR"},
    {"intake-1", "roles intake", "IE"},
    {"intake-2", "roles intake", "FR"},
    {"local-law-1", "roles local-law", "IE"},
    {"local-law-2", "deputy local-law", "CH"},
    {"policy-1", "roles policy", "NL"},
    {"policy-2", "deputy policy", "IE"},
};
enum { PEOPLE = sizeof people / sizeof people[0] };

static const struct {
    const char *id, *name, *jurisdiction, *call;
    bool certificate;
} authorities[] = {
    {"de-court-example", "Amtsgericht Beispielstadt", "DE", "+49 30 0000000", true},
    {"fr-court-example", "Tribunal judiciaire d\u2019Exempleville", "FR", "+33 1 00 00 00 00",
     true},
    {"hk-police-example", "Hong Kong Police Force, Example Bureau", "HK", "+852 0000 0000", true},
    {"jp-police-example", "Example Prefectural Police", "JP", "+81 3 0000 0000", false},
    {"us-justice-example", "Example Department of Justice", "US", "+1 202 000 0000", true},
};
enum { AUTHORITIES = sizeof authorities / sizeof authorities[0] };

__attribute__((format(printf, 2, 3))) static err say(buf *out, const char *format, ...) {
    char line[LINE];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return n < 0 || n >= LINE ? ERR_TOO_LARGE : buf_append(out, slice_of(line, (size_t)n));
}

__attribute__((format(printf, 2, 3))) static err path_of(char path[PATH], const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(path, PATH, format, args);
    va_end(args);
    return n < 0 || n >= PATH ? ERR_TOO_LARGE : OK;
}

static err run(const char *const *argv, buf *out) {
    int status = 0;
    TRY(sys_run(argv, SLICE_EMPTY, DER_MAX, out, &status));
    return status == 0 ? OK : ERR_IO;
}

static err say_base64(buf *out, const char *word, slice bytes) {
    TRY(say(out, "%s ", word));
    TRY(base64_encode(out, bytes));
    return buf_append_byte(out, '\n');
}

/* ---- People ---- Their private keys are files of their own folders: seal and passkey in
 * hexadecimal, the passkey with the id of its credential. */

static err write_secret(const char *folder, const char *name, slice first, slice second) {
    char path[PATH];
    buf text = {0};
    err e = path_of(path, "%s/%s", folder, name);
    if (e == OK)
        e = hex_encode(&text, first);
    if (e == OK && second.n > 0)
        e = buf_append_byte(&text, ' ');
    if (e == OK)
        e = hex_encode(&text, second);
    if (e == OK)
        e = buf_append_byte(&text, '\n');
    if (e == OK)
        e = sys_file_create(path, buf_slice(&text), PRIVATE);
    buf_free(&text);
    return e;
}

static err add_seal(buf *out, const char *folder) {
    uint8_t public[32], private[32];
    crypto_x25519_generate(public, private);
    err e = write_secret(folder, "seal", SLICE_ARRAY(private), SLICE_EMPTY);
    wipe(private, sizeof private);
    TRY(e);
    return say_base64(out, "seal", SLICE_ARRAY(public));
}

static err add_passkey(buf *out, const char *folder) {
    const struct crypto_sig *kind = &crypto_ecdsa_p256;
    uint8_t public[CRYPTO_SIG_PUBLIC_MAX], private[CRYPTO_SIG_PRIVATE_MAX], id[CREDENTIAL];
    crypto_random(id, sizeof id);
    TRY(kind->generate(public, private));
    err e = write_secret(folder, "passkey", slice_of(private, kind->priv), SLICE_ARRAY(id));
    wipe(private, sizeof private);
    TRY(e);
    TRY(say(out, "passkey es256 "));
    TRY(base64_encode(out, slice_of(public, kind->pub)));
    return say_base64(out, "", SLICE_ARRAY(id));
}

static err add_ssh_key(buf *out, const char *folder, const char *id) {
    char path[PATH], public[PATH];
    buf file = {0};
    TRY(path_of(path, "%s/ssh", folder));
    TRY(path_of(public, "%s/ssh.pub", folder));
    TRY(run((const char *const[]){"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", id, "-f",
                                  path, NULL},
            &file));
    err e = sys_file_read(public, LINE, &file);
    slice rest = buf_slice(&file);
    (void)slice_until(&rest, ' ');
    slice key = slice_until(&rest, ' ');
    if (e == OK)
        e = say(out, "ssh-key %.*s\n", (int)key.n, (const char *)key.p);
    buf_free(&file);
    return e;
}

static err add_person(buf *out, const char *folder, size_t i) {
    char own[PATH];
    TRY(path_of(own, "%s/people/%s", folder, people[i].id));
    TRY(sys_dir_make(own));
    TRY(say(out, "person %s\n%s\ncountries %s\n", people[i].id, people[i].roles,
            people[i].countries));
    TRY(add_seal(out, own));
    TRY(add_passkey(out, own));
    return add_ssh_key(out, own, people[i].id);
}

/* ---- Authorities ---- */

static err add_certificate(buf *out, const char *own, const char *id) {
    char key[PATH], certificate[PATH], subject[LINE];
    buf der = {0};
    TRY(path_of(key, "%s/key.pem", own));
    TRY(path_of(certificate, "%s/certificate.pem", own));
    TRY(path_of(subject, "/CN=%s", id));
    err e = run((const char *const[]){"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                      "ec_paramgen_curve:P-256", "-noenc", "-days", "3650", "-subj",
                                      subject, "-keyout", key, "-out", certificate, NULL},
                &der);
    if (e == OK)
        e = run(
            (const char *const[]){"openssl", "x509", "-in", certificate, "-outform", "DER", NULL},
            &der);
    if (e == OK)
        e = say_base64(out, "certificate", buf_slice(&der));
    buf_free(&der);
    return e;
}

static err add_authority(buf *out, const char *folder, size_t i) {
    char own[PATH];
    TRY(path_of(own, "%s/authorities/%s", folder, authorities[i].id));
    TRY(say(out, "authority %s\nname %s\njurisdiction %s\ncall %s\n", authorities[i].id,
            authorities[i].name, authorities[i].jurisdiction, authorities[i].call));
    if (!authorities[i].certificate)
        return OK;
    TRY(sys_dir_make(own));
    return add_certificate(out, own, authorities[i].id);
}

/* ---- The files ---- */

static err write_office(buf *out, const char *folder, const char *origin) {
    const char *rp = strstr(origin, "://"), *end;
    if (rp == NULL)
        return ERR_MALFORMED;
    rp += 3;
    end = rp + strcspn(rp, ":/");
    TRY(say(out, "sotto office 1\nversion 1\nprevious %064d\nname The demonstration desk\n", 0));
    TRY(say(out, "origin %s\nrp %.*s\ndemonstration yes\n", origin, (int)(end - rp), rp));
    TRY(desk_keys_describe(out, folder, "demonstration.example/ledger"));
    for (size_t i = 0; i < PEOPLE; i++)
        TRY(add_person(out, folder, i));
    for (size_t i = 0; i < AUTHORITIES; i++)
        TRY(add_authority(out, folder, i));
    return OK;
}

static err write_list(buf *out, const struct office *office) {
    TRY(say(out, "sotto suspensions 1\nversion 1\nprevious %064d\noffice 1 ", 0));
    TRY(hex_encode(out, slice_of(office->document.hash, 32)));
    return buf_append_byte(out, '\n');
}

static int sign_list(const char *folder, const char *office, const char *list) {
    static const char *const signers[] = {"approver-1", "local-law-1"};
    for (size_t i = 0; i < sizeof signers / sizeof signers[0]; i++) {
        char key[PATH];
        if (path_of(key, "%s/people/%s/ssh", folder, signers[i]) != OK)
            return command_error(folder, ERR_TOO_LARGE);
        struct command_line line = {.words = {list},
                                    .word_count = 1,
                                    .as = signers[i],
                                    .key = key,
                                    .office = office,
                                    .to = list,
                                    .yes = true,
                                    .quiet = true};
        int code = command_sign(&line);
        if (code != CODE_FINE)
            return code;
    }
    return CODE_FINE;
}

static int make_list(const char *folder, const struct office *office, const char *office_path) {
    char path[PATH];
    buf text = {0};
    err e = path_of(path, "%s/suspensions.txt", folder);
    if (e == OK)
        e = write_list(&text, office);
    int code = e == OK ? command_write(path, buf_slice(&text)) : command_error(folder, e);
    buf_free(&text);
    return code == CODE_FINE ? sign_list(folder, office_path, path) : code;
}

static int make(const char *folder, const char *origin) {
    char path[PATH];
    buf text = {0};
    struct office *office = NULL;
    size_t line = 0;
    err e = path_of(path, "%s/office.txt", folder);
    if (e == OK)
        e = desk_keys_make(folder);
    if (e == OK)
        e = write_office(&text, folder, origin);
    int code = e == OK ? CODE_FINE : command_error(folder, e);
    enum office_reason r =
        code == CODE_FINE ? office_load(&office, NULL, buf_slice(&text), &line) : OFFICE_OK;
    if (r != OFFICE_OK)
        code = command_refuse(path, r, line);
    if (code == CODE_FINE)
        code = command_write(path, buf_slice(&text));
    if (code == CODE_FINE)
        code = make_list(folder, office, path);
    if (code == CODE_FINE) {
        buf hash = {0};
        if (hex_encode(&hash, slice_of(office->document.hash, 32)) == OK)
            printf("%.*s\n", (int)hash.n, (const char *)hash.p);
        buf_free(&hash);
    }
    office_free(office);
    buf_free(&text);
    return code;
}

int command_demo(const struct command_line *line) {
    char people_path[PATH];
    if (line->word_count != 2)
        return command_fail(CODE_USAGE, "demo", "it takes DIR and the origin of the desk's pages");
    if (path_of(people_path, "%s/people", line->words[0]) != OK)
        return command_error(line->words[0], ERR_TOO_LARGE);
    if (sys_dir_check(people_path) != ERR_NOT_FOUND)
        return command_fail(CODE_REFUSED, line->words[0], "a demonstration is there already");
    return make(line->words[0], line->words[1]);
}
