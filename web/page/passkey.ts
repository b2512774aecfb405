// A passkey that gives a secret (WebAuthn's prf extension), by which the store opens beside its passphrase. Which one it
// is stands outside of the store, as it is asked before that is open.

import { forget, store, stored } from "./words";

const PLACE = "sotto-passkey";
const SALT = new TextEncoder().encode("sotto: the lock of a browser's store"); // always the same, so the secret is

const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));

export const hasPasskey = () => stored(PLACE) !== null;
export const forgetPasskey = () => forget(PLACE);

// A passkey belongs to a name, never to an address. Where the browser can't tell whether it has what is needed, a try does.
export async function canUsePasskeys(): Promise<boolean> {
  const kind = (globalThis as any).PublicKeyCredential;
  if (!kind || !navigator.credentials || /^[\d.]+$|:/.test(location.hostname)) return false;
  const able = await kind.getClientCapabilities?.().catch(() => undefined);
  return able?.["extension:prf"] !== false;
}

const extensions: any = { prf: { eval: { first: SALT } } };

function secretOf(credential: any): Uint8Array | undefined {
  const first = credential?.getClientExtensionResults().prf?.results?.first;
  return first && new Uint8Array(first);
}

async function asking<T>(work: () => Promise<T | undefined>): Promise<T> {
  const answer = await work().catch(() => undefined); // not there, or the person did not want to
  if (answer === undefined) throw { error: "PASSKEY" };
  return answer;
}

// The secret of the one that was made here.
export function passkeySecret(): Promise<Uint8Array> {
  return asking(async () => {
    const id = Uint8Array.from(atob(stored(PLACE) ?? ""), (c) => c.charCodeAt(0));
    const allowCredentials = [{ type: "public-key" as const, id }];
    const publicKey = { challenge: random(32), allowCredentials, userVerification: "required" as const, extensions };
    return secretOf(await navigator.credentials.get({ publicKey }));
  });
}

export async function makePasskey(): Promise<Uint8Array> {
  const made = await asking(async () => {
    const publicKey = {
      rp: { name: "Sotto" },
      user: { id: random(16), name: "Sotto", displayName: "Sotto" },
      challenge: random(32),
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key" as const, alg })),
      authenticatorSelection: { userVerification: "required" as const },
      extensions,
    };
    return ((await navigator.credentials.create({ publicKey })) as any) ?? undefined;
  });
  store(PLACE, btoa(String.fromCharCode(...new Uint8Array(made.rawId))));
  try {
    return secretOf(made) ?? (await passkeySecret()); // some tell it only when they are asked again
  } catch (e) {
    forgetPasskey();
    throw e;
  }
}
