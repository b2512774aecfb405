/* HPKE (RFC 9180), base mode, single shot, in the desk's one suite: DHKEM(X25519, HKDF-SHA256),
 * HKDF-SHA256, AES-256-GCM. What is sealed is enc, then the ciphertext. */

import { Bytes, concat, utf8 } from "./bytes";

const KEM = concat(utf8("KEM"), Uint8Array.of(0x00, 0x20));
const SUITE = concat(utf8("HPKE"), Uint8Array.of(0x00, 0x20, 0x00, 0x01, 0x00, 0x02));
const PKCS8 = Uint8Array.of(
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20);

const NONE = new Uint8Array(0);
const POINT = 32;

export interface KeyPair {
  privateKey: CryptoKey;
  publicKey: Bytes;
}

export async function hmac(key: Bytes, message: Bytes): Promise<Bytes> {
  // WebCrypto takes no empty key; zeros of a hash's length are the same key.
  const k = await crypto.subtle.importKey("raw", key.length > 0 ? key : new Uint8Array(32),
    { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", k, message));
}

/** HKDF's expand (RFC 5869), of up to 255 blocks. */
export async function expand(key: Bytes, info: Bytes, n: number): Promise<Bytes> {
  let block: Bytes = NONE;
  let out: Bytes = NONE;
  for (let i = 1; out.length < n; i++) {
    block = await hmac(key, concat(block, info, Uint8Array.of(i)));
    out = concat(out, block);
  }
  return out.subarray(0, n);
}

const version = utf8("HPKE-v1");

const labeledExtract = (suite: Bytes, salt: Bytes, label: string, ikm: Bytes): Promise<Bytes> =>
  hmac(salt, concat(version, suite, utf8(label), ikm));

const labeledExpand = (suite: Bytes, key: Bytes, label: string, info: Bytes, n: number): Promise<Bytes> =>
  expand(key, concat(Uint8Array.of(n >> 8, n & 255), version, suite, utf8(label), info), n);

const importPublic = (key: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", key, { name: "X25519" }, true, []);

/** Of 32 bytes; it can't be taken out again. */
export const importPrivate = (key: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey("pkcs8", concat(PKCS8, key), { name: "X25519" }, false, ["deriveBits"]);

/** A new pair, with the private key's bytes: for whoever wraps them. */
export async function generate(): Promise<{ pair: KeyPair; privateBytes: Bytes }> {
  const made = (await crypto.subtle.generateKey({ name: "X25519" }, true, ["deriveBits"])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey));
  const privateBytes = new Uint8Array(await crypto.subtle.exportKey("pkcs8", made.privateKey)).slice(-32);
  return { pair: { privateKey: await importPrivate(privateBytes), publicKey }, privateBytes };
}

async function dh(own: CryptoKey, other: Bytes): Promise<Bytes> {
  const bits = await crypto.subtle.deriveBits(
    { name: "X25519", public: await importPublic(other) } as unknown as AlgorithmIdentifier, own, 256);
  const out = new Uint8Array(bits);
  if (out.every((byte) => byte === 0)) throw new Error("a key of small order");
  return out;
}

async function keyAndNonce(shared: Bytes, enc: Bytes, recipient: Bytes, info: Bytes) {
  const prk = await labeledExtract(KEM, NONE, "eae_prk", shared);
  const secret = await labeledExpand(KEM, prk, "shared_secret", concat(enc, recipient), 32);
  const context = concat(Uint8Array.of(0), await labeledExtract(SUITE, NONE, "psk_id_hash", NONE),
    await labeledExtract(SUITE, NONE, "info_hash", info));
  const master = await labeledExtract(SUITE, secret, "secret", NONE);
  return {
    key: await crypto.subtle.importKey("raw", await labeledExpand(SUITE, master, "key", context, 32),
      "AES-GCM", false, ["encrypt", "decrypt"]),
    nonce: await labeledExpand(SUITE, master, "base_nonce", context, 12),
  };
}

export async function seal(recipient: Bytes, info: Bytes, aad: Bytes, plain: Bytes): Promise<Bytes> {
  const { pair } = await generate();
  const shared = await dh(pair.privateKey, recipient);
  const { key, nonce } = await keyAndNonce(shared, pair.publicKey, recipient, info);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, key, plain);
  return concat(pair.publicKey, new Uint8Array(sealed));
}

/** Throws if it does not open. */
export async function open(own: KeyPair, info: Bytes, aad: Bytes, sealed: Bytes): Promise<Bytes> {
  const enc = sealed.subarray(0, POINT);
  const shared = await dh(own.privateKey, enc);
  const { key, nonce } = await keyAndNonce(shared, enc, own.publicKey, info);
  return new Uint8Array(await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: nonce, additionalData: aad }, key, sealed.subarray(POINT)));
}
