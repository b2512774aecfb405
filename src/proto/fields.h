/* How a field of each kind is read and written, for whatever makes functions of lines like the
 * schema's: proto.c, and the records of the client's store. The code around them has a reader *r or
 * a writer *w, and the structure *v. */
#ifndef SOTTO_PROTO_FIELDS_H
#define SOTTO_PROTO_FIELDS_H

#include "base/codec.h"

#define PROTO_READ_u8(name, a, b) TRY(reader_u8(r, &v->name));
#define PROTO_READ_u16(name, a, b) TRY(reader_u16(r, &v->name));
#define PROTO_READ_u32(name, a, b) TRY(reader_u32(r, &v->name));
#define PROTO_READ_u64(name, a, b) TRY(reader_u64(r, &v->name));
#define PROTO_READ_flag(name, a, b) TRY(reader_bool(r, &v->name));
#define PROTO_READ_fixed(name, a, b) TRY(reader_copy(r, v->name, a));
#define PROTO_READ_vec(name, a, b) TRY(proto_vec_read(r, &v->name, a, b));
#define PROTO_READ_FIELD(kind, name, a, b) PROTO_READ_##kind(name, a, b)

#define PROTO_WRITE_u8(name, a, b) writer_u8(w, v->name);
#define PROTO_WRITE_u16(name, a, b) writer_u16(w, v->name);
#define PROTO_WRITE_u32(name, a, b) writer_u32(w, v->name);
#define PROTO_WRITE_u64(name, a, b) writer_u64(w, v->name);
#define PROTO_WRITE_flag(name, a, b) writer_u8(w, v->name ? 1 : 0);
#define PROTO_WRITE_fixed(name, a, b) writer_bytes(w, slice_of(v->name, a));
#define PROTO_WRITE_vec(name, a, b) proto_vec_write(w, v->name, a, b);
#define PROTO_WRITE_FIELD(kind, name, a, b) PROTO_WRITE_##kind(name, a, b)

/* MALFORMED or TOO_LARGE outside the limits; to write such a vector is a BUG. */
MUST err proto_vec_read(reader *r, slice *s, size_t least, size_t most);
void proto_vec_write(writer *w, slice s, size_t least, size_t most);

#endif
