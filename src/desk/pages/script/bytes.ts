/* Bytes and their texts, as the desk writes them. */

export type Bytes = Uint8Array;

const encoder = new TextEncoder();

export const utf8 = (text: string): Bytes => encoder.encode(text);

/** Throws for what is not UTF-8. */
export const text = (bytes: Bytes): string =>
  new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

export function concat(...parts: Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const base64 = (bytes: Bytes): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

export const fromBase64 = (s: string): Bytes => Uint8Array.from(atob(s), (c) => c.charCodeAt(0));

export const base64url = (bytes: Bytes): string =>
  base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

export const hex = (bytes: Bytes): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const fromHex = (s: string): Bytes =>
  Uint8Array.from(s.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export const random = (n: number): Bytes => crypto.getRandomValues(new Uint8Array(n));

export const sha256 = async (bytes: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** opaque v<V> of RFC 9420 section 2.1.2. */
export function vector(bytes: Bytes): Bytes {
  const n = bytes.length;
  if (n < 0x40) return concat(Uint8Array.of(n), bytes);
  if (n < 0x4000) return concat(Uint8Array.of(0x40 | (n >> 8), n & 255), bytes);
  return concat(Uint8Array.of(0x80 | (n >> 24), (n >> 16) & 255, (n >> 8) & 255, n & 255), bytes);
}

/** Takes such a vector off the beginning: what it holds, and what follows. */
export function takeVector(bytes: Bytes): [Bytes, Bytes] {
  const first = bytes[0] ?? 0xff;
  const size = 1 << (first >> 6);
  if (size > 4 || bytes.length < size) throw new Error("a vector is cut off");
  let n = first & 0x3f;
  for (let i = 1; i < size; i++) n = n * 256 + bytes[i]!;
  if (bytes.length < size + n) throw new Error("a vector is cut off");
  return [bytes.subarray(size, size + n), bytes.subarray(size + n)];
}
