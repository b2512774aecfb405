#include "desk/hi1_out.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/text.h"

#define XMLNS(name, uri) {"xmlns:" name, "@xmlns:" name, uri}
static const struct {
    const char *xml, *json, *uri;
} namespaces[] = {
    {"xmlns", "@xmlns", "http://uri.etsi.org/03120/common/2019/10/Core"},
    XMLNS("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    XMLNS("common", "http://uri.etsi.org/03120/common/2016/02/Common"),
    XMLNS("auth", "http://uri.etsi.org/03120/common/2020/09/Authorisation"),
    XMLNS("task", "http://uri.etsi.org/03120/common/2020/09/Task"),
    XMLNS("doc", "http://uri.etsi.org/03120/common/2020/09/Document"),
    XMLNS("delivery", "http://uri.etsi.org/03120/common/2019/10/Delivery"),
};
enum { NAMESPACES = sizeof namespaces / sizeof namespaces[0], TYPE_MAX = 128 };

static void fail(struct hi1_out *o, err e) {
    if (o->failed == OK)
        o->failed = e;
}

/* Takes what is added, whether it can or not. */
static void add(struct hi1_out *o, const char *name, struct json_object *what) {
    struct json_object *to = o->depth == 0 ? NULL : o->open[o->depth - 1].json;
    if (what == NULL || to == NULL) {
        fail(o, what == NULL ? ERR_NO_MEMORY : ERR_BUG);
        json_object_put(what);
        return;
    }
    int failed = json_object_is_type(to, json_type_array)
                     ? json_object_array_add(to, what)
                     : json_object_object_add(to, name, what);
    if (failed != 0) {
        fail(o, ERR_NO_MEMORY);
        json_object_put(what);
    }
}

static void push(struct hi1_out *o, struct json_object *json, bool list) {
    if (o->depth == HTML_DEPTH) {
        fail(o, ERR_BUG);
        return;
    }
    o->open[o->depth].json = json;
    o->open[o->depth++].list = list;
}

static struct json_object *string(slice text) {
    return json_object_new_string_len((const char *)text.p, (int)text.n);
}

void hi1_out_begin(struct hi1_out *o, buf *out, bool json) {
    *o = (struct hi1_out){.out = out, .json = json, .failed = OK};
    if (json) {
        struct json_object *root = json_object_new_object();
        push(o, root, false);
        if (root == NULL)
            fail(o, ERR_NO_MEMORY);
        for (size_t i = 0; i < NAMESPACES; i++)
            add(o, namespaces[i].json, string(slice_str(namespaces[i].uri)));
        return;
    }
    fail(o, buf_append(out, slice_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")));
    html_init(&o->xml, out);
    hi1_out_open(o, "HI1Message");
    for (size_t i = 0; i < NAMESPACES; i++)
        html_attr(&o->xml, namespaces[i].xml, slice_str(namespaces[i].uri));
}

err hi1_out_end(struct hi1_out *o) {
    struct json_object *root = o->open[0].json;
    if (o->depth != 1)
        fail(o, ERR_BUG);
    hi1_out_close(o);
    if (!o->json)
        fail(o, html_result(&o->xml));
    const char *text = "";
    if (o->json && o->failed == OK)
        text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                        JSON_C_TO_STRING_NOSLASHESCAPE);
    fail(o, text == NULL ? ERR_NO_MEMORY : buf_append(o->out, slice_str(text)));
    fail(o, buf_append_byte(o->out, '\n'));
    json_object_put(root);
    return o->failed;
}

void hi1_out_open(struct hi1_out *o, const char *name) {
    struct json_object *json = NULL;
    if (o->json) {
        json = json_object_new_object();
        add(o, name, json);
    } else {
        html_open(&o->xml, name, NULL);
    }
    push(o, o->failed == OK ? json : NULL, false);
}

void hi1_out_list(struct hi1_out *o, const char *name) {
    struct json_object *json = NULL;
    if (o->json) {
        json = json_object_new_array();
        add(o, name, json);
    }
    push(o, o->failed == OK ? json : NULL, true);
}

void hi1_out_close(struct hi1_out *o) {
    if (o->depth == 0) {
        fail(o, ERR_BUG);
        return;
    }
    if (!o->open[--o->depth].list && !o->json)
        html_close(&o->xml);
}

static const char *namespace_of(const char *prefix) {
    for (size_t i = 0; i < NAMESPACES; i++)
        if (strcmp(namespaces[i].xml + strlen("xmlns"), "") != 0 &&
            strcmp(namespaces[i].xml + strlen("xmlns:"), prefix) == 0)
            return namespaces[i].uri;
    return "";
}

void hi1_out_type(struct hi1_out *o, const char *prefix, const char *type) {
    char text[TYPE_MAX];
    if (o->json) {
        (void)snprintf(text, sizeof text, "{%s}%s", namespace_of(prefix), type);
        add(o, "@xsi:type", string(slice_str(text)));
    } else {
        (void)snprintf(text, sizeof text, "%s:%s", prefix, type);
        html_attr(&o->xml, "xsi:type", slice_str(text));
    }
}

void hi1_out_put(struct hi1_out *o, const char *name, slice text) {
    if (o->json)
        add(o, name, string(text));
    else
        html_element(&o->xml, name, text, NULL);
}

void hi1_out_bare(struct hi1_out *o, const char *name, slice text) {
    uint64_t number;
    if (o->json && slice_equal(text, slice_str("true")))
        add(o, name, json_object_new_boolean(true));
    else if (o->json && slice_equal(text, slice_str("false")))
        add(o, name, json_object_new_boolean(false));
    else if (o->json && decimal_decode(text, INT32_MAX, &number) == OK)
        add(o, name, json_object_new_int64((int64_t)number));
    else
        hi1_out_put(o, name, text);
}
