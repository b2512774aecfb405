#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/files.h"

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { VERSION_FLAG = 1, RULE_PATH_BENEATH = 1 };

#define FS(n) ((uint64_t)1 << (n))
enum {
    EXECUTE = 0,
    WRITE_FILE = 1,
    READ_FILE = 2,
    READ_DIR = 3,
    LAST_OF_ABI_1 = 12, /* 4 to 12: removing and making what is in a directory */
    REFER = 13,
    TRUNCATE = 14,
    IOCTL_DEVICE = 15,
};
#define FILE_RIGHTS (FS(EXECUTE) | FS(WRITE_FILE) | FS(READ_FILE) | FS(TRUNCATE) | FS(IOCTL_DEVICE))
#define NET_ALL ((uint64_t)3)   /* bind, connect: TCP */
#define SCOPE_ALL ((uint64_t)3) /* abstract UNIX sockets, signals */

struct ruleset {
    uint64_t fs, net, scoped;
};
struct path_rule {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

int sys_landlock_abi(void) {
    long abi = syscall(CREATE_RULESET, NULL, 0, VERSION_FLAG);
    return abi > 0 ? (int)abi : 0;
}

static uint64_t known_fs(int abi) {
    uint64_t known = FS(LAST_OF_ABI_1 + 1) - 1;
    if (abi >= 2)
        known |= FS(REFER);
    if (abi >= 3)
        known |= FS(TRUNCATE);
    if (abi >= 5)
        known |= FS(IOCTL_DEVICE);
    return known;
}

static err allow(int ruleset, const char *path, uint64_t rights) {
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return sys_err_from_errno(errno);
    struct stat info;
    err result = fstat(fd, &info) == 0 ? OK : sys_err_from_errno(errno);
    if (result == OK) {
        struct path_rule rule = {.allowed = rights, .fd = fd};
        if (!S_ISDIR(info.st_mode))
            rule.allowed &= FILE_RIGHTS;
        if (syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
            result = sys_err_from_errno(errno);
    }
    close(fd);
    return result;
}

/* What of the rights is allowed beneath each path. */
static err enter(int abi, struct ruleset set, const char *const *paths, uint64_t rights,
                 bool all_there) {
    if (abi >= 4)
        set.net = NET_ALL;
    if (abi >= 6)
        set.scoped = SCOPE_ALL;
    /* An older kernel knows a shorter struct, and takes a longer one whose rest is zero. */
    int fd = (int)syscall(CREATE_RULESET, &set, sizeof(set), 0);
    if (fd < 0)
        return sys_err_from_errno(errno);
    err result = OK;
    for (; result == OK && *paths != NULL; paths++) {
        result = allow(fd, *paths, set.fs & rights);
        if (result == ERR_NOT_FOUND && !all_there)
            result = OK;
    }
    if (result == OK && syscall(RESTRICT_SELF, fd, 0) != 0)
        result = sys_err_from_errno(errno);
    close(fd);
    return result;
}

err sys_landlock_enter(int abi, enum sys_landlock_reach reach, const char *const *paths) {
    struct ruleset set = {.fs = known_fs(abi)};
    if (reach == SYS_LANDLOCK_READING)
        set.fs &= ~(FS(EXECUTE) | FS(READ_FILE) | FS(READ_DIR) | FS(IOCTL_DEVICE));
    /* Nothing that was written may be executed. */
    return enter(abi, set, paths, ~FS(EXECUTE), true);
}

err sys_landlock_enter_reading(int abi, const char *const *paths) {
    struct ruleset set = {.fs = known_fs(abi)};
    return enter(abi, set, paths, FS(EXECUTE) | FS(READ_FILE) | FS(READ_DIR), false);
}
