// Random steps from a seed.
import { refused } from "./peer.mjs";
import { newExtensions, Room } from "./room.mjs";

const MOST = 9;

/** A small generator, mulberry32. The seed decides what is drawn, but no keys or nonces. */
export class Draw {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  below(n) {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }

  coin() {
    return this.below(2) === 1;
  }

  of(list) {
    return list[this.below(list.length)];
  }

  shuffle(list) {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }
}

class Walk {
  constructor(room, draw) {
    Object.assign(this, { room, draw, late: [] });
  }

  kind() {
    return this.draw.of(["a", "b"]);
  }

  newcomers(room, most) {
    const count = Math.min(1 + this.draw.below(most), MOST - room.members.length);
    return Array.from({ length: Math.max(count, 0) }, () => room.newcomer(this.kind()));
  }

  async chat() {
    const { room, draw } = this;
    const sent = [];
    for (let i = 1 + draw.below(5); i > 0; i--) {
      const sender = draw.of(room.members);
      sent.push(await room.send(sender, `message ${room.messages}`));
    }
    for (const member of room.members)
      for (const one of draw.shuffle(sent)) {
        if (one.sender === member) continue;
        if (draw.below(4) === 0) this.late.push([member, one, (await member.ask("state")).epoch]);
        else await room.receive(member, one);
      }
  }

  async latecomers(mayWait = true) {
    const { room, draw } = this;
    const all = draw.shuffle(this.late);
    this.late = [];
    for (const [member, one, epoch] of all) {
      if (!room.members.includes(member)) continue;
      const age = (await member.ask("state")).epoch - epoch;
      if (age < 2 && mayWait && draw.coin()) this.late.push([member, one, epoch]);
      else if (age > 2) await refused(room.receive(member, one)); // or read, and then rightly
      else await room.receive(member, one);
    }
  }

  async commit(fields = {}, committer = this.draw.of(this.room.members)) {
    await this.room.commit(committer, { public: this.draw.coin(), ...fields });
  }

  async add() {
    await this.commit({ newcomers: this.newcomers(this.room, 2) });
  }

  async remove() {
    const { room, draw } = this;
    if (room.members.length < 3) return this.add();
    const [committer, ...rest] = draw.shuffle(room.members);
    const removed = rest.slice(0, 1 + draw.below(Math.min(2, rest.length - 1)));
    const newcomers = draw.below(4) === 0 ? this.newcomers(room, 2) : [];
    return this.commit({ removed, newcomers }, committer);
  }

  /** Several proposals, and a commit that takes all it may. */
  async proposals() {
    const { room, draw } = this;
    const [committer, ...rest] = draw.shuffle(room.members);
    const newcomers = [];
    const removed = [];
    for (const proposer of rest.slice(0, 3)) {
      const isPublic = draw.coin();
      const victim = rest.at(-1);
      const what = draw.below(4);
      if (what === 0 && room.members.length + newcomers.length < MOST) {
        const newcomer = room.newcomer(this.kind());
        const key_package = await newcomer.keyPackage();
        await room.propose(proposer, { type: "add", key_package, public: isPublic });
        newcomers.push(newcomer);
      } else if (what === 1 && rest.length > 3 && removed.length === 0) {
        await room.propose(proposer, { type: "remove", leaf: victim.index, public: isPublic });
        removed.push(victim);
      } else if (what === 2) {
        await room.propose(proposer, {
          type: "psk",
          psk_id: await room.newPsk(),
          public: isPublic,
        });
      } else {
        await room.propose(proposer, { type: "update", public: isPublic });
      }
    }
    const how = { apply: true, tree_in_welcome: true, pending_psks: true, public: draw.coin() };
    const made = await committer.ask("commit", how);
    await room.deliver(made, committer, newcomers, removed);
  }

  async outside() {
    const { room, draw } = this;
    const helper = draw.of(room.members);
    if (room.members.length > 1 && (draw.coin() || room.members.length >= MOST)) {
      const former = draw.of(room.others(helper));
      const kind = former.peer === room.peers.a ? "a" : "b";
      return room.externalJoin(room.newcomer(kind), helper, { former });
    }
    return room.externalJoin(room.newcomer(this.kind()), helper);
  }

  async psk() {
    const proposals = [{ type: "psk", psk_id: await this.room.newPsk() }];
    await this.commit({
      proposals,
      newcomers: this.draw.coin() ? this.newcomers(this.room, 1) : [],
    });
  }

  async extensions() {
    return this.commit({ proposals: [newExtensions(`value ${this.draw.below(1000)}`)] });
  }

  async lost() {
    const { room, draw } = this;
    const [loser, winner] = draw.shuffle(room.members);
    await loser.ask("commit", {});
    await this.commit({}, winner);
  }

  step() {
    const steps = [
      "chat",
      "chat",
      "latecomers",
      "commit",
      "commit",
      "add",
      "add",
      "remove",
      "proposals",
      "proposals",
      "outside",
      "psk",
      "extensions",
      "lost",
    ];
    const name = this.room.members.length < 2 ? "add" : this.draw.of(steps);
    return [name, this[name]()];
  }
}

/** Throws with the number and name of the step that failed. What is late at the end comes then. */
export async function walk(suite, peers, seed, steps) {
  const draw = new Draw(seed);
  const room = new Room(suite, peers);
  await room.create(draw.of(["a", "b"]));
  const play = new Walk(room, draw);
  for (let i = 1; i <= steps + 1; i++) {
    const [name, done] = i <= steps ? play.step() : ["the last", play.latecomers(false)];
    try {
      await done;
    } catch (e) {
      e.message = `step ${i} (${name}): ${e.message}`;
      throw e;
    }
  }
  return room;
}
