"""Files as strangers attach them, sound and not: for tests of what draws them."""
import struct
import zlib


def pdf(objects, trailer=b""):
    """Of the bodies of its objects, from the first on, which is the catalogue."""
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (out + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
            % (len(objects) + 1, table, len(objects) + 1, trailer, len(out)))


def stream(content, more=b""):
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), more, content)


def pages(number, content=b"1 0 0 rg 0 0 300 842 re f", resources=b"<< >>", more=(), trailer=b""):
    """A document of pages that are alike: red on the left half."""
    kids = b" ".join(b"%d 0 R" % (3 + i) for i in range(number))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 842] /Resources %s /Contents %d 0 R >>" % (resources, 3 + number)
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, number),
                *number * [page], stream(content), *more], trailer)


def bomb():
    """Each form paints the next one twenty times: 20 to the tenth rectangles."""
    first = 5
    forms = [stream(20 * (b"/X%d Do " % (first + i + 1)) if i < 9 else b"0 0 9 9 re f",
                    b"/Type /XObject /Subtype /Form /BBox [0 0 600 842] /Resources << /XObject << /X%d %d 0 R >> >>"
                    % (first + i + 1, first + i + 1)) for i in range(10)]
    return pages(1, b"/X5 Do", b"<< /XObject << /X5 5 0 R >> >>", forms)


def encrypted():
    lock = b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >>" % (b"41" * 32, b"42" * 32)
    return pages(1, more=[lock], trailer=b"/Encrypt 5 0 R /ID [<00> <00>]")


def png(width, height, rows=None, bits=8, kind=2):
    """Red, if no rows are given, each with its filter."""
    rows = rows if rows is not None else height * (b"\0" + width * b"\xff\0\0")

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def png_bomb():
    """Some kilobytes of two hundred million points."""
    return png(16000, 16000, 16000 * (b"\0" + 2000 * b"\0"), 1, 0)


def tiff(width=2, height=2):
    """Red, without compression, little-endian."""
    data = width * height * b"\xff\0\0"
    fields = [(256, 3, width), (257, 3, height), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 4, 8), (277, 3, 3),
              (278, 3, height), (279, 4, len(data))]
    table = struct.pack("<H", len(fields)) + b"".join(struct.pack("<HHII", tag, of, 1, value) for tag, of, value in fields)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + table + struct.pack("<I", 0)


def points(picture):
    """Width, height, and the points of a PNG of ours: eight bits of red, green and blue, no filter."""
    if picture[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG")
    at, found = 8, {}
    while at < len(picture):
        size, name = struct.unpack(">I4s", picture[at:at + 8])
        body = picture[at + 8:at + 8 + size]
        if struct.unpack(">I", picture[at + 8 + size:at + 12 + size])[0] != zlib.crc32(name + body):
            raise ValueError("a checksum is wrong")
        found[name] = found.get(name, b"") + body
        at += 12 + size
    if set(found) != {b"IHDR", b"IDAT", b"IEND"}:
        raise ValueError(sorted(found))
    width, height, bits, kind = struct.unpack(">IIBB", found[b"IHDR"][:10])
    rows = zlib.decompress(found[b"IDAT"])
    if (bits, kind, len(rows)) != (8, 2, height * (1 + 3 * width)):
        raise ValueError("other points")
    return width, height, [rows[y * (1 + 3 * width) + 1:(y + 1) * (1 + 3 * width)] for y in range(height)]
