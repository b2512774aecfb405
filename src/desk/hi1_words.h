/* The names that answers in HI1 use and that were not found in the standards' own text: statuses,
 * the dictionary of what is delivered, the elements of Annex III. They are data (hi1.json), so that
 * who runs a desk sets them right without a new program. */
#ifndef SOTTO_DESK_HI1_WORDS_H
#define SOTTO_DESK_HI1_WORDS_H

#include "base/slice.h"

/* clang-format off */
/* What only a person can say in the form of Annex III. X(id, name in code, what it asks) */
#define HI1_FACTS(X)                                                                               \
    X("received", RECEIVED, "Date of receipt")                                                     \
    X("law", LAW, "The law of the third country, and its provision")                               \
    X("obligation", OBLIGATION, "Nature of the obligation")                                        \
    X("applies", APPLIES, "Why it applies")                                                        \
    X("conflict", CONFLICT, "Why there is a conflict")                                             \
    X("link", LINK, "Link of the provider to the third country")                                   \
    X("consequences", CONSEQUENCES, "Consequences of complying")                                   \
    X("question", QUESTION, "Question, or what is to be corrected")                                \
    X("preserved", PRESERVED, "Whether the data asked for is preserved meanwhile; if not, why")    \
    X("name", NAME, "Name")                                                                        \
    X("function", FUNCTION, "Function")                                                            \
    X("address", ADDRESS, "Address")                                                               \
    X("telephone", TELEPHONE, "Telephone")                                                         \
    X("e-mail", E_MAIL, "E-mail")
/* X(id, name in code) */
#define HI1_WORDS(X)                                                                               \
    X("received-authorisation", RECEIVED_AUTHORISATION) X("received-task", RECEIVED_TASK)          \
    X("disclosed-authorisation", DISCLOSED_AUTHORISATION) X("disclosed-task", DISCLOSED_TASK)      \
    X("preserved-authorisation", PRESERVED_AUTHORISATION) X("preserved-task", PRESERVED_TASK)      \
    X("rejected-authorisation", REJECTED_AUTHORISATION) X("rejected-task", REJECTED_TASK)          \
    X("invalid-authorisation", INVALID_AUTHORISATION) X("invalid-task", INVALID_TASK)              \
    X("manifest-owner", MANIFEST_OWNER) X("manifest-name", MANIFEST_NAME)                          \
    X("package-specification", PACKAGE) X("manifest-specification", MANIFEST)                      \
    X("form-namespace", FORM_NAMESPACE) X("form", FORM)                                            \
    X("section-a", SECTION_A) X("section-b", SECTION_B) X("section-c", SECTION_C)                  \
    X("section-d", SECTION_D) X("section-e", SECTION_E) X("section-f", SECTION_F)                  \
    X("section-g", SECTION_G) X("section-h", SECTION_H)                                            \
    X("certificate", CERTIFICATE) X("state", STATE) X("authority", AUTHORITY)                      \
    X("file-number", FILE_NUMBER) X("transaction", TRANSACTION) X("approval", APPROVAL)            \
    X("approved-by", APPROVED_BY) X("issued", ISSUED) X("addressee", ADDRESSEE)                    \
    X("non-execution", NON_EXECUTION) X("task", TASK) X("reasons", REASONS) X("reason", REASON)    \
    X("explanation", EXPLANATION) X("preservation", PRESERVATION) X("date", DATE)
/* clang-format on */
#define X(id, name, text) HI1_FACT_##name,
enum hi1_fact { HI1_FACTS(X) HI1_FACT_COUNT };
#undef X
#define X(id, name, ...) HI1_WORD_##name,
enum hi1_word { HI1_WORDS(X) HI1_WORD_OF_FACT, HI1_WORD_COUNT = HI1_WORD_OF_FACT + HI1_FACT_COUNT };
#undef X

enum { HI1_WORD_MAX = 96 }; /* with the NUL */
struct hi1_words {
    char each[HI1_WORD_COUNT][HI1_WORD_MAX]; /* from HI1_WORD_OF_FACT on: the elements of facts */
};

/* From the folder's data/hi1.json, or what the program carries. MALFORMED if a word is missing,
 * stands twice, or could not be an element's name where it is to be one. */
MUST err hi1_words_load(struct hi1_words *w, const char *folder);
bool hi1_fact_of(slice id, enum hi1_fact *fact);

#endif
