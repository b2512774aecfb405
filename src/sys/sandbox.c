#include "sys/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/landlock.h"
#include "sys/seccomp.h"

static err last_err(void) {
    return sys_err_from_errno(errno);
}

/* For good: the saved ids go too, and it is tried whether there is a way back. */
static err change_user(const char *name) {
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (user == NULL)
        return errno == 0 ? ERR_NOT_FOUND : last_err();
    uid_t uid = user->pw_uid;
    gid_t gid = user->pw_gid;
    if (uid == 0)
        return ERR_DENIED;
    if (setgroups(1, &gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return last_err();
    return setuid(0) == 0 || setgid(0) == 0 ? ERR_DENIED : OK;
}

static err limit(int what, uint64_t value) {
    struct rlimit now;
    if (getrlimit(what, &now) != 0)
        return last_err();
    rlim_t hard = now.rlim_max;
    struct rlimit wanted = {.rlim_cur = value, .rlim_max = hard};
    /* Cores stay off; descriptors go as far as the system lets us. */
    if (what == RLIMIT_CORE)
        wanted.rlim_max = value;
    else if (hard != RLIM_INFINITY && value > hard)
        wanted.rlim_cur = hard;
    return setrlimit(what, &wanted) == 0 ? OK : last_err();
}

/* Changing the user makes the kernel forget the wish to die with the parent. If the parent died in
 * between, nobody would tell. */
static err tie_to(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return last_err();
    return getppid() == parent ? OK : ERR_CLOSED;
}

/* Where the system keeps programs, libraries, fonts, and where these are to be found. */
static const char *const SYSTEM[] = {
    "/usr/bin",  "/usr/lib",   "/usr/lib64",       "/usr/share",     "/lib",
    "/lib64",    "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/var/cache/fontconfig",
    "/dev/null", NULL};

static err restrict_files(const struct sys_sandbox *sandbox, int *abi) {
    *abi = sys_landlock_abi();
    if (sandbox->profile == SYS_PROFILE_TOOL)
        return *abi == 0 ? ERR_UNSUPPORTED : sys_landlock_enter_reading(*abi, SYSTEM);
    if (*abi == 0)
        return OK;
    static const char *const NONE[] = {NULL};
    bool edge = sandbox->profile == SYS_PROFILE_EDGE;
    enum sys_landlock_reach reach =
        sandbox->profile == SYS_PROFILE_PARENT ? SYS_LANDLOCK_READING : SYS_LANDLOCK_NOTHING;
    return sys_landlock_enter(*abi, reach, edge ? NONE : sandbox->write_paths);
}

/* So that no descriptor of its own, a connection's say, gets one of these numbers. */
static err fill_shared(void) {
    int fd = -1;
    while ((fd = eventfd(0, EFD_CLOEXEC)) >= 0 && fd < SYS_SHARED_FDS)
        continue;
    if (fd < 0)
        return last_err();
    close(fd);
    return OK;
}

static void describe(const struct sys_sandbox *sandbox, struct sys_sandbox_report *report) {
    const char *seccomp = !report->seccomp                       ? "off"
                          : sandbox->mode == SYS_SANDBOX_ENFORCE ? "kill"
                                                                 : "errno";
    char landlock[24] = "none";
    if (report->landlock_abi > 0)
        snprintf(landlock, sizeof(landlock), "%d", report->landlock_abi);
    snprintf(report->text, sizeof(report->text), "seccomp %s, landlock %s%s", seccomp, landlock,
             report->user_changed ? ", own user" : "");
}

err sys_sandbox_enter(const struct sys_sandbox *sandbox, struct sys_sandbox_report *report) {
    *report = (struct sys_sandbox_report){0};
    pid_t parent = getppid();
    TRY(limit(RLIMIT_CORE, 0));
    if (sandbox->files_max != 0)
        TRY(limit(RLIMIT_NOFILE, sandbox->files_max));
    if (sandbox->user != NULL && geteuid() == 0) {
        TRY(change_user(sandbox->user));
        report->user_changed = true;
    }
    if (sandbox->die_with_parent)
        TRY(tie_to(parent));
    if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return last_err();
    if (sandbox->profile == SYS_PROFILE_EDGE)
        TRY(fill_shared());
    if (sandbox->mode != SYS_SANDBOX_OFF) {
        TRY(restrict_files(sandbox, &report->landlock_abi));
        TRY(sys_seccomp_enter(sandbox->profile, sandbox->mode == SYS_SANDBOX_ENFORCE));
        report->seccomp = true;
    }
    describe(sandbox, report);
    return OK;
}
