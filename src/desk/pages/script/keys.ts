/* Keys that open what is sealed: the person's, wrapped under what a passkey gives, and those of
 * cases, sealed to the person. The desk has neither in clear. */

import { Bytes, concat, fromBase64, base64, random, takeVector, utf8 } from "./bytes";
import * as hpke from "./hpke";

const NONCE = 12;

async function wrappingKey(prf: Bytes, usage: KeyUsage): Promise<CryptoKey> {
  const prk = await hpke.hmac(new Uint8Array(0), prf);
  const key = await hpke.expand(prk, utf8("sotto desk 1 person"), 32);
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, [usage]);
}

/** A nonce, then AES-256-GCM of the private key, with the person's id beside. */
export async function wrapPersonKey(prf: Bytes, person: string, key: Bytes): Promise<Bytes> {
  const iv = random(NONCE);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(person) },
    await wrappingKey(prf, "encrypt"), key);
  return concat(iv, new Uint8Array(sealed));
}

export async function unwrapPersonKey(prf: Bytes, person: string, wrapped: Bytes): Promise<Bytes> {
  const iv = wrapped.subarray(0, NONCE);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: utf8(person) },
    await wrappingKey(prf, "decrypt"), wrapped.subarray(NONCE)));
}

const aad = (caseId: string, kind: string, number: string): Bytes => utf8(`${caseId}\0${kind}\0${number}`);

export class CaseKey {
  private constructor(private id: string, private pair: hpke.KeyPair, private bytes: Bytes) {}

  static async open(id: string, publicKey: Bytes, person: hpke.KeyPair, wrap: Bytes): Promise<CaseKey> {
    const bytes = await hpke.open(person, utf8("sotto desk 1 wrap"), aad(id, "key", "0"), wrap);
    const key = new CaseKey(id, { privateKey: await hpke.importPrivate(bytes), publicKey }, bytes);
    await key.isThisCases();
    return key;
  }

  /** Some other key, well wrapped, opens nothing either. */
  private async isThisCases(): Promise<void> {
    const info = utf8("sotto desk 1 case"), about = aad(this.id, "key", "0");
    await hpke.open(this.pair, info, about, await hpke.seal(this.pair.publicKey, info, about, utf8("")));
  }

  unseal(kind: string, number: string, sealed: Bytes): Promise<Bytes> {
    return hpke.open(this.pair, utf8("sotto desk 1 case"), aad(this.id, kind, number), sealed);
  }

  /** For another person, whose key this is. */
  wrapFor(seal: Bytes): Promise<Bytes> {
    return hpke.seal(seal, utf8("sotto desk 1 wrap"), aad(this.id, "key", "0"), this.bytes);
  }
}

/** What is in a filing's or an attachment's object. */
export function namedBytes(object: Bytes): { name: Bytes; bytes: Bytes } {
  const [name, rest] = takeVector(object);
  const [bytes] = takeVector(rest);
  return { name, bytes };
}

/* ---- Kept for a session ---- As a key that can't be taken out again, and no longer than it. */

interface Kept {
  person: string;
  pair: hpke.KeyPair;
  until: number;
}

function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  return new Promise((done, failed) => {
    const asked = indexedDB.open("sotto-desk", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("session");
    asked.onerror = () => failed(asked.error);
    asked.onsuccess = () => done(asked.result.transaction("session", mode).objectStore("session"));
  });
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

export async function keep(person: string, pair: hpke.KeyPair, until: number): Promise<void> {
  const kept: Kept = { person, pair, until };
  await settled((await store("readwrite")).put(kept, "key"));
}

export async function kept(person: string): Promise<hpke.KeyPair | undefined> {
  const found = (await settled((await store("readonly")).get("key"))) as Kept | undefined;
  return found !== undefined && found.person === person && found.until > Date.now() ? found.pair : undefined;
}

export const forget = async (): Promise<void> => {
  await settled((await store("readwrite")).clear());
};

/* ---- Over the desk ---- */

export async function fetchBytes(path: string): Promise<Bytes | undefined> {
  const answer = await fetch(path, { credentials: "same-origin" });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

export async function postForm(path: string, fields: Record<string, string>): Promise<void> {
  const answer = await fetch(path, { method: "POST", credentials: "same-origin", body: new URLSearchParams(fields) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
}

/** The person's own key, with what a passkey gave. soft: of a demonstration, where the desk may not
 * have it yet. */
export async function personKey(person: string, seal: Bytes, credential: Bytes, prf: Bytes,
  soft?: Bytes): Promise<hpke.KeyPair | undefined> {
  const id = base64(credential);
  const wrapped = await fetchBytes(`/me/key?credential=${encodeURIComponent(id)}`);
  let bytes: Bytes;
  if (wrapped !== undefined) {
    bytes = await unwrapPersonKey(prf, person, wrapped);
  } else if (soft !== undefined) {
    bytes = soft;
    await postForm("/me/key", { credential: id, wrapped: base64(await wrapPersonKey(prf, person, bytes)) });
  } else {
    return undefined;
  }
  return { privateKey: await hpke.importPrivate(bytes), publicKey: seal };
}

export { fromBase64 };
