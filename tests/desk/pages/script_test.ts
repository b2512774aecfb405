/* The script's parts under node, against src/crypto and src/office: PEER is script_peer. Prints TAP. */

import { execFileSync } from "node:child_process";
import { webcrypto } from "node:crypto";

import * as b from "../../../src/desk/pages/script/bytes";
import * as hpke from "../../../src/desk/pages/script/hpke";
import * as keys from "../../../src/desk/pages/script/keys";
import * as passkey from "../../../src/desk/pages/script/passkey";
import { work, zeroBits } from "../../../src/desk/pages/script/work";

declare const process: { argv: string[]; exitCode: number };

const given = globalThis as unknown as Record<string, unknown>;
given.crypto ??= webcrypto;
given.location = { origin: "https://desk.example.org" };

const peer = (...args: string[]): string[] =>
  execFileSync(process.argv[2]!, args, { encoding: "utf-8" }).trim().split("\n");
const fromHex = b.fromHex;

const tests: [string, () => Promise<void>][] = [];
const test = (name: string, run: () => Promise<void>): void => void tests.push([name, run]);

function same(got: unknown, expected: unknown): void {
  if (got !== expected) throw new Error(`${String(got)} is not ${String(expected)}`);
}
async function refused(promise: Promise<unknown>): Promise<void> {
  const ended = await promise.then(() => "went well", () => "refused");
  same(ended, "refused");
}

const info = b.utf8("sotto desk 1 case");
const aad = b.utf8("c-1\0move\0" + "7");

const pairOf = async (pub: string, priv: string): Promise<hpke.KeyPair> => ({
  publicKey: fromHex(pub),
  privateKey: await hpke.importPrivate(fromHex(priv)),
});

test("what the desk seals, the script opens", async () => {
  const [pub, priv] = peer("pair");
  const own = await pairOf(pub!, priv!);
  for (const plain of ["", "a", "多字".repeat(1000)]) {
    const [sealed] = peer("seal", pub!, b.hex(info), b.hex(aad), b.hex(b.utf8(plain)));
    same(b.text(await hpke.open(own, info, aad, fromHex(sealed!))), plain);
  }
});

test("what the script seals, the desk's library opens", async () => {
  const [pub, priv] = peer("pair");
  const sealed = await hpke.seal(fromHex(pub!), info, aad, b.utf8("told"));
  const [plain] = peer("open", priv!, b.hex(info), b.hex(aad), b.hex(sealed));
  same(plain, b.hex(b.utf8("told")));
});

test("a changed byte, another place or another key does not open", async () => {
  const [pub, priv] = peer("pair");
  const own = await pairOf(pub!, priv!);
  const other = (await hpke.generate()).pair;
  const [text] = peer("seal", pub!, b.hex(info), b.hex(aad), "00");
  const sealed = fromHex(text!);
  for (const at of [0, 31, 32, sealed.length - 1]) {
    const changed = sealed.slice();
    changed[at]! ^= 1;
    await refused(hpke.open(own, info, aad, changed));
  }
  await refused(hpke.open(own, info, b.utf8("c-1\0move\0" + "8"), sealed));
  await refused(hpke.open(own, b.utf8("sotto desk 1 wrap"), aad, sealed));
  await refused(hpke.open(other, info, aad, sealed));
  await refused(hpke.open({ privateKey: own.privateKey, publicKey: own.publicKey }, info, aad, new Uint8Array(48)));
});

test("a case's key goes from one person to another and opens the case", async () => {
  const [casePub, casePriv] = peer("pair");
  const [pub, priv] = peer("pair");
  const person = await pairOf(pub!, priv!);
  const wrapInfo = b.hex(b.utf8("sotto desk 1 wrap"));
  const wrapAad = b.hex(b.utf8("c-1\0key\0" + "0"));
  const [wrap] = peer("seal", pub!, wrapInfo, wrapAad, casePriv!);
  const key = await keys.CaseKey.open("c-1", fromHex(casePub!), person, fromHex(wrap!));
  const [sealed] = peer("seal", casePub!, b.hex(info), b.hex(aad), b.hex(b.utf8("text")));
  same(b.text(await key.unseal("move", "7", fromHex(sealed!))), "text");
  await refused(key.unseal("move", "8", fromHex(sealed!)));
  await refused(keys.CaseKey.open("c-2", fromHex(casePub!), person, fromHex(wrap!)));
  const [otherPub, otherPriv] = peer("pair");
  const given_to = await key.wrapFor(fromHex(otherPub!));
  same(peer("open", otherPriv!, wrapInfo, wrapAad, b.hex(given_to))[0], casePriv);
});

test("a person's key opens with their passkey's secret, for them alone", async () => {
  const prf = b.random(32);
  const key = b.random(32);
  const wrapped = await keys.wrapPersonKey(prf, "p01", key);
  same(wrapped.length, 12 + 32 + 16);
  same(b.hex(await keys.unwrapPersonKey(prf, "p01", wrapped)), b.hex(key));
  await refused(keys.unwrapPersonKey(prf, "p02", wrapped));
  await refused(keys.unwrapPersonKey(b.random(32), "p01", wrapped));
});

const soft = (person: string): passkey.Soft =>
  new passkey.Soft("desk.example.org", passkey.readSoftKey(`${peer("key", person)[0]} 414243\n${"07".repeat(32)}\n`));

test("a signature of the script's is one to the office", async () => {
  // Many, so that r and s come with and without a leading bit.
  for (let i = 0; i < 20; i++) {
    const body = b.text(fromHex(peer("login", "p03")[0]!));
    const made = await soft("p03").assert(await b.sha256(b.utf8(body)));
    const document = passkey.signedDocument(body, passkey.signatureLine("p03", made));
    same(peer("check", b.hex(b.utf8(document)))[0], "OK");
  }
});

test("a signature over another text, or by another person, is none", async () => {
  const body = b.text(fromHex(peer("login", "p03")[0]!));
  const right = await soft("p03").assert(await b.sha256(b.utf8(body)));
  const other = await soft("p03").assert(await b.sha256(b.utf8(body + " ")));
  const stranger = await soft("p04").assert(await b.sha256(b.utf8(body)));
  const check = (person: string, made: passkey.Assertion): string | undefined =>
    peer("check", b.hex(b.utf8(passkey.signedDocument(body, passkey.signatureLine(person, made)))))[0];
  same(check("p03", right), "OK");
  same(check("p03", other), "WEBAUTHN_CHALLENGE");
  same(check("p03", stranger), "SIGNATURE");
});

test("a document is parted into its text and its lines", async () => {
  same(passkey.splitDocument("a\nb\n\nc\nd\n").join("|"), "a\nb\n|c\nd\n");
  same(passkey.splitDocument("a\nb\n").join("|"), "a\nb\n|");
});

test("vectors go both ways, and what is cut off is refused", async () => {
  for (const n of [0, 1, 63, 64, 16383, 16384]) {
    const bytes = b.random(Math.min(n, 65536));
    const [inner, rest] = b.takeVector(b.concat(b.vector(bytes), Uint8Array.of(9)));
    same(b.hex(inner), b.hex(bytes));
    same(b.hex(rest), "09");
    await refused((async () => b.takeVector(b.vector(bytes).subarray(0, n)))());
  }
});

test("work is found, and has the bits that are asked for", async () => {
  same(zeroBits(Uint8Array.of(0, 0x10, 0xff)), 11);
  const number = await work("ticket", 10);
  const hash = await b.sha256(b.utf8(`ticket:${number}`));
  if (zeroBits(hash) < 10) throw new Error("too few");
});

console.log(`1..${tests.length}`);
for (const [i, [name, run]] of tests.entries()) {
  try {
    await run();
    console.log(`ok ${i + 1} - ${name}`);
  } catch (e) {
    process.exitCode = 1;
    console.log(`# ${e instanceof Error ? e.stack?.replace(/\n/g, "\n# ") : String(e)}\nnot ok ${i + 1} - ${name}`);
  }
}
