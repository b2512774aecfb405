// icon.svg as PNG, drawn here since no library is worth it, and stored without compression, whose bytes would
// depend on the machine. The shapes are those of icon.svg, in its units.

const SIDE = 64; // of icon.svg
const GROUND = [0x1d, 0x4e, 0x4a], FIGURE = [0xff, 0xff, 0xff];
const SAMPLES = 4; // in each direction, of a pixel

function rounded(x, y, left, top, right, bottom, radius) {
    const dx = Math.max(left + radius - x, x - (right - radius), 0);
    const dy = Math.max(top + radius - y, y - (bottom - radius), 0);
    return x >= left && x <= right && y >= top && y <= bottom && dx * dx + dy * dy <= radius * radius;
}

const circle = (x, y, cx, cy, r) => (x - cx) ** 2 + (y - cy) ** 2 <= r * r;

// A bubble with its tail, in it a voice that goes down.
function isFigure(x, y) {
    const tail = y >= 40 && y <= 52 && x >= 20 && x <= 20 + (52 - y);
    const voice = circle(x, y, 22, 29, 4) || circle(x, y, 33, 29, 3) || circle(x, y, 42, 29, 2);
    return (rounded(x, y, 12, 16, 52, 42, 9) || tail) && !voice;
}

function shade(column, row, size) {
    let inside = 0;
    for (let i = 0; i < SAMPLES * SAMPLES; i++) {
        const x = column + ((i % SAMPLES) + 0.5) / SAMPLES, y = row + (Math.floor(i / SAMPLES) + 0.5) / SAMPLES;
        inside += isFigure((x * SIDE) / size, (y * SIDE) / size);
    }
    return Math.round((inside * 3) / (SAMPLES * SAMPLES));
}

function crc32(bytes) {
    let crc = ~0;
    for (const byte of bytes) {
        crc ^= byte;
        for (let i = 0; i < 8; i++)
            crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
}

function uint32(number) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(number);
    return bytes;
}

function chunk(type, data) {
    const typed = Buffer.concat([Buffer.from(type), data]);
    return Buffer.concat([uint32(data.length), typed, uint32(crc32(typed))]);
}

// zlib's format with blocks that are only stored (RFC 1950, RFC 1951).
function stored(data) {
    const parts = [Buffer.from([0x78, 0x01])];
    for (let at = 0; at < data.length; at += 0xffff) {
        const part = data.subarray(at, at + 0xffff), head = Buffer.alloc(5);
        head[0] = at + part.length === data.length ? 1 : 0;
        head.writeUInt16LE(part.length, 1);
        head.writeUInt16LE(~part.length & 0xffff, 3);
        parts.push(head, part);
    }
    let a = 1, b = 0;
    for (const byte of data) {
        a = (a + byte) % 65521;
        b = (b + a) % 65521;
    }
    return Buffer.concat([...parts, uint32(b * 65536 + a)]);
}

// Four shades of two colours, two bits a pixel: size is a multiple of four.
export function icon(size) {
    const row = size / 4 + 1, pixels = Buffer.alloc(row * size);
    for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++)
            pixels[y * row + 1 + (x >> 2)] |= shade(x, y, size) << (6 - 2 * (x & 3));
    const palette = [0, 1, 2, 3].flatMap((n) => GROUND.map((c, i) => Math.round(c + ((FIGURE[i] - c) * n) / 3)));
    const head = Buffer.concat([uint32(size), uint32(size), Buffer.from([2, 3, 0, 0, 0])]);
    return Buffer.concat([
        Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", head),
        chunk("PLTE", Buffer.from(palette)), chunk("IDAT", stored(pixels)), chunk("IEND", Buffer.alloc(0)),
    ]);
}
