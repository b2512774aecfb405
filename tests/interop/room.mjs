// A group with members of several implementations, who are compared after every step.
import { randomBytes } from "node:crypto";

export const hex = (text) => Buffer.from(text).toString("hex");
const EXTENSION = 0xf0a0; // a group context extension that says nothing, which all leaves support
const COMPARED = [
  "epoch",
  "group_id",
  "tree_hash",
  "confirmed_transcript_hash",
  "epoch_authenticator",
  "exporter",
];

/** A proposal of that extension. OpenMLS wants it among the required capabilities, too. */
export const newExtensions = (data) => ({
  type: "group_context_extensions",
  extensions: [
    { type: EXTENSION, data: hex(data) },
    { type: 3, data: "02f0a00000" },
  ],
});

export function check(condition, what) {
  if (!condition) throw new Error(what);
}

/** One client: its peer, and its signature keys. */
export class Member {
  constructor(room, peer, name) {
    Object.assign(this, { room, peer, name });
  }

  call(cmd, fields = {}) {
    return this.peer.call({ cmd, ...fields });
  }

  ask(cmd, fields = {}) {
    return this.call(cmd, { group: this.group, ...fields });
  }

  /** Of a key package, or of the leaf that a group begins with. */
  lifetime() {
    const now = Math.floor(Date.now() / 1000); // OpenMLS takes none above three months
    return { not_before: now - 3600, not_after: now + 30 * 86400 };
  }

  async leaf() {
    this.keys ??= await this.call("signature_keys", { suite: this.room.suite });
    return {
      identity: hex(this.name),
      supported_extensions: [EXTENSION],
      grease: true,
      signature_pub: this.keys.signature_pub,
      signature_priv: this.keys.signature_priv,
    };
  }

  async keyPackage(suite = this.room.suite) {
    const made = await this.call("key_package", {
      suite,
      ...this.lifetime(),
      ...(await this.leaf()),
    });
    this.own = made.handle;
    return made.key_package;
  }

  entered({ group, own_leaf }) {
    this.group = group;
    this.index = own_leaf;
  }

  async join(welcomes, more = {}) {
    check(welcomes.length === 1, "one Welcome for all");
    this.entered(await this.call("join", { key_package: this.own, welcome: welcomes[0], ...more }));
  }
}

export class Room {
  constructor(suite, peers) {
    Object.assign(this, {
      suite,
      peers,
      members: [],
      count: 0,
      psks: 0,
      handshakes: 0,
      messages: 0,
    });
  }

  newcomer(kind) {
    return new Member(this, this.peers[kind], `${this.peers[kind].name}-${++this.count}`);
  }

  async create(kind, more = {}) {
    const first = this.newcomer(kind);
    const group_id = randomBytes(16).toString("hex");
    first.entered(
      await first.call("create", {
        suite: this.suite,
        group_id,
        ...first.lifetime(),
        ...(await first.leaf()),
        ...more,
      }),
    );
    this.members = [first];
    return first;
  }

  others(member) {
    return this.members.filter((m) => m !== member);
  }

  /** All but its sender get a message of the handshake. */
  async tell(message, sender, more = {}) {
    this.handshakes++;
    for (const member of this.others(sender)) await member.ask("process", { message, ...more });
  }

  async propose(sender, proposal) {
    const { message } = await sender.ask("propose", proposal);
    await this.tell(message, sender);
  }

  /** A commit by `committer`; newcomers are clients not yet in the group, removed are members. */
  async commit(committer, { newcomers = [], removed = [], ...fields } = {}) {
    const adds = [];
    for (const newcomer of newcomers) adds.push(await newcomer.keyPackage());
    const removes = removed.map((m) => m.index);
    const made = await committer.ask("commit", {
      adds,
      removes,
      apply: true,
      tree_in_welcome: true,
      ...fields,
    });
    await this.deliver(made, committer, newcomers, removed);
  }

  async deliver(made, committer, newcomers, removed) {
    for (const member of removed) {
      await member.ask("process", { message: made.commit, apply: true });
      check((await member.ask("state")).is_out, `${member.name} does not know that it was removed`);
    }
    this.members = this.members.filter((m) => !removed.includes(m));
    await this.tell(made.commit, committer, { apply: true });
    for (const newcomer of newcomers) await newcomer.join(made.welcomes);
    this.members.push(...newcomers);
    await this.compare();
  }

  async externalJoin(newcomer, helper, { former, ...fields } = {}) {
    const { group_info } = await helper.ask("group_info", { tree: true, external_pub: true });
    if (former) {
      newcomer.keys = former.keys;
      fields.removed = former.index;
      this.members = this.others(former);
    }
    const made = await newcomer.call("external_join", {
      group_info,
      ...(await newcomer.leaf()),
      ...fields,
    });
    newcomer.entered(made);
    await this.tell(made.commit, newcomer, { apply: true });
    this.members.push(newcomer);
    await this.compare();
  }

  /** Everybody, and who is yet to come, learns an external PSK. */
  async newPsk() {
    const psk_id = hex(`psk ${++this.psks}`);
    const psk = randomBytes(32).toString("hex");
    for (const peer of Object.values(this.peers)) await peer.call({ cmd: "psk", psk_id, psk });
    return psk_id;
  }

  async compare() {
    let first;
    for (const member of this.members) {
      const state = await member.ask("state");
      first ??= state;
      for (const key of COMPARED)
        check(
          state[key] === first[key],
          `${key} of ${member.name} is ${state[key]}, of ${this.members[0].name} ${first[key]}`,
        );
    }
  }

  async send(sender, text) {
    const n = this.messages++;
    const sent = { plain: hex(text), authenticated_data: n % 3 === 0 ? hex(`for ${text}`) : "" };
    const { message } = await sender.ask("protect", { ...sent, padding: n % 50 });
    return { sender, ...sent, message };
  }

  async receive(member, { plain, authenticated_data, message, sender }) {
    const got = await member.ask("unprotect", { message });
    check(
      got.plain === plain && got.authenticated_data === authenticated_data,
      `${member.name} read ${JSON.stringify(got)} from ${sender.name}`,
    );
  }

  /** What a client that is not in the group proposes to it. */
  async outsiderProposal(outsider, fields) {
    const { group_info } = await this.members[0].ask("group_info", { tree: true });
    const { epoch, group_id } = await this.members[0].ask("state");
    const { message } = await outsider.call("outsider_propose", {
      suite: this.suite,
      group_id,
      epoch,
      group_info,
      ...fields,
    });
    await this.tell(message, outsider);
  }

  /** Everyone says something to everyone. */
  async chat() {
    for (const sender of this.members) {
      const sent = await this.send(sender, `from ${sender.name}`);
      for (const member of this.others(sender)) await this.receive(member, sent);
    }
  }
}
