/* Passkeys: what signs a text. Whatever signs, the desk gets the same line and checks it in the same
 * way; in a demonstration a key in software stands in for the hardware. */

import { Bytes, base64, base64url, concat, fromHex, sha256, utf8, vector } from "./bytes";
import { hmac } from "./hpke";

const PRF_SALT = utf8("sotto desk 1 prf");

export interface Assertion {
  credential: Bytes;
  authenticatorData: Bytes;
  clientData: Bytes;
  signature: Bytes;
  prf?: Bytes;
}

export interface Authenticator {
  assert(challenge: Bytes): Promise<Assertion>;
}

/** The outputs of the PRF extension, which TypeScript's library doesn't know. */
interface PrfResults {
  prf?: { enabled?: boolean; results?: { first?: ArrayBuffer } };
}

const prfOf = (credential: PublicKeyCredential): Bytes | undefined => {
  const first = (credential.getClientExtensionResults() as PrfResults).prf?.results?.first;
  return first === undefined ? undefined : new Uint8Array(first);
};

const prfExtension = { prf: { eval: { first: PRF_SALT } } } as AuthenticationExtensionsClientInputs;

/** The browser's, with one of these credentials. */
export class Hardware implements Authenticator {
  constructor(private rp: string, private credentials: Bytes[]) {}

  async assert(challenge: Bytes): Promise<Assertion> {
    const made = (await navigator.credentials.get({
      publicKey: {
        challenge,
        rpId: this.rp,
        allowCredentials: this.credentials.map((id) => ({ type: "public-key", id })),
        userVerification: "required",
        extensions: prfExtension,
      },
    })) as PublicKeyCredential;
    const response = made.response as AuthenticatorAssertionResponse;
    return {
      credential: new Uint8Array(made.rawId),
      authenticatorData: new Uint8Array(response.authenticatorData),
      clientData: new Uint8Array(response.clientDataJSON),
      signature: new Uint8Array(response.signature),
      prf: prfOf(made),
    };
  }
}

/** A demonstration's passkey in software, with the person's key for what is sealed. */
export interface SoftKey {
  credential: Bytes;
  privateKey: Bytes; // of P-256, 32 bytes
  seal: Bytes; // X25519's private key
}

/** As the desk shows it: the key and the credential's id, then the other key, in hexadecimal. */
export function readSoftKey(lines: string): SoftKey {
  const [privateKey = "", credential = "", seal = ""] = lines.split(/\s+/);
  return { privateKey: fromHex(privateKey), credential: fromHex(credential), seal: fromHex(seal) };
}

const PKCS8 = fromHex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420");

/** The r and s of WebCrypto as DER, which WebAuthn has. */
function der(raw: Bytes): Bytes {
  const integer = (bytes: Bytes): Bytes => {
    let from = 0;
    while (from < bytes.length - 1 && bytes[from] === 0) from++;
    const digits = bytes.subarray(from);
    const signed = digits[0]! >= 0x80 ? concat(Uint8Array.of(0), digits) : digits;
    return concat(Uint8Array.of(0x02, signed.length), signed);
  };
  const both = concat(integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
  return concat(Uint8Array.of(0x30, both.length), both);
}

export class Soft implements Authenticator {
  constructor(private rp: string, private key: SoftKey) {}

  async assert(challenge: Bytes): Promise<Assertion> {
    const clientData = utf8(`{"type":"webauthn.get","challenge":"${base64url(challenge)}",` +
      `"origin":"${location.origin}","crossOrigin":false}`);
    const presentAndVerified = Uint8Array.of(0x05, 0, 0, 0, 0);
    const authenticatorData = concat(await sha256(utf8(this.rp)), presentAndVerified);
    const key = await crypto.subtle.importKey("pkcs8", concat(PKCS8, this.key.privateKey),
      { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const signature = der(new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key,
      concat(authenticatorData, await sha256(clientData)))));
    const salt = await sha256(concat(utf8("WebAuthn PRF\0"), PRF_SALT));
    const secret = await sha256(concat(utf8("prf"), this.key.privateKey));
    return { credential: this.key.credential, authenticatorData, clientData, signature, prf: await hmac(secret, salt) };
  }
}

/** The line under a text. */
export const signatureLine = (person: string, a: Assertion): string =>
  `\u2014 ${person} webauthn ` +
  `${base64(concat(vector(a.authenticatorData), vector(a.clientData), vector(a.signature)))}\n`;

/** A text with signatures: the lines follow after an empty one. */
export const signedDocument = (body: string, lines: string): string => (lines === "" ? body : `${body}\n${lines}`);

/** What stands before the signatures, and they. */
export function splitDocument(document: string): [string, string] {
  const end = document.indexOf("\n\n");
  return end < 0 ? [document, ""] : [document.slice(0, end + 1), document.slice(end + 2)];
}

export interface NewPasskey {
  line: string; // as an office file names it: algorithm, key, credential, in base64
  credential: Bytes;
  prf: Bytes;
}

/** Of the second level of Web Authentication, which older libraries don't know. */
interface Attested {
  getPublicKey(): ArrayBuffer | null;
  getPublicKeyAlgorithm(): number;
}

const ALGORITHMS: Record<number, string> = { [-7]: "es256", [-8]: "eddsa" };

/** Makes a passkey for who is enrolled. not: those that the person has already, so that the second is
 * another device. */
export async function createPasskey(rp: string, service: string, person: string, not: Bytes[]): Promise<NewPasskey> {
  const made = (await navigator.credentials.create({
    publicKey: {
      challenge: new Uint8Array(32),
      rp: { id: rp, name: service },
      user: { id: utf8(person), name: person, displayName: person },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -8 }],
      excludeCredentials: not.map((id) => ({ type: "public-key", id })),
      authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
      attestation: "none",
      extensions: prfExtension,
    },
  })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse & Attested;
  const algorithm = ALGORITHMS[response.getPublicKeyAlgorithm()];
  const spki = response.getPublicKey();
  if (algorithm === undefined || spki === null) throw new Error("this passkey has a kind of key that the desk does not take");
  const credential = new Uint8Array(made.rawId);
  // SubjectPublicKeyInfo ends with the point, or with the 32 bytes.
  const key = new Uint8Array(spki).slice(algorithm === "es256" ? -65 : -32);
  const prf = prfOf(made) ?? (await new Hardware(rp, [credential]).assert(new Uint8Array(32))).prf;
  if (prf === undefined) throw new Error("this passkey can't keep a key (it has no PRF)");
  return { line: `${algorithm} ${base64(key)} ${base64(credential)}`, credential, prf };
}
