#include "mls/last_resort.h"

enum { COMPONENT_LAST_RESORT = 0x0004 };

err mls_last_resort_mark(struct mls_extensions *extensions, const struct mem *mem) {
    buf dictionary = buf_on(mem);
    writer w = writer_on(&dictionary);
    size_t mark = writer_open(&w);
    writer_u16(&w, COMPONENT_LAST_RESORT);
    writer_vec(&w, SLICE_EMPTY);
    writer_close(&w, mark);
    err e = writer_result(&w);
    struct mls_extension one = {MLS_EXTENSION_APP_DATA_DICTIONARY, buf_slice(&dictionary)};
    if (e == OK)
        e = mls_extensions_from(extensions, &one, 1, mem);
    buf_free(&dictionary);
    return e;
}

err mls_last_resort_find(const struct mls_extensions *extensions, bool *marked) {
    const struct mls_extension *extension =
        mls_extensions_find(extensions, MLS_EXTENSION_APP_DATA_DICTIONARY);
    *marked = false;
    if (extension == NULL)
        return OK;
    reader r = reader_of(extension->data), list;
    TRY(reader_open(&r, &list));
    for (uint32_t from = 0; list.n > 0;) {
        uint16_t component;
        slice data;
        TRY(reader_u16(&list, &component));
        TRY(reader_vec(&list, &data));
        /* draft-ietf-mls-extensions-10 s.4.6: components are sorted, and none stands twice. */
        if (component < from)
            return ERR_MLS_EXTENSION;
        from = (uint32_t)component + 1;
        if (component != COMPONENT_LAST_RESORT)
            continue;
        /* draft-ietf-mls-extensions-10 s.6.4.2: the mark has no data. */
        if (data.n != 0)
            return ERR_MLS_EXTENSION;
        *marked = true;
    }
    return reader_end(&r);
}
