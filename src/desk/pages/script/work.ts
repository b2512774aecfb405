/* The work that a filing costs: a number for which SHA-256 of ticket, colon and number begins with
 * so many zero bits. */

import { sha256, utf8 } from "./bytes";

export function zeroBits(hash: Uint8Array): number {
  let bits = 0;
  for (const byte of hash) {
    bits += byte === 0 ? 8 : Math.clz32(byte) - 24;
    if (byte !== 0) break;
  }
  return bits;
}

export async function work(ticket: string, bits: number, progress?: (tried: number) => void): Promise<string> {
  const at_once = 500;
  for (let from = 0; ; from += at_once) {
    const numbers = Array.from({ length: at_once }, (_, i) => String(from + i));
    const hashes = await Promise.all(numbers.map((number) => sha256(utf8(`${ticket}:${number}`))));
    const found = hashes.findIndex((hash) => zeroBits(hash) >= bits);
    if (found >= 0) return numbers[found]!;
    progress?.(from + at_once);
  }
}
