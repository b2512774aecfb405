#include "sys/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/files.h"
#include "tests/test.h"

static char folder[64];

static const char *in_folder(const char *name) {
    static char path[128];
    if (folder[0] == 0) {
        snprintf(folder, sizeof(folder), "/tmp/sotto-stream-XXXXXX");
        CHECK(mkdtemp(folder) != NULL);
    }
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

TEST(many_lines_are_written_and_read_one_by_one) {
    struct sys_out out;
    struct sys_lines lines;
    slice line;
    char text[64];
    CHECK_OK(sys_out_begin(&out, in_folder("lines"), 0600));
    for (int i = 0; i < 200000; i++) {
        snprintf(text, sizeof(text), "line %d\n", i);
        CHECK_OK(sys_out_add(&out, slice_str(text)));
    }
    CHECK(access(in_folder("lines"), F_OK) != 0);
    CHECK_OK(sys_out_end(&out));
    sys_out_fini(&out);
    CHECK(access(in_folder("lines.new"), F_OK) != 0);
    CHECK_OK(sys_lines_open(&lines, in_folder("lines")));
    for (int i = 0; i < 200000; i++) {
        snprintf(text, sizeof(text), "line %d", i);
        CHECK_OK(sys_lines_next(&lines, &line));
        if (!slice_equal(line, slice_str(text)))
            CHECK_SLICE(line, slice_str(text));
    }
    CHECK_ERR(sys_lines_next(&lines, &line), ERR_NOT_FOUND);
    CHECK_ERR(sys_lines_next(&lines, &line), ERR_NOT_FOUND);
    sys_lines_close(&lines);
}

TEST(what_is_not_ended_replaces_nothing) {
    struct sys_out out;
    buf got = {0};
    CHECK_OK(sys_file_write(in_folder("kept"), slice_str("old\n"), 0600));
    CHECK_OK(sys_out_begin(&out, in_folder("kept"), 0600));
    CHECK_OK(sys_out_add(&out, slice_str("new\n")));
    sys_out_fini(&out);
    CHECK(access(in_folder("kept.new"), F_OK) != 0);
    CHECK_OK(sys_file_read(in_folder("kept"), 100, &got));
    CHECK_SLICE(buf_slice(&got), slice_str("old\n"));
    buf_free(&got);
}

TEST(lines_that_are_none_are_refused) {
    struct sys_lines lines;
    slice line;
    buf bytes = {0};
    CHECK_ERR(sys_lines_open(&lines, in_folder("nothing")), ERR_NOT_FOUND);
    sys_lines_close(&lines);
    CHECK_ERR(sys_lines_open(&lines, folder), ERR_UNSUPPORTED);
    sys_lines_close(&lines);
    CHECK_OK(sys_file_write(in_folder("cut"), slice_str("whole\n\ncut"), 0600));
    CHECK_OK(sys_lines_open(&lines, in_folder("cut")));
    CHECK_OK(sys_lines_next(&lines, &line));
    CHECK_OK(sys_lines_next(&lines, &line));
    CHECK_EQ(line.n, 0);
    CHECK_ERR(sys_lines_next(&lines, &line), ERR_TRUNCATED);
    sys_lines_close(&lines);
    CHECK_OK(buf_resize(&bytes, SYS_LINE_MAX + 1));
    memset(bytes.p, 'x', bytes.n);
    CHECK_OK(buf_append_byte(&bytes, '\n'));
    CHECK_OK(sys_file_write(in_folder("long"), buf_slice(&bytes), 0600));
    CHECK_OK(sys_lines_open(&lines, in_folder("long")));
    CHECK_ERR(sys_lines_next(&lines, &line), ERR_TOO_LARGE);
    sys_lines_close(&lines);
    buf_free(&bytes);
}

TEST(the_folder_is_removed) {
    char command[128];
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    CHECK_EQ(system(command), 0);
}

TEST_MAIN
