/* The files that WebAssembly's host keeps (store/file.h), and what it may say went wrong. */
#ifndef SOTTO_STORE_FILE_HOST_H
#define SOTTO_STORE_FILE_HOST_H

#include "base/error.h"

/* A host knows these numbers by heart: they stay as they are. Any other is IO. */
enum file_host_failure {
    FILE_HOST_IO = 1,
    FILE_HOST_NOT_FOUND = 2,
    FILE_HOST_BUSY = 3,
    FILE_HOST_DISK_FULL = 4,
    FILE_HOST_DENIED = 5
};
err file_host_err(int failure);

#endif
