/* What is fetched into a folder that others write in, onto a disk that fails. The core is played:
 * it hands over what a test says. */
#include "host/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/posix.h"
#include "tests/test.h"

enum { COMMAND = 7 };

static struct {
    err failed;    /* what core_file_failed was told */
    uint64_t have; /* what core_file_fetch was told */
    bool hurry;
} core;

err core_file_fetch(struct core *c, uint32_t conversation, uint64_t message, slice place,
                    uint64_t have, bool hurry, uint64_t now, uint64_t *command) {
    (void)c, (void)conversation, (void)message, (void)place, (void)now;
    core.have = have;
    core.hurry = hurry;
    *command = COMMAND;
    return OK;
}

void core_file_failed(struct core *c, uint64_t command, err why, uint64_t now) {
    (void)c, (void)now;
    CHECK_EQ(command, COMMAND);
    core.failed = why;
}

void core_file_bytes(struct core *c, uint64_t command, uint64_t offset, slice bytes, uint64_t now) {
    (void)c, (void)command, (void)offset, (void)bytes, (void)now;
}

err core_file_place(const struct core *c, uint64_t command, slice *place) {
    (void)c, (void)command, (void)place;
    return ERR_NOT_FOUND;
}

err core_file_send(struct core *c, uint32_t conversation, const struct core_file_sending *sending,
                   uint64_t now, uint64_t *command) {
    (void)c, (void)conversation, (void)sending, (void)now, (void)command;
    return ERR_STATE;
}

uint64_t host_now(void) {
    return 0;
}

/* ---- The disk ---- */

static int sync_errno;  /* of every fsync; 0: it works */
static off_t disk_size; /* nothing is written behind it; 0: anything is */
static uid_t us;

int fsync(int fd) {
    if (sync_errno != 0) {
        errno = sync_errno;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at) {
    if (disk_size != 0 && at >= disk_size) {
        errno = ENOSPC;
        return -1;
    }
    if (disk_size != 0 && (off_t)n > disk_size - at)
        n = (size_t)(disk_size - at);
    return (ssize_t)syscall(SYS_pwrite64, fd, p, n, at);
}

uid_t geteuid(void) {
    return us;
}

/* ---- The folder ---- */

static const uint8_t id[CORE_MESSAGE_ID] = {1, 2, 3, 4, 5, 6, 7};
static char folder[64], path[128], part[128];
static struct host_files files;

static void begin(void) {
    snprintf(folder, sizeof folder, "/tmp/sotto-files.XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/photo", folder);
    snprintf(part, sizeof part, "%s/.photo.020304050607.part", folder);
    host_files_init(&files, NULL, NULL, NULL, NULL);
    core.failed = OK;
    core.have = 0;
    sync_errno = 0;
    disk_size = 0;
    us = getuid();
}

static void end(void) {
    for (size_t i = 0; i < HOST_FILES_MAX; i++)
        CHECK_EQ(files.files[i].command, 0);
    host_files_fini(&files);
    (void)!unlink(path);
    (void)!unlink(part);
    CHECK(rmdir(folder) == 0);
}

static bool is_there(const char *name) {
    struct stat st;
    return lstat(name, &st) == 0;
}

static void make(const char *name, const char *text) {
    FILE *f = fopen(name, "wx");
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void expect(const char *name, const char *text) {
    char got[64];
    FILE *f = fopen(name, "r");
    CHECK(f != NULL);
    got[fread(got, 1, sizeof got - 1, f)] = '\0';
    fclose(f);
    CHECK_SLICE(slice_str(got), slice_str(text));
}

static err fetch(void) {
    uint64_t command;
    return host_files_fetch(&files, 1, 1, id, path, false, true, 0, &command);
}

static void write_text(uint64_t offset, const char *text) {
    const struct core_action a = {
        .kind = CORE_WRITE, .command = COMMAND, .offset = offset, .bytes = slice_str(text)};
    host_files_write(&files, &a);
}

TEST(what_is_whole_gets_its_name) {
    begin();
    CHECK_OK(fetch());
    write_text(0, "hedge");
    CHECK(!is_there(path));
    write_text(5, "hog");
    CHECK_OK(host_files_done(&files, COMMAND, OK));
    expect(path, "hedgehog");
    CHECK(!is_there(part));
    end();
}

TEST(what_was_left_behind_the_end_is_not_of_the_file) {
    begin();
    make(part, "something that is far longer");
    CHECK_OK(fetch());
    CHECK_EQ(core.have, 28);
    write_text(0, "hedgehog");
    CHECK_OK(host_files_done(&files, COMMAND, OK));
    expect(path, "hedgehog");
    end();
}

TEST(an_empty_file_keeps_nothing_of_an_earlier_try) {
    begin();
    make(part, "something");
    CHECK_OK(fetch());
    CHECK_OK(host_files_done(&files, COMMAND, OK));
    expect(path, "");
    end();
}

TEST(what_nobody_waits_for_does_not_hurry) {
    uint64_t command;
    begin();
    CHECK_OK(host_files_fetch(&files, 1, 1, id, path, false, false, 0, &command));
    CHECK(!core.hurry);
    CHECK_ERR(host_files_done(&files, COMMAND, ERR_CLOSED), ERR_CLOSED);
    CHECK_OK(fetch());
    CHECK(core.hurry);
    CHECK_ERR(host_files_done(&files, COMMAND, ERR_CLOSED), ERR_CLOSED);
    end();
}

TEST(a_link_is_not_followed) {
    char elsewhere[160];
    begin();
    snprintf(elsewhere, sizeof elsewhere, "%s/mine", folder);
    make(elsewhere, "mine");
    CHECK(symlink(elsewhere, part) == 0);
    CHECK_ERR(fetch(), ERR_MALFORMED);
    expect(elsewhere, "mine");
    CHECK(unlink(elsewhere) == 0);
    end();
}

TEST(another_name_of_one_of_our_files_is_not_written_into) {
    char elsewhere[160];
    begin();
    snprintf(elsewhere, sizeof elsewhere, "%s/mine", folder);
    make(elsewhere, "mine");
    CHECK(link(elsewhere, part) == 0);
    CHECK_ERR(fetch(), ERR_MALFORMED);
    expect(elsewhere, "mine");
    CHECK(unlink(elsewhere) == 0);
    end();
}

TEST(nor_is_what_is_another_user_s) {
    begin();
    make(part, "theirs");
    us = getuid() + 1;
    CHECK_ERR(fetch(), ERR_MALFORMED);
    expect(part, "theirs");
    end();
}

TEST(nor_is_a_pipe) {
    begin();
    CHECK(mkfifo(part, 0600) == 0);
    CHECK_ERR(fetch(), ERR_MALFORMED);
    end();
}

/* The core may have handed the last piece over, and be done, before the disk says no. */
TEST(what_a_full_disk_did_not_take_is_never_saved) {
    begin();
    disk_size = 6;
    CHECK_OK(fetch());
    write_text(0, "hedge");
    CHECK_OK(core.failed);
    write_text(5, "hog");
    CHECK_ERR(core.failed, ERR_DISK_FULL);
    CHECK_ERR(host_files_done(&files, COMMAND, OK), ERR_DISK_FULL);
    CHECK(!is_there(path) && is_there(part));
    end();
}

TEST(what_did_not_get_to_the_disk_is_never_saved) {
    begin();
    CHECK_OK(fetch());
    write_text(0, "hedgehog");
    sync_errno = EIO;
    CHECK_ERR(host_files_done(&files, COMMAND, OK), ERR_IO);
    CHECK(!is_there(path) && is_there(part));
    end();
}

TEST(what_is_cut_off_leaves_what_it_has_and_nothing_if_it_has_nothing) {
    begin();
    CHECK_OK(fetch());
    CHECK_ERR(host_files_done(&files, COMMAND, ERR_CLOSED), ERR_CLOSED);
    CHECK(!is_there(part));
    CHECK_OK(fetch());
    write_text(0, "hedge");
    CHECK_ERR(host_files_done(&files, COMMAND, ERR_CLOSED), ERR_CLOSED);
    expect(part, "hedge");
    end();
}

TEST(nothing_that_came_meanwhile_is_overwritten) {
    begin();
    CHECK_OK(fetch());
    write_text(0, "hedgehog");
    make(path, "mine");
    CHECK_ERR(host_files_done(&files, COMMAND, OK), ERR_EXISTS);
    expect(path, "mine");
    end();
}

TEST_MAIN
