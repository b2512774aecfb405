/* GroupInfo (RFC 9420 sections 12.4.3, 12.4.3.1): signed, and with it the tree that it is about. */
#ifndef SOTTO_MLS_GROUP_INFO_H
#define SOTTO_MLS_GROUP_INFO_H

#include "mls/group.h"
#include "mls/labels.h"

/* Of an epoch, signed with the key that our leaf in it shows, without the MLSMessage. It may be
 * many megabytes, and so is written, signed and (in a Welcome) encrypted in one place. out: an
 * empty buf; the GroupInfo stands in it from *start to its end, and before it what was signed with
 * it. */
MUST err mls_group_info_make(const struct mls_epoch *epoch, const struct mls_suite *suite,
                             bool with_tree, bool external_pub, buf *out, size_t *start);
/* Reads one without copies: it points into the bytes, where it stands from MLS_LABEL_ROOM on.
 * Version and extensions are checked, before anything costs much. */
MUST err mls_group_info_open(buf *bytes, struct mls_group_info *info, const struct mem *mem);
/* The tree: the one that it carries, else `apart`; not yet checked. tree: of zeros. */
MUST err mls_group_info_tree(const struct mls_group_info *info, slice apart, uint32_t leaves,
                             const struct mls_suite *suite, struct mls_tree *tree,
                             const struct mem *mem);
/* That the tree is the GroupInfo's, the signature a member's, and every rule of section 12.4.3.1
 * for trees holds; every credential is judged. bytes: those that it was opened from; what is signed
 * with it is put before it. */
MUST err mls_group_info_verify(const struct mls_group_info *info, buf *bytes,
                               const struct mls_tree *tree, const struct mls_auth *auth);

/* resume.c. Sections 11.2, 11.3: the members of a group that continues `parent` are its members:
 * all, if it is a reinitialised one. */
MUST err mls_resume_check_members(const struct mls_group *parent, const struct mls_tree *tree,
                                  bool all);

#endif
