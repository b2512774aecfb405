/* What a line of signatures holds: the first byte says whether it is of a passkey or of SSH. */
#include "office_desk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum office_reason judge(bool ssh, const struct office_document *over, slice bytes) {
    const struct office *o = office_desk();
    const struct office_person *p = &o->persons.p[0];
    return ssh ? sshsig_verify(p, over, bytes) : webauthn_verify(o, p, over, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct office *o = office_desk();
    if (size == 0)
        return 0;
    slice bytes = slice_of(data + 1, size - 1);
    enum office_reason r = judge(data[0] != 0, &o->document, bytes);
    /* A key that an office could name, or not: no more than that. */
    (void)ssh_key_check(bytes, (data[0] & 2) != 0);
    /* A signature over another text is none over this one. */
    struct office_document other = o->document;
    other.text.n--;
    memset(other.hash, 0, sizeof other.hash);
    if (r == OFFICE_OK)
        require(judge(data[0] != 0, &other, bytes) != OFFICE_OK);
    return 0;
}
