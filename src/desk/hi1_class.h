/* What a filing in HI1 is at the desk: the facts that an intake clerk would say of it with
 * `classify`. It proposes; the clerk reads the filing and signs what is so. Pure. */
#ifndef SOTTO_DESK_HI1_CLASS_H
#define SOTTO_DESK_HI1_CLASS_H

#include "desk/hi1.h"
#include "desk/machine.h"

/* What is asked about. by: enum office_account_by, or 0 if it names no account; nothing is then the
 * id of the identifier in demands.json, or "" if a person must see what it is. */
struct hi1_account {
    uint32_t by;
    const char *nothing;
    slice name; /* points into the filing */
};
struct hi1_class {
    enum desk_kind kind;
    uint32_t path;
    const struct office_authority *authority; /* NULL: it is not in the directory */
    slice country;                            /* the sender's */
    const char *regime, *process;
    const char *category; /* "": none, or more than one */
    uint32_t fields;      /* held ones of the category: 1 << HELD_FIELD_... */
    const char *ground;   /* of reasons.json, on which it can only be refused; "": none */
    struct hi1_account *accounts;
    size_t account_count, room;
};

/* The directory's entry of a sender: its id is the country in small letters, "-", and the unique
 * identifier in small letters with "-" for whatever is neither letter nor digit; its jurisdiction
 * must be the country. NULL if there is none. */
const struct office_authority *hi1_authority(const struct office *o, const struct hi1_party *p);

/* NO_MEMORY alone. The filing and the office must outlive it. Freed by hi1_class_free. */
MUST err hi1_classify(struct hi1_class *class, const struct hi1_filing *f, const struct office *o,
                      const struct desk_regime *regimes, size_t regime_count);
void hi1_class_free(struct hi1_class *class);

/* Appends it as the facts of `classify`, a line each: NAME VALUE. It names no account. */
MUST err hi1_class_say(buf *out, const struct hi1_class *class);
/* Appends the whole filing as lines for a person: what it is for the desk, then what it says. What
 * a screen might obey is replaced. It names accounts and persons: seal it. */
MUST err hi1_read_out(buf *out, const struct hi1_filing *f, const struct hi1_class *class);

#endif
