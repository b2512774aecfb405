/* Writes a message of TS 103 120 as XML or as JSON: the same elements, which in JSON are members,
 * and lists of elements are arrays. The first failure sticks, and hi1_out_result tells of it. */
#ifndef SOTTO_DESK_HI1_OUT_H
#define SOTTO_DESK_HI1_OUT_H

#include "desk/html.h"

struct json_object;

struct hi1_out {
    buf *out;
    bool json;
    err failed;
    struct html xml;
    struct {
        struct json_object *json;
        bool list;
    } open[HTML_DEPTH];
    size_t depth;
};

/* Begins the message, with its namespaces. Appends to out, which must outlive it. */
void hi1_out_begin(struct hi1_out *o, buf *out, bool json);
/* Ends the message. OK, NO_MEMORY or BUG. */
MUST err hi1_out_end(struct hi1_out *o);

void hi1_out_open(struct hi1_out *o, const char *name);
/* Until its close, all that is opened or put has this one name. */
void hi1_out_list(struct hi1_out *o, const char *name);
void hi1_out_close(struct hi1_out *o);
/* The xsi:type of the element that was opened last. prefix: "auth", "task", "doc", "delivery". */
void hi1_out_type(struct hi1_out *o, const char *prefix, const char *type);
void hi1_out_put(struct hi1_out *o, const char *name, slice text);
/* A number or boolean of the schema's, which JSON writes bare. */
void hi1_out_bare(struct hi1_out *o, const char *name, slice text);

#endif
