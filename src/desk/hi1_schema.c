/* A message by the official schemas, where the operator has them: they aren't ours to carry. */
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#include "desk/hi1_schema.h"

struct finding {
    char *where;
    bool memory;
};

/* The element of the first thing that is wrong; its name was looked at when the message was read.
 */
static void on_invalid(void *ctx, xmlErrorPtr error) {
    struct finding *f = ctx;
    const xmlNode *node = error->node;
    f->memory = f->memory || error->code == XML_ERR_NO_MEMORY;
    if (f->where[0] == '\0' && node != NULL && node->name != NULL)
        for (size_t i = 0; i + 1 < HI1_WHERE && node->name[i] != '\0'; i++) {
            uint8_t c = node->name[i];
            f->where[i] = c > ' ' && c < 0x7F ? (char)c : '?';
            f->where[i + 1] = '\0';
        }
}

static enum hi1_reason validate(xmlSchemaPtr schema, xmlDocPtr message, char where[HI1_WHERE]) {
    struct finding finding = {where, false};
    xmlSchemaValidCtxtPtr ctx = xmlSchemaNewValidCtxt(schema);
    if (ctx == NULL)
        return HI1_MEMORY;
    xmlSchemaSetValidStructuredErrors(ctx, on_invalid, &finding);
    int result = xmlSchemaValidateDoc(ctx, message);
    xmlSchemaFreeValidCtxt(ctx);
    return result == 0 ? HI1_OK : finding.memory || result < 0 ? HI1_MEMORY : HI1_SCHEMA;
}

static bool is_json(slice bytes) {
    (void)slice_skip(&bytes, slice_str("\xEF\xBB\xBF"));
    while (bytes.n > 0 && memchr(" \t\r\n", bytes.p[0], 4) != NULL)
        bytes = slice_of(bytes.p + 1, bytes.n - 1);
    return slice_skip(&bytes, slice_str("{"));
}

err hi1_schema_check(const char *path, slice bytes, enum hi1_reason *reason,
                     char where[HI1_WHERE]) {
    enum { OPTIONS = XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR };
    where[0] = '\0';
    if (is_json(bytes)) {
        *reason = HI1_SCHEMA_FORM;
        return OK;
    }
    xmlSetExternalEntityLoader(xmlNoNetExternalEntityLoader);
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(path);
    xmlSchemaPtr schema = parser == NULL ? NULL : xmlSchemaParse(parser);
    xmlSchemaFreeParserCtxt(parser);
    if (schema == NULL)
        return ERR_MALFORMED;
    xmlDocPtr message = bytes.n > HI1_MAX ? NULL
                                          : xmlReadMemory((const char *)bytes.p, (int)bytes.n, NULL,
                                                          "UTF-8", OPTIONS);
    *reason = message == NULL ? HI1_SCHEMA : validate(schema, message, where);
    xmlFreeDoc(message);
    xmlSchemaFree(schema);
    return OK;
}
