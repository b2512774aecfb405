/* Backups of a real server, made while it works, and what a server is that begins again from one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "raw_person.h"

enum { ITEMS = 60, BUSY_ITEMS = 20000 };
enum { FINE = 0, FAILED = 1, DAMAGED = 4 }; /* exit codes */

static struct server s, other;
static struct person bob;
static struct raw sender;
static char dir[96];
static unsigned seen[BUSY_ITEMS];

/* ---- Commands ---- */

static int command(const char *word, const char *backup, const struct server *at,
                   const char *option) {
    buf output = {0};
    const char *const arguments[] = {word, backup, "--data", at->data, option, NULL};
    int code = server_run(&output, arguments);
    buf_free(&output);
    return code;
}

static int backup(void) {
    return command("backup", dir, &s, "--json");
}
static int check(void) {
    return command("check", dir, &s, "--json");
}
static int restore(void) {
    return command("restore", dir, &other, NULL);
}

static bool is_there(const char *folder, const char *name) {
    char path[256];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return lstat(path, &info) == 0;
}

/* ---- A server with one person, a session that sends, and a place for backups ---- */

static bool send_number(unsigned i) {
    uint8_t item[2] = {(uint8_t)(i >> 8), (uint8_t)i};
    return try_send(&sender, &bob.address, SLICE_ARRAY(item));
}

static void begin(void) {
    server_init(&s);
    server_init(&other);
    snprintf(dir, sizeof dir, "%s/backup", other.data); /* removed with it */
    s.settings[0] = other.settings[0] = "edges=1";
    server_start(&s, 1);
    join(&bob, &s, 0);
    raw_open(&sender, &s);
}

/* The first server is gone, the other begins where the backup was made. */
static void begin_again(void) {
    raw_close(&sender);
    (void)server_stop(&s, SIGKILL);
    CHECK_EQ(restore(), FINE);
    server_start(&other, 0);
    memcpy(other.identity, s.identity, sizeof s.identity);
    login_soon(&bob, &other);
}

static void end(void) {
    raw_close(&sender);
    leave(&bob);
    server_fini(&s);
    server_fini(&other);
}

/* ---- Files of the backup ---- */

/* Any file of it with at least so many bytes. */
static void find_file(char path[512], off_t least) {
    char folder[160];
    struct stat info;
    bool found = false;
    snprintf(folder, sizeof folder, "%s/files", dir);
    DIR *d = opendir(folder);
    CHECK(d != NULL);
    for (struct dirent *e; !found && (e = readdir(d)) != NULL;) {
        snprintf(path, 512, "%s/%s", folder, e->d_name);
        found = e->d_name[0] != '.' && stat(path, &info) == 0 && info.st_size >= least;
    }
    closedir(d);
    CHECK(found);
}

static void change_byte(const char *path, off_t at) {
    uint8_t byte = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= 1;
    CHECK(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
}

static void expect_refused(int code) {
    CHECK_EQ(check(), code);
    CHECK_EQ(restore(), code);
    CHECK(!is_there(other.data, "store") && !is_there(other.data, "identity"));
    CHECK(!is_there(other.data, "restoring"));
}

/* ---- Tests ---- */

/* Sends until it is killed. */
static int send_on(void) {
    int pid = fork();
    CHECK(pid >= 0);
    if (pid != 0)
        return pid;
    raw_open(&sender, &s);
    for (unsigned i = ITEMS; i < BUSY_ITEMS; i++)
        if (!send_number(i))
            break;
    _exit(0);
}

TEST(what_was_acknowledged_before_a_backup_under_load_is_in_it_once) {
    begin();
    for (unsigned i = 0; i < ITEMS; i++)
        CHECK(send_number(i));
    int busy = send_on();
    CHECK_EQ(backup(), FINE);
    kill(busy, SIGKILL);
    CHECK(waitpid(busy, NULL, 0) == busy);
    CHECK(!is_there(s.data, "store/copy"));
    begin_again();
    memset(seen, 0, sizeof seen);
    subscribe(&bob, 0);
    uint64_t last = collect(&bob, seen, BUSY_ITEMS);
    bool ended = false;
    for (unsigned i = 0; i < BUSY_ITEMS; i++) {
        CHECK(seen[i] <= 1);
        CHECK(i >= ITEMS || seen[i] == 1);
        CHECK(!ended || seen[i] == 0); /* of what came during it, the beginning */
        ended = seen[i] == 0;
    }
    ack(&bob, last);
    memset(seen, 0, sizeof seen);
    subscribe(&bob, last);
    (void)collect(&bob, seen, BUSY_ITEMS);
    for (unsigned i = 0; i < BUSY_ITEMS; i++)
        CHECK_EQ(seen[i], 0);
    end();
}

TEST(no_position_that_a_device_saw_after_the_backup_comes_again) {
    begin();
    CHECK(send_number(0));
    CHECK_EQ(backup(), FINE);
    CHECK(send_number(1) && send_number(2));
    subscribe(&bob, 0);
    uint64_t last = collect(&bob, seen, ITEMS);
    begin_again();
    raw_open(&sender, &other);
    CHECK(send_number(7));
    memset(seen, 0, sizeof seen);
    subscribe(&bob, last); /* as a device that has seen all of that does */
    CHECK(collect(&bob, seen, ITEMS) > last);
    CHECK_EQ(seen[7], 1);
    end();
}

/* Nothing that the first restore brought is there any more, so the second knows nothing of it. */
static void remove_restored(void) {
    static const char *const names[] = {"store", "identity", "address-keys", "pepper"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char from[128], to[128];
        snprintf(from, sizeof from, "%s/%s", other.data, names[i]);
        snprintf(to, sizeof to, "%s/gone-%s", other.data, names[i]);
        CHECK(rename(from, to) == 0);
    }
}

TEST(no_position_of_a_restored_server_comes_again_when_the_same_backup_is_restored_once_more) {
    begin();
    CHECK(send_number(0));
    CHECK_EQ(backup(), FINE);
    begin_again();
    raw_open(&sender, &other);
    CHECK(send_number(1) && send_number(2));
    subscribe(&bob, 0);
    uint64_t last = collect(&bob, seen, ITEMS);
    raw_close(&sender);
    (void)server_stop(&other, SIGKILL);
    remove_restored();
    rest(1100);
    CHECK_EQ(restore(), FINE);
    server_start(&other, 0);
    raw_open(&sender, &other);
    CHECK(send_number(7)); /* before the device is back and tells what it knows */
    login_soon(&bob, &other);
    memset(seen, 0, sizeof seen);
    subscribe(&bob, last);
    uint64_t again = collect(&bob, seen, ITEMS);
    CHECK_EQ(seen[7], 1);
    CHECK(again >> 32 > last >> 32); /* another run, and not by chance a higher place in the same */
    end();
}

static uint32_t packages_left(void) {
    buf answer = {0};
    struct proto_key_package_left left = {0};
    CHECK_EQ(raw_call(&bob.session, PROTO_key_package_count, SLICE_EMPTY, &answer),
             PROTO_key_package_left);
    CHECK_OK(proto_key_package_left_decode(buf_slice(&answer), &left));
    buf_free(&answer);
    return left.count;
}

static void take_package(const char *expected, bool last_resort) {
    buf answer = {0};
    struct proto_key_package_taken taken;
    struct raw c;
    raw_open(&c, other.pid != 0 ? &other : &s);
    CHECK_EQ(raw_call(&c, PROTO_key_package_take, SLICE_ARRAY(bob.address.bytes), &answer),
             PROTO_key_package_taken);
    CHECK_OK(proto_key_package_taken_decode(buf_slice(&answer), &taken));
    CHECK_SLICE(taken.key_package, slice_str(expected));
    CHECK_EQ(taken.last_resort, last_resort);
    raw_close(&c);
    buf_free(&answer);
}

TEST(a_key_package_that_was_given_after_the_backup_is_not_given_again) {
    begin();
    CHECK_EQ(raw_call(&bob.session, PROTO_key_package_put, slice_of("\6\2aa\2bb", 7), &bob.answer),
             PROTO_ok);
    CHECK_EQ(raw_call(&bob.session, PROTO_last_resort_put, slice_of("\2zz", 3), &bob.answer),
             PROTO_ok);
    CHECK_EQ(backup(), FINE);
    take_package("aa", false);
    begin_again();
    CHECK_EQ(packages_left(), 0);
    take_package("zz", true);
    CHECK_EQ(raw_call(&bob.session, PROTO_key_package_put, slice_of("\3\2cc", 4), &bob.answer),
             PROTO_ok);
    take_package("cc", false);
    end();
}

TEST(a_backup_that_is_not_whole_is_refused_and_changes_nothing) {
    char path[512], manifest[160];
    begin();
    CHECK(send_number(0));
    CHECK_EQ(check(), FAILED); /* there is none */
    CHECK_EQ(restore(), FAILED);
    CHECK_EQ(backup(), FINE);
    snprintf(manifest, sizeof manifest, "%s/manifest", dir);
    CHECK_EQ(check(), FINE);
    find_file(path, 1000);
    change_byte(path, 500);
    expect_refused(DAMAGED);
    CHECK(unlink(path) == 0);
    expect_refused(DAMAGED);
    /* Made anew it is whole again. */
    CHECK(unlink(manifest) == 0);
    expect_refused(FAILED);
    CHECK_EQ(backup(), FINE);
    CHECK_EQ(check(), FINE);
    static const off_t places[] = {96, 200}; /* of the week; of a hash */
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        change_byte(manifest, places[i]);
        expect_refused(DAMAGED);
        change_byte(manifest, places[i]);
    }
    struct stat info;
    CHECK(stat(manifest, &info) == 0 && truncate(manifest, info.st_size - 70) == 0);
    expect_refused(DAMAGED);
    end();
}

TEST(a_backup_cut_short_leaves_the_one_before) {
    char path[512];
    begin();
    CHECK(send_number(0));
    CHECK_EQ(backup(), FINE);
    snprintf(path, sizeof path, "%s/files/incoming", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, "half", 4) == 4);
    close(fd);
    snprintf(path, sizeof path, "%s/files/%064d", dir, 7);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
    CHECK_EQ(check(), FINE);
    CHECK_EQ(backup(), FINE);
    CHECK_EQ(check(), FINE);
    CHECK(access(path, F_OK) != 0); /* what no list names goes */
    end();
}

TEST(a_full_disk_is_told_and_the_backup_before_stays) {
    static char page[96];
    const char *library = getenv("FAULTS");
    if (library == NULL)
        SKIP("FAULTS does not name the library");
    begin();
    CHECK(send_number(0));
    CHECK_EQ(backup(), FINE);
    CHECK(send_number(1));
    snprintf(page, sizeof page, "%s/faults", other.data);
    int fd = open(page, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, sizeof(struct faults)) == 0);
    struct faults *faults = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(faults != MAP_FAILED);
    close(fd);
    faults->write_errno = ENOSPC;
    CHECK(setenv(FAULTS_PAGE, page, 1) == 0 && setenv("LD_PRELOAD", library, 1) == 0);
    CHECK_EQ(backup(), FAILED);
    CHECK_EQ(restore(), FAILED);
    CHECK(!is_there(other.data, "store") && !is_there(other.data, "restoring"));
    faults->write_errno = 0;
    faults->sync_errno = EIO;
    CHECK_EQ(backup(), FAILED);
    CHECK(unsetenv("LD_PRELOAD") == 0);
    munmap(faults, sizeof *faults);
    CHECK(!is_there(s.data, "store/copy"));
    CHECK_EQ(check(), FINE);
    CHECK(send_number(2)); /* the server's own disk is another one */
    end();
}

TEST(a_backup_of_another_server_is_neither_written_over_nor_mixed_up) {
    begin();
    CHECK_EQ(backup(), FINE);
    CHECK_EQ(command("backup", dir, &s, "--without-keys"), FINE);
    server_start(&other, 0);
    CHECK_EQ(command("backup", dir, &other, NULL), FAILED);
    CHECK_EQ(restore(), FAILED); /* it has a store */
    CHECK_EQ(server_stop(&other, SIGTERM), 0);
    CHECK_EQ(restore(), FAILED);
    /* Its keys without its store: the backup has none, and these are not the ones. */
    char from[128], to[128];
    snprintf(from, sizeof from, "%s/store", other.data);
    snprintf(to, sizeof to, "%s/elsewhere", other.data);
    CHECK(rename(from, to) == 0);
    CHECK_EQ(restore(), FAILED);
    CHECK(!is_there(other.data, "store"));
    CHECK_EQ(check(), FINE);
    end();
}

TEST(a_server_that_does_not_run_is_backed_up_too_and_none_starts_in_half_a_restore) {
    buf output = {0};
    char path[128];
    begin();
    CHECK(send_number(5));
    (void)server_stop(&s, SIGKILL);
    rest(300);
    CHECK_EQ(backup(), FINE);
    snprintf(path, sizeof path, "%s/restoring", other.data);
    CHECK(mkdir(path, 0700) == 0);
    const char *const run[] = {"run",         "--data", other.data,    "--listen",
                               "127.0.0.1:0", "--http", "127.0.0.1:0", NULL};
    CHECK_EQ(server_run(&output, run), DAMAGED);
    begin_again();
    memset(seen, 0, sizeof seen);
    subscribe(&bob, 0);
    (void)collect(&bob, seen, ITEMS);
    CHECK_EQ(seen[5], 1);
    buf_free(&output);
    end();
}

TEST(a_copy_that_was_left_behind_goes_at_the_next_start) {
    char path[128];
    begin();
    (void)server_stop(&s, SIGKILL);
    snprintf(path, sizeof path, "%s/store/copy", s.data);
    CHECK(mkdir(path, 0700) == 0);
    snprintf(path, sizeof path, "%s/store/copy/000001.sst", s.data);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
    rest(300);
    server_start(&s, 0);
    CHECK(!is_there(s.data, "store/copy"));
    end();
}

TEST_MAIN
