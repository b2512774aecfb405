/* The same signatures, judged and made by OpenSSH's ssh-keygen. */
#include "tests/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "office/internal.h"
#include "tests/office/people.h"

static char folder[] = "/tmp/sotto-office-XXXXXX";

static void file_write(const char *name, slice content) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(content.p, 1, content.n, f) == content.n && fclose(f) == 0);
}

static void file_read(const char *name, buf *out) {
    char path[128], bytes[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    must(buf_append(out, slice_of(bytes, fread(bytes, 1, sizeof bytes, f))));
    fclose(f);
}

/* In the folder. */
static bool run(const char *command) {
    char line[512];
    snprintf(line, sizeof line, "cd %s && %s >log 2>&1", folder, command);
    return system(line) == 0;
}

static void begin(void) {
    if (system("command -v ssh-keygen >/dev/null 2>&1") != 0)
        SKIP("ssh-keygen is not installed");
    must(crypto_init());
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    CHECK(mkdtemp(folder) != NULL);
}

static void end(void) {
    char line[128];
    snprintf(line, sizeof line, "rm -r %s", folder);
    CHECK(system(line) == 0);
}

static void armored(buf *out, slice base64) {
    people_say(out, "-----BEGIN SSH SIGNATURE-----\n");
    for (size_t i = 0; i < base64.n; i += 70)
        people_say(out, "%.*s\n", (int)(base64.n - i < 70 ? base64.n - i : 70), base64.p + i);
    people_say(out, "-----END SSH SIGNATURE-----\n");
}

TEST(ssh_keygen_takes_what_we_take) {
    static const char *const hashes[] = {"sha512", "sha256"};
    static const char *const names[] = {[SOFT_SK_ED25519] = "sk-ssh-ed25519@openssh.com",
                                        [SOFT_SK_ECDSA] = "sk-ecdsa-sha2-nistp256@openssh.com",
                                        [SOFT_PLAIN] = "ssh-ed25519"};
    begin();
    struct office *o = people_office_load(true);
    slice text = o->document.text;
    file_write("text", text);
    for (int kind = SOFT_SK_ED25519; kind <= SOFT_PLAIN; kind++)
        for (int i = 0; i < 2; i++) {
            struct soft_way way = {.hash = hashes[i]};
            buf allowed = {0}, base64 = {0}, signature = {0}, bytes = {0};
            const struct soft_key *key = people_key(LAW, (enum soft_kind)kind);
            people_say(&allowed, "p05 %s ", names[kind]);
            soft_public(&allowed, key, soft_right.application);
            people_say(&allowed, "\n");
            soft_sign(&base64, key, &way, text);
            armored(&signature, buf_slice(&base64));
            CHECK_OK(base64_decode(&bytes, buf_slice(&base64)));
            CHECK_EQ(sshsig_verify(&o->persons.p[LAW], &o->document, buf_slice(&bytes)), OFFICE_OK);
            file_write("allowed", buf_slice(&allowed));
            file_write("text.sig", buf_slice(&signature));
            CHECK(run("ssh-keygen -Y verify -f allowed -I p05 -n sotto-office -s text.sig <text"));
            CHECK(!run("ssh-keygen -Y verify -f allowed -I p05 -n sotto -s text.sig <text"));
            CHECK(!run("ssh-keygen -Y verify -f allowed -I p05 -n sotto-office -s text.sig <log"));
            buf_free(&allowed);
            buf_free(&base64);
            buf_free(&signature);
            buf_free(&bytes);
        }
    office_free(o);
    end();
}

/* The lines between the first and the last, as one. */
static void unarmored(buf *out, slice armor) {
    slice line;
    while (slice_line(&armor, &line))
        if (line.p[0] != '-')
            must(buf_append(out, line));
}

TEST(we_take_what_ssh_keygen_signs) {
    begin();
    struct office *o = people_office_load(true);
    buf public_key = {0}, armor = {0}, base64 = {0}, bytes = {0};
    file_write("text", o->document.text);
    CHECK(run("ssh-keygen -q -t ed25519 -N '' -C '' -f key"));
    CHECK(run("ssh-keygen -Y sign -n sotto-office -f key text"));
    file_read("key.pub", &public_key);
    file_read("text.sig", &armor);
    unarmored(&base64, buf_slice(&armor));
    CHECK_OK(base64_decode(&bytes, buf_slice(&base64)));
    struct office_person *p = &o->persons.p[LAW];
    CHECK_EQ(sshsig_verify(p, &o->document, buf_slice(&bytes)), OFFICE_SIGNATURE);
    slice words = slice_of(public_key.p, public_key.n - 1);
    text_next(&words);
    p->ssh_keys.p[2].text = text_next(&words);
    CHECK_EQ(sshsig_verify(p, &o->document, buf_slice(&bytes)), OFFICE_OK);
    CHECK(run("rm text.sig && ssh-keygen -Y sign -n file -f key text"));
    buf_clear(&armor);
    buf_clear(&base64);
    buf_clear(&bytes);
    file_read("text.sig", &armor);
    unarmored(&base64, buf_slice(&armor));
    CHECK_OK(base64_decode(&bytes, buf_slice(&base64)));
    CHECK_EQ(sshsig_verify(p, &o->document, buf_slice(&bytes)), OFFICE_SSH_NAMESPACE);
    buf_free(&public_key);
    buf_free(&armor);
    buf_free(&base64);
    buf_free(&bytes);
    office_free(o);
    end();
}

TEST_MAIN
