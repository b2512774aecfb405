/* XML, by libxml2's SAX interface into a tree of ours. What makes XML dangerous is refused before
 * the library sees it: a document type, and tags whose attributes are so many that comparing them
 * takes long. The library gets no loader of anything and no entities. */
#include <libxml/parser.h>

#include "desk/hi1_tree.h"

enum { NAME_MAX_ = HI1_TAG_MAX };

/* ---- Before parsing ---- */

static bool skip_to(slice *rest, const char *end) {
    size_t n = strlen(end);
    for (; rest->n >= n; *rest = slice_of(rest->p + 1, rest->n - 1))
        if (memcmp(rest->p, end, n) == 0)
            return slice_skip(rest, slice_str(end));
    return false;
}

/* Of a tag, after its "<". */
static enum hi1_reason skip_tag(slice *rest) {
    uint8_t quote = 0;
    for (size_t i = 0; i < rest->n && i < HI1_TAG_MAX; i++) {
        uint8_t c = rest->p[i];
        if (quote == 0 && c == '>') {
            *rest = slice_of(rest->p + i + 1, rest->n - i - 1);
            return HI1_OK;
        }
        if (quote == 0 ? c == '"' || c == '\'' : c == quote)
            quote = quote == 0 ? c : 0;
    }
    return rest->n < HI1_TAG_MAX ? HI1_SYNTAX : HI1_TAG;
}

static enum hi1_reason look_through(slice rest) {
    while (skip_to(&rest, "<")) {
        bool fine = true;
        enum hi1_reason r = HI1_OK;
        if (slice_skip(&rest, slice_str("!--")))
            fine = skip_to(&rest, "-->");
        else if (slice_skip(&rest, slice_str("![CDATA[")))
            fine = skip_to(&rest, "]]>");
        else if (slice_skip(&rest, slice_str("!")))
            return HI1_DTD;
        else if (slice_skip(&rest, slice_str("?")))
            fine = skip_to(&rest, "?>");
        else
            r = skip_tag(&rest);
        if (!fine || r != HI1_OK)
            return fine ? r : HI1_SYNTAX;
    }
    return HI1_OK;
}

/* ---- Parsing ---- */

struct xml {
    struct hi1_tree *t;
    xmlParserCtxtPtr parser;
    enum hi1_reason reason;
};

static void stop(struct xml *x, enum hi1_reason reason) {
    if (reason == HI1_OK || x->reason != HI1_OK)
        return;
    x->reason = reason;
    xmlStopParser(x->parser);
}

/* BEGINNING prefix:name, or without the prefix, where it fits. */
static slice join(char out[NAME_MAX_], const char *beginning, const xmlChar *prefix,
                  const xmlChar *name) {
    const char *p = prefix == NULL ? "" : (const char *)prefix, *colon = prefix == NULL ? "" : ":";
    const char *const parts[] = {beginning, p, colon, name == NULL ? "" : (const char *)name};
    size_t n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t more = strlen(parts[i]);
        if (more >= NAME_MAX_ - n)
            return SLICE_EMPTY;
        memcpy(out + n, parts[i], more);
        n += more;
    }
    return slice_of(out, n);
}

static void attribute(struct xml *x, slice name, slice value) {
    if (x->reason == HI1_OK)
        stop(x, name.n == 0 ? HI1_TAG : hi1_tree_attribute(x->t, name, value));
}

/* libxml2 gives a declaration as prefix and URI, an attribute as local name, prefix, URI, and
 * where its value begins and ends. */
static void on_begin(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int declared, const xmlChar **declarations, int count, int defaulted,
                     const xmlChar **attributes) {
    struct xml *x = ctx;
    char text[NAME_MAX_];
    (void)uri;
    (void)defaulted;
    if (x->reason != HI1_OK)
        return;
    slice whole = join(text, "", prefix, name);
    stop(x, whole.n == 0 ? HI1_TAG : hi1_tree_begin(x->t, whole));
    for (int i = 0; i < declared; i++) {
        const xmlChar **d = declarations + 2 * i;
        whole = join(text, d[0] == NULL ? "@xmlns" : "@xmlns:", NULL, d[0]);
        attribute(x, whole, slice_str(d[1] == NULL ? "" : (const char *)d[1]));
    }
    for (int i = 0; i < count; i++) {
        const xmlChar **a = attributes + 5 * i;
        bool is_type = a[2] != NULL && strcmp((const char *)a[2], HI1_NAMESPACE_XSI) == 0 &&
                       strcmp((const char *)a[0], "type") == 0;
        whole = is_type ? slice_str("@xsi:type") : join(text, "@", a[1], a[0]);
        attribute(x, whole, slice_of(a[3], (size_t)(a[4] - a[3])));
    }
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
    struct xml *x = ctx;
    (void)name;
    (void)prefix;
    (void)uri;
    if (x->reason == HI1_OK && x->t->depth > 0)
        hi1_tree_end(x->t);
}

static void on_text(void *ctx, const xmlChar *text, int n) {
    struct xml *x = ctx;
    if (x->reason == HI1_OK && x->t->depth > 0)
        stop(x, hi1_tree_text(x->t, slice_of(text, (size_t)n)));
}

static void on_document_type(void *ctx, const xmlChar *name, const xmlChar *external,
                             const xmlChar *system) {
    (void)name;
    (void)external;
    (void)system;
    stop(ctx, HI1_DTD);
}

static void on_error(void *ctx, xmlErrorPtr error) {
    struct xml *x = ctx;
    if (error->level > XML_ERR_WARNING)
        stop(x, error->code == XML_ERR_NO_MEMORY ? HI1_MEMORY : HI1_SYNTAX);
}

static xmlSAXHandler handlers(void) {
    return (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
                           .startElementNs = on_begin,
                           .endElementNs = on_end,
                           .characters = on_text,
                           .ignorableWhitespace = on_text,
                           .cdataBlock = on_text,
                           .internalSubset = on_document_type,
                           .serror = on_error};
}

static enum hi1_reason parse(struct xml *x, slice bytes) {
    enum { STEP = 1 << 16, OPTIONS = XML_PARSE_NONET | XML_PARSE_NODICT | XML_PARSE_IGNORE_ENC };
    if (xmlCtxtUseOptions(x->parser, OPTIONS) != 0)
        return HI1_SYNTAX;
    while (bytes.n > 0 && x->reason == HI1_OK) {
        size_t n = bytes.n < STEP ? bytes.n : STEP;
        if (xmlParseChunk(x->parser, (const char *)bytes.p, (int)n, n == bytes.n) != 0 &&
            x->reason == HI1_OK)
            x->reason = HI1_SYNTAX;
        bytes = slice_of(bytes.p + n, bytes.n - n);
    }
    if (x->reason == HI1_OK && (x->t->count == 0 || x->t->depth > 0))
        return HI1_SYNTAX;
    return x->reason;
}

enum hi1_reason hi1_tree_xml(struct hi1_tree *t, slice bytes) {
    struct xml x = {.t = t};
    xmlSAXHandler sax = handlers();
    enum hi1_reason r = look_through(bytes);
    if (r != HI1_OK)
        return r;
    x.parser = xmlCreatePushParserCtxt(&sax, &x, NULL, 0, NULL);
    if (x.parser == NULL)
        return HI1_MEMORY;
    r = parse(&x, bytes);
    xmlFreeDoc(x.parser->myDoc);
    xmlFreeParserCtxt(x.parser);
    return r;
}
