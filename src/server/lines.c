/* Lines `word value` of what an order gives. */
#include <stdio.h>

#include "base/text.h"
#include "base/time.h"
#include "server/office.h"

enum { LINE = 256 };

err mail_say(buf *out, const char *word, slice value) {
    TRY(buf_append(out, slice_str(word)));
    TRY(buf_append_byte(out, ' '));
    TRY(buf_append(out, value));
    return buf_append_byte(out, '\n');
}

err mail_say_number(buf *out, const char *word, uint64_t n) {
    char text[DECIMAL_TEXT];
    decimal_text(n, text);
    return mail_say(out, word, slice_str(text));
}

err mail_say_week(buf *out, const char *word, uint32_t week) {
    char text[LINE];
    int year, month, day;
    time_week_date(week, &year, &month, &day);
    snprintf(text, sizeof text, "in the week of %04d-%02d-%02d", year, month, day);
    return mail_say(out, word, slice_str(text));
}

err mail_say_hash(buf *out, const char *word, slice name, const uint8_t hash[32]) {
    TRY(buf_append(out, slice_str(word)));
    TRY(buf_append_byte(out, ' '));
    TRY(buf_append(out, name));
    if (name.n > 0)
        TRY(buf_append_byte(out, ' '));
    TRY(hex_encode(out, slice_of(hash, 32)));
    return buf_append_byte(out, '\n');
}
