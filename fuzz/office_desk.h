/* An office of one person with a key of each kind; the private halves are those of the tests. */
#ifndef SOTTO_FUZZ_OFFICE_DESK_H
#define SOTTO_FUZZ_OFFICE_DESK_H

#include <stdlib.h>

#include "office/internal.h"

static const char office_desk_text[] =
    "sotto office 1\n"
    "version 1\n"
    "previous 0000000000000000000000000000000000000000000000000000000000000000\n"
    "name A desk\n"
    "origin https://desk.example.org\n"
    "rp desk.example.org\n"
    "demonstration yes\n"
    "notice-key AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    "ledger example.org/ledger+1b616557+Ac7MFQfcHd1ylZUcKQiI8JWtuQRNG3PWlubfBl1oO9T8\n"
    "person p01\n"
    "roles local-law\n"
    "countries DE\n"
    "seal AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    "passkey es256 BP0/SowFGRCCvjy2diyj+3DslSZiYK7Z0o6OAagEmk8AiQvF33spPjR0RKv9xrBzaw"
    "vew7vTiPBFIuqCuwq/50I= QUJD\n"
    "passkey eddsa K5676NWHINBnQLzT3o7dpJTVn46EP9wG1QaOifOlUuY= QUJD\n"
    "ssh-key AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIOSG7rCL6cT/wADt1DkcwVq5KQr0"
    "mfipv3DSPHGvklMsAAAACXNzaDpzb3R0bw==\n"
    "ssh-key AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABB"
    "BMSKngGNx5dDPgJOQrVLfVBd78ct4Mdm7BXQTuAvsqSFl2YzWajxXAfI3pJy3Waf/mX4vc7OO5hwJb3h"
    "k25D7xgAAAAJc3NoOnNvdHRv\n"
    "ssh-key AAAAC3NzaC1lZDI1NTE5AAAAIBI+T0bKmor3OTsaHiiG+VALPYOo9tSvKjERoujVCbsv\n";

static void require(bool holds) {
    if (!holds)
        abort();
}

/* Made once, kept to the end. */
static const struct office *office_desk(void) {
    static struct office *desk;
    if (desk == NULL) {
        require(crypto_init() == OK);
        require(office_load(&desk, NULL, slice_str(office_desk_text), NULL) == OFFICE_OK);
    }
    return desk;
}

#endif
