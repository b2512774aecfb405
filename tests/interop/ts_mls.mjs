// ts-mls 1.6.4 as a peer that answers the commands of docs/MLS-PEER.md, inside this process.
// docs/INTEROP.md says what is worked round here, and why.
import * as M from "ts-mls";
import { createGroupInfo } from "ts-mls/createCommit.js";
import { encode } from "ts-mls/codec/tlsEncoder.js";
import { ratchetTreeEncoder, decodeRatchetTree } from "ts-mls/ratchetTree.js";
import { InternalError, MlsError } from "ts-mls/mlsError.js";
import { signLeafNodeCommit } from "ts-mls/leafNode.js";
import { makeResumptionPsk } from "ts-mls/resumption.js";
import { makeGenericHpke } from "ts-mls/crypto/implementation/hpke.js";
import { makeAead } from "ts-mls/crypto/implementation/default/makeAead.js";
import { makeHashImpl } from "ts-mls/crypto/implementation/default/makeHashImpl.js";
import { makeKdf, makeKdfImpl } from "ts-mls/crypto/implementation/default/makeKdfImpl.js";
import { makeNobleSignatureImpl } from "ts-mls/crypto/implementation/default/makeNobleSignatureImpl.js";
import { CipherSuite } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { shake256 } from "@noble/hashes/sha3.js";
import { Refused } from "./peer.mjs";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text ?? "", "hex"));

// ---- Suites ----

// Keys of nodes are derived as draft-ietf-hpke-pq does:
// SHAKE256.LabeledDerive(ikm, "DeriveKeyPair", "", 32).
class DraftXWing extends XWing {
  async deriveKeyPair(ikm) {
    const label = Buffer.from("DeriveKeyPair");
    const input = Buffer.concat([
      Buffer.from(ikm),
      Buffer.from("HPKE-v1KEM"),
      Buffer.from([0x64, 0x7a, 0, label.length]),
      label,
      Buffer.from([0, 32]),
    ]);
    return this.generateKeyPairDerand(shake256(input, { dkLen: 32 }));
  }
}

const XWING_SUITES = {
  0xf04d: ["SHA-256", "HKDF-SHA256", "CHACHA20POLY1305"],
  0xf001: ["SHA-256", "HKDF-SHA256", "AES128GCM"],
  0xf002: ["SHA-384", "HKDF-SHA384", "AES256GCM"],
};
const CURVES = { 2: p256, 5: p521, 7: p384 };
const PUBLIC_KEY_LENGTHS = { 1: 32, 2: 65, 3: 32, 4: 56, 5: 133, 6: 56, 7: 97 };

async function xwingSuite(number) {
  const [hash, kdf, aeadName] = XWING_SUITES[number];
  const [aead, hpkeAead] = await makeAead(aeadName);
  const cipher = new CipherSuite({ kem: new DraftXWing(), kdf: makeKdf(kdf), aead: hpkeAead });
  return {
    name: String(number),
    hash: makeHashImpl(crypto.subtle, hash),
    kdf: makeKdfImpl(makeKdf(kdf)),
    hpke: await makeGenericHpke({ kem: "X-Wing", kdf, aead: aeadName }, aead, cipher),
    signature: await makeNobleSignatureImpl("Ed25519"),
    rng: { randomBytes: (n) => crypto.getRandomValues(new Uint8Array(n)) },
  };
}

const made = new Map();
async function suiteOf(number) {
  if (!made.has(number)) {
    const name = Object.keys(M.ciphersuites).find((k) => M.ciphersuites[k] === number);
    const suite =
      number in XWING_SUITES
        ? await xwingSuite(number)
        : await M.getCiphersuiteImpl(M.getCiphersuiteFromName(name));
    const length = PUBLIC_KEY_LENGTHS[number] ?? 1216;
    const hpke = { ...suite.hpke };
    // external_pub is a vector of its own inside the extension, which ts-mls hands on unopened.
    hpke.importPublicKey = (key) =>
      suite.hpke.importPublicKey(key.length > length ? key.slice(-length) : key);
    const signature = { ...suite.signature };
    // Public keys of curves are compressed here, and are not in section 5.1.1.
    const curve = CURVES[number];
    if (curve)
      signature.keygen = async () => {
        const { signKey } = await suite.signature.keygen();
        return { signKey, publicKey: curve.getPublicKey(signKey, false) };
      };
    made.set(number, { ...suite, hpke, signature });
  }
  return made.get(number);
}

function vector(data) {
  const head = data.length < 64 ? [data.length] : [0x40 | (data.length >> 8), data.length & 255];
  return new Uint8Array([...head, ...data]);
}

// ---- The peer ----

const CONFIG = {
  keyRetentionConfig: {
    retainKeysForGenerations: 50,
    retainKeysForEpochs: 5,
    maximumForwardRatchetSteps: 200,
  },
  lifetimeConfig: { maximumTotalLifetime: 1n << 62n, validateLifetimeOnReceive: false },
  keyPackageEqualityConfig: {
    compareKeyPackages: (a, b) =>
      hex(a.leafNode.signaturePublicKey) === hex(b.leafNode.signaturePublicKey),
    compareKeyPackageToLeafNode: (a, b) =>
      hex(a.leafNode.signaturePublicKey) === hex(b.signaturePublicKey),
  },
  paddingConfig: { kind: "padUntilLength", padUntilLength: 0 },
  authService: { validateCredential: async () => true },
};

const message = (wireformat, key, value) =>
  hex(M.encodeMlsMessage({ version: "mls10", wireformat, [key]: value }));
function opened(text) {
  const decoded = M.decodeMlsMessage(bytes(text), 0);
  if (decoded === undefined || decoded[1] !== text.length / 2)
    throw new Refused("not an MLSMessage");
  return decoded[0];
}
const extensions = (list) =>
  (list ?? []).map((e) => ({
    // The package calls by name those that it knows, and takes their numbers for unknown ones.
    extensionType:
      Object.keys(M.defaultExtensionTypes).find((k) => M.defaultExtensionTypes[k] === e.type) ??
      e.type,
    extensionData: bytes(e.data),
  }));

export class TsMlsPeer {
  constructor() {
    this.name = "ts-mls";
    this.lacks = new Set(["external-psk"]); // its joins from outside bring no PSK in
    this.objects = [];
    this.psks = {};
  }

  close() {}

  async call(request) {
    if (typeof this[request.cmd] !== "function") throw new Error(`ts-mls has no ${request.cmd}`);
    try {
      return await this[request.cmd](request);
    } catch (e) {
      // A TypeError, say, is a fault of the package's or of this file, and no refusal.
      const refuses = e instanceof MlsError && !(e instanceof InternalError);
      throw refuses ? new Refused(`ts-mls ${request.cmd}: ${e.stack}`) : e;
    }
  }

  keep(object) {
    return this.objects.push(object);
  }

  async keyPackageOf(q, suite) {
    const keys = q.signature_priv
      ? { signKey: bytes(q.signature_priv), publicKey: bytes(q.signature_pub) }
      : await suite.signature.keygen();
    const capabilities = {
      versions: ["mls10"],
      ciphersuites: [suite.name],
      extensions: q.supported_extensions ?? [],
      proposals: [],
      credentials: ["basic"],
    };
    const credential = { credentialType: "basic", identity: bytes(q.identity) };
    return M.generateKeyPackageWithKey(
      credential,
      capabilities,
      M.defaultLifetime,
      [],
      keys,
      suite,
    );
  }

  answerGroup(state, suite, more = {}) {
    const group = this.keep({ state, suite, updates: new Map() });
    return {
      ok: true,
      group,
      epoch: Number(state.groupContext.epoch),
      own_leaf: state.privatePath.leafIndex,
      ...more,
    };
  }

  pskIndex(state) {
    return M.makePskIndex(state, this.psks);
  }

  async signature_keys(q) {
    const keys = await (await suiteOf(q.suite)).signature.keygen();
    return { ok: true, signature_pub: hex(keys.publicKey), signature_priv: hex(keys.signKey) };
  }

  async key_package(q) {
    const suite = await suiteOf(q.suite);
    const own = await this.keyPackageOf(q, suite);
    return {
      ok: true,
      handle: this.keep({ ...own, suite }),
      key_package: message("mls_key_package", "keyPackage", own.publicPackage),
    };
  }

  async psk(q) {
    this.psks[M.bytesToBase64(bytes(q.psk_id))] = bytes(q.psk);
    return { ok: true };
  }

  async create(q) {
    const suite = await suiteOf(q.suite);
    const own = await this.keyPackageOf(q, suite);
    const state = await M.createGroup(
      bytes(q.group_id),
      own.publicPackage,
      own.privatePackage,
      extensions(q.extensions),
      suite,
      CONFIG,
    );
    return this.answerGroup(state, suite);
  }

  async join(q) {
    const own = this.objects[q.key_package - 1];
    const parent = q.parent ? this.objects[q.parent - 1].state : undefined;
    const tree = q.tree ? decodeRatchetTree(bytes(q.tree), 0)[0] : undefined;
    const state = await M.joinGroup(
      opened(q.welcome).welcome,
      own.publicPackage,
      own.privatePackage,
      this.pskIndex(parent),
      own.suite,
      tree,
      parent,
      CONFIG,
    );
    return this.answerGroup(state, own.suite);
  }

  async external_join(q) {
    const { groupInfo } = opened(q.group_info);
    const suite = await suiteOf(
      M.ciphersuites[groupInfo.groupContext.cipherSuite] ??
        Number(groupInfo.groupContext.cipherSuite),
    );
    const own = await this.keyPackageOf(q, suite);
    const tree = q.tree ? decodeRatchetTree(bytes(q.tree), 0)[0] : undefined;
    const { newState, publicMessage } = await M.joinGroupExternal(
      groupInfo,
      own.publicPackage,
      own.privatePackage,
      q.removed !== undefined,
      suite,
      tree,
      CONFIG,
    );
    return this.answerGroup(newState, suite, {
      commit: message("mls_public_message", "publicMessage", publicMessage),
    });
  }

  async state(q) {
    const { state, suite } = this.objects[q.group - 1];
    const context = state.groupContext;
    const answer = {
      ok: true,
      epoch: Number(context.epoch),
      group_id: hex(context.groupId),
      tree_hash: hex(context.treeHash),
      confirmed_transcript_hash: hex(context.confirmedTranscriptHash),
      is_out: state.groupActiveState.kind === "removedFromGroup",
      is_ended: state.groupActiveState.kind === "suspendedPendingReinit",
    };
    if (answer.is_out) return answer;
    const exporter = await M.mlsExporter(
      state.keySchedule.exporterSecret,
      "state",
      new Uint8Array(),
      32,
      suite,
    );
    return {
      ...answer,
      epoch_authenticator: hex(state.keySchedule.epochAuthenticator),
      exporter: hex(exporter),
    };
  }

  async resumption_psk(q) {
    return { ok: true, psk: hex(this.objects[q.group - 1].state.keySchedule.resumptionPsk) };
  }

  async tree(q) {
    return {
      ok: true,
      tree: hex(encode(ratchetTreeEncoder)(this.objects[q.group - 1].state.ratchetTree)),
    };
  }

  async group_info(q) {
    const { state, suite } = this.objects[q.group - 1];
    const list = [];
    if (q.external_pub) {
      const pair = await suite.hpke.deriveKeyPair(state.keySchedule.externalSecret);
      list.push({
        extensionType: "external_pub",
        extensionData: vector(await suite.hpke.exportPublicKey(pair.publicKey)),
      });
    }
    if (q.tree)
      list.push({
        extensionType: "ratchet_tree",
        extensionData: encode(ratchetTreeEncoder)(state.ratchetTree),
      });
    const info = await createGroupInfo(
      state.groupContext,
      state.confirmationTag,
      state,
      list,
      suite,
    );
    return { ok: true, group_info: message("mls_group_info", "groupInfo", info) };
  }

  // ---- Proposals ----

  async proposal(group, p) {
    const { state, suite } = group ?? {};
    switch (p.type) {
      case "add":
        return { proposalType: "add", add: { keyPackage: opened(p.key_package).keyPackage } };
      case "remove":
        return { proposalType: "remove", remove: { removed: p.leaf } };
      case "update":
        return { proposalType: "update", update: { leafNode: await this.newLeaf(group) } };
      case "psk":
        return {
          proposalType: "psk",
          psk: {
            preSharedKeyId: p.resumption
              ? {
                  psktype: "resumption",
                  usage: "application",
                  pskGroupId: state.groupContext.groupId,
                  pskEpoch: BigInt(p.epoch),
                  pskNonce: suite.rng.randomBytes(suite.kdf.size),
                }
              : {
                  psktype: "external",
                  pskId: bytes(p.psk_id),
                  pskNonce: suite.rng.randomBytes(suite.kdf.size),
                },
          },
        };
      case "reinit": {
        const cipherSuite = (await suiteOf(p.suite)).name;
        return {
          proposalType: "reinit",
          reinit: {
            groupId: bytes(p.group_id),
            version: "mls10",
            cipherSuite,
            extensions: extensions(p.extensions),
          },
        };
      }
      case "group_context_extensions":
        return {
          proposalType: "group_context_extensions",
          groupContextExtensions: { extensions: extensions(p.extensions) },
        };
      default:
        throw new Refused(`ts-mls has no proposal ${p.type}`);
    }
  }

  // The package can take Update proposals but has nothing that makes one.
  async newLeaf(group) {
    const { state, suite } = group;
    const old = state.ratchetTree[2 * state.privatePath.leafIndex].leaf;
    const pair = await suite.hpke.generateKeyPair();
    const leaf = {
      leafNodeSource: "update",
      hpkePublicKey: await suite.hpke.exportPublicKey(pair.publicKey),
      signaturePublicKey: old.signaturePublicKey,
      credential: old.credential,
      capabilities: old.capabilities,
      extensions: old.extensions,
      groupId: state.groupContext.groupId,
      leafIndex: state.privatePath.leafIndex,
    };
    group.updates.set(hex(leaf.hpkePublicKey), await suite.hpke.exportPrivateKey(pair.privateKey));
    return signLeafNodeCommit(leaf, state.signaturePrivateKey, suite.signature);
  }

  async propose(q) {
    const group = this.objects[q.group - 1];
    const proposal = await this.proposal(group, q);
    const r = await M.createProposal(group.state, q.public === true, proposal, group.suite);
    group.state = r.newState;
    return { ok: true, message: hex(M.encodeMlsMessage(r.message)) };
  }

  async outsider_propose(q) {
    const suite = await suiteOf(q.suite);
    const { groupInfo } = opened(q.group_info);
    const own = q.handle ? this.objects[q.handle - 1] : undefined;
    const made = own
      ? await M.proposeAddExternal(groupInfo, own.publicPackage, own.privatePackage, suite)
      : await M.proposeExternal(
          groupInfo,
          await this.proposal(undefined, q.proposal),
          bytes(q.signature_pub),
          bytes(q.signature_priv),
          suite,
        );
    return { ok: true, message: hex(M.encodeMlsMessage(made)) };
  }

  // ---- Commits ----

  // What of the pending proposals a commit of ours may hold (section 12.2); the package takes all.
  pending(state) {
    const own = state.privatePath.leafIndex;
    const all = Object.entries(state.unappliedProposals);
    const removed = new Set();
    const kept = all.filter(([, { proposal: p, senderLeafIndex: from }]) => {
      if (p.proposalType === "update") return from !== own;
      if (p.proposalType !== "remove") return true;
      const leaf = p.remove.removed;
      if (leaf === own || removed.has(leaf)) return false;
      return removed.add(leaf);
    });
    return Object.fromEntries(
      kept.filter(
        ([, { proposal: p, senderLeafIndex: from }]) =>
          p.proposalType !== "update" || !removed.has(from),
      ),
    );
  }

  async makeCommit(group, suite, state, q) {
    const list = [
      ...(q.adds ?? []).map((key_package) => ({ type: "add", key_package })),
      ...(q.removes ?? []).map((leaf) => ({ type: "remove", leaf })),
      ...(q.proposals ?? []),
    ];
    const extraProposals = [];
    for (const p of list) extraProposals.push(await this.proposal(group, p));
    extraProposals.push(...(q.made ?? []));
    const r = await M.createCommit(
      { state, cipherSuite: suite, pskIndex: q.pskIndex ?? this.pskIndex(state) },
      {
        extraProposals,
        wireAsPublicMessage: q.public === true,
        ratchetTreeExtension: q.tree_in_welcome === true,
      },
    );
    const welcomes = r.welcome === undefined ? [] : [message("mls_welcome", "welcome", r.welcome)];
    return [r.newState, { commit: hex(M.encodeMlsMessage(r.commit)), welcomes }];
  }

  async commit(q) {
    const group = this.objects[q.group - 1];
    const before = {
      ...group.state,
      unappliedProposals: q.without_pending ? {} : this.pending(group.state),
    };
    const [next, answer] = await this.makeCommit(group, group.suite, before, q);
    if (q.apply) {
      group.state = next;
      return { ok: true, ...answer };
    }
    return { ok: true, ...answer, staged: this.keep({ next }) };
  }

  async apply(q) {
    this.objects[q.group - 1].state = this.objects[q.staged - 1].next;
    return { ok: true };
  }

  // A new group that goes on from another. The package's own functions know its own suites only.
  async resume(q, usage, groupId, suite) {
    const old = this.objects[q.group - 1];
    const own = await this.keyPackageOf(q, suite);
    const state = await M.createGroup(
      groupId,
      own.publicPackage,
      own.privatePackage,
      extensions(q.extensions),
      suite,
      CONFIG,
    );
    const { id } = makeResumptionPsk(old.state, usage, suite);
    const [next, answer] = await this.makeCommit({ state, suite }, suite, state, {
      adds: q.key_packages,
      tree_in_welcome: q.tree_in_welcome,
      pskIndex: this.pskIndex(old.state),
      made: [{ proposalType: "psk", psk: { preSharedKeyId: id } }],
    });
    return this.answerGroup(next, suite, answer);
  }

  async branch(q) {
    return this.resume(q, "branch", bytes(q.group_id), this.objects[q.group - 1].suite);
  }

  async reinit(q) {
    const { reinit } = this.objects[q.group - 1].state.groupActiveState;
    return this.resume(
      q,
      "reinit",
      reinit.groupId,
      await suiteOf(M.ciphersuites[reinit.cipherSuite] ?? Number(reinit.cipherSuite)),
    );
  }

  // ---- Messages ----

  async protect(q) {
    const group = this.objects[q.group - 1];
    const r = await M.createApplicationMessage(
      group.state,
      bytes(q.plain),
      group.suite,
      bytes(q.authenticated_data),
    );
    group.state = r.newState;
    return {
      ok: true,
      message: message("mls_private_message", "privateMessage", r.privateMessage),
    };
  }

  async process(q) {
    const group = this.objects[q.group - 1];
    const { state, suite } = group;
    const decoded = opened(q.message);
    // Called when the proposals of a commit are known and before its path is opened, which may be
    // sealed to the leaf of an Update of ours.
    const look = (what) => {
      for (const { proposal, senderLeafIndex } of what.kind === "commit" ? what.proposals : [])
        if (proposal.proposalType === "update" && senderLeafIndex === state.privatePath.leafIndex)
          state.privatePath.privateKeys[2 * senderLeafIndex] = group.updates.get(
            hex(proposal.update.leafNode.hpkePublicKey),
          );
      return "accept";
    };
    const r =
      decoded.wireformat === "mls_public_message"
        ? await M.processPublicMessage(
            state,
            decoded.publicMessage,
            this.pskIndex(state),
            suite,
            look,
          )
        : await M.processPrivateMessage(
            state,
            decoded.privateMessage,
            this.pskIndex(state),
            suite,
            look,
          );
    group.state = r.newState;
    if (r.kind !== "applicationMessage") return { ok: true };
    const authenticated_data = hex(decoded.privateMessage.authenticatedData);
    return { ok: true, kind: "application", plain: hex(r.message), authenticated_data };
  }

  async unprotect(q) {
    return this.process(q);
  }
}
