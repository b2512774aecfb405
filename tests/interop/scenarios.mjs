// What is played with each peer and suite. `a` and `b` are the two sides, played both ways round.
import { refused } from "./peer.mjs";
import { check, hex, newExtensions, Room } from "./room.mjs";

/** A vector of MLS (RFC 9420 section 2.1.2), in hexadecimal. */
function vector(data) {
  const n = data.length / 2;
  return (n < 64 ? n : 0x4000 | n).toString(16).padStart(n < 64 ? 2 : 4, "0") + data;
}

async function two(room, a, b) {
  const first = await room.create(a);
  const second = room.newcomer(b);
  await room.commit(first, { newcomers: [second] });
  return [first, second];
}

async function four(room, a, b) {
  const [first, second] = await two(room, a, b);
  const more = [room.newcomer(a), room.newcomer(b)];
  await room.commit(second, { newcomers: more });
  return [first, second, ...more];
}

const creation = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  await room.chat();
  await room.commit(second);
  await room.commit(first, { public: true });
  await room.chat();
};

const adds = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  for (const committer of [first, second, first, second]) {
    const newcomers = [room.newcomer(a), room.newcomer(b)];
    await room.commit(committer, { newcomers });
    await room.commit(newcomers[1], { public: true });
  }
  await room.chat();
};

const treeApart = async (room, a, b) => {
  const first = await room.create(a);
  const second = room.newcomer(b);
  const made = await first.ask("commit", { adds: [await second.keyPackage()], apply: true });
  await second.join(made.welcomes, { tree: (await first.ask("tree")).tree });
  room.members.push(second);
  await room.compare();
  await room.chat();
};

const proposedAdds = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  for (const [proposer, committer, isPublic] of [
    [first, second, true],
    [second, first, false],
  ]) {
    const newcomer = room.newcomer(b);
    const key_package = await newcomer.keyPackage();
    await room.propose(proposer, { type: "add", key_package, public: isPublic });
    const made = await committer.ask("commit", { apply: true, tree_in_welcome: true });
    await room.deliver(made, committer, [newcomer], []);
  }
  await room.chat();
};

const removes = async (room, a, b) => {
  const [first, second, third, fourth] = await four(room, a, b);
  await room.commit(first);
  await room.commit(second, { removed: [third] });
  await room.commit(fourth, { newcomers: [room.newcomer(a)] });
  await room.commit(first, { removed: [second, fourth], public: true });
  await room.chat();
};

const proposedRemove = async (room, a, b) => {
  const [first, second, third] = await four(room, a, b);
  await room.propose(first, { type: "remove", leaf: third.index });
  const made = await second.ask("commit", { apply: true });
  await room.deliver(made, second, [], [third]);
  await room.chat();
};

const replacement = async (room, a, b) => {
  const [first, second, third, fourth] = await four(room, a, b);
  await room.commit(second, { removed: [third], newcomers: [room.newcomer(a), room.newcomer(b)] });
  await room.commit(first, { removed: [fourth], newcomers: [room.newcomer(a)] });
  await room.chat();
};

const updates = async (room, a, b) => {
  const [first, second, third, fourth] = await four(room, a, b);
  await room.propose(first, { type: "update" });
  await room.commit(second);
  await room.propose(second, { type: "update", public: true });
  await room.propose(third, { type: "update" });
  await room.commit(first, { public: true });
  await room.propose(fourth, { type: "update" });
  await room.propose(second, { type: "update" });
  await room.commit(third);
  await room.chat();
};

const external = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  const newcomer = room.newcomer(b);
  await room.externalJoin(newcomer, first);
  await room.externalJoin(room.newcomer(a), second);
  await room.externalJoin(room.newcomer(b), newcomer);
  await room.commit(newcomer);
  await room.chat();
};

// Who sees the leaf that a group begins with; and such a leaf without a lifetime.
const beginning = async (room, a, b) => {
  for (const lifetime of [{}, { not_before: 0, not_after: 0 }]) {
    const first = await room.create(a, lifetime);
    await room.externalJoin(room.newcomer(b), first);
    await room.commit(first);
    await room.chat();
  }
};

const resync = async (room, a, b) => {
  const [first, second, third] = await four(room, a, b);
  const again = room.newcomer(b);
  await room.externalJoin(again, first, { former: second });
  const alsoAgain = room.newcomer(a);
  await room.externalJoin(alsoAgain, again, { former: third });
  await room.commit(alsoAgain);
  await room.chat();
};

const outsideWithPsk = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  for (const [kind, helper] of [
    [b, first],
    [a, second],
  ])
    await room.externalJoin(room.newcomer(kind), helper, {
      psk_ids: [await room.newPsk(), await room.newPsk()],
    });
  await room.chat();
};

const newMemberProposes = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  for (const [kind, committer] of [
    [b, first],
    [a, second],
    [b, second],
  ]) {
    const newcomer = room.newcomer(kind);
    const key_package = await newcomer.keyPackage();
    await room.outsiderProposal(newcomer, {
      handle: newcomer.own,
      proposal: { type: "add", key_package },
    });
    const made = await committer.ask("commit", { apply: true, tree_in_welcome: true });
    await room.deliver(made, committer, [newcomer], []);
  }
  await room.chat();
};

const externalSender = async (room, a, b) => {
  const outsider = room.newcomer(b);
  const { signature_pub, signature_priv } = await outsider.leaf();
  const sender = `${vector(signature_pub)}0001${vector(hex("somebody"))}`;
  const first = await room.create(a, { extensions: [{ type: 5, data: vector(sender) }] });
  const second = room.newcomer(b);
  const third = room.newcomer(a);
  await room.commit(first, { newcomers: [second, third] });
  const newcomer = room.newcomer(b);
  const key_package = await newcomer.keyPackage();
  const from = { place: 0, signature_pub, signature_priv };
  await room.outsiderProposal(outsider, { ...from, proposal: { type: "add", key_package } });
  await room.outsiderProposal(outsider, {
    ...from,
    proposal: { type: "remove", leaf: third.index },
  });
  const made = await second.ask("commit", { apply: true, tree_in_welcome: true });
  await room.deliver(made, second, [newcomer], [third]);
  await room.chat();
};

// What was changed on its way is refused, and the true message is taken after it.
const tampered = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  for (const [sender, receiver] of [
    [first, second],
    [second, first],
  ]) {
    const made = await sender.ask("commit", { public: true, apply: true });
    for (let i = 0; i < made.commit.length; i += 2 * 37) {
      const byte = (parseInt(made.commit.slice(i, i + 2), 16) ^ 1).toString(16).padStart(2, "0");
      const message = made.commit.slice(0, i) + byte + made.commit.slice(i + 2);
      const call = receiver.ask("process", { message, apply: true });
      check(await refused(call), `${receiver.name} took a commit with byte ${i / 2} changed`);
    }
    await room.deliver(made, sender, [], []);
  }
  await room.chat();
};

const externalPsk = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  const commits = [
    [first, true],
    [second, false],
    [first, false],
    [second, true],
  ];
  for (const [committer, isPublic] of commits) {
    const proposals = [];
    for (let i = 0; i < 2; i++) proposals.push({ type: "psk", psk_id: await room.newPsk() });
    await room.commit(committer, { proposals, newcomers: [room.newcomer(b)], public: isPublic });
  }
  await room.propose(first, { type: "psk", psk_id: await room.newPsk() });
  await room.commit(second, { pending_psks: true });
  await room.propose(second, { type: "psk", psk_id: await room.newPsk(), public: true });
  await room.commit(first, { pending_psks: true });
  await room.chat();
};

const resumptionPsk = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  await room.commit(first);
  for (const committer of [first, second]) {
    const { epoch } = await first.ask("state");
    await room.commit(committer, { proposals: [{ type: "psk", resumption: true, epoch }] });
    await room.commit(committer, {
      proposals: [{ type: "psk", resumption: true, epoch }],
      public: true,
    });
  }
};

const contextExtensions = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  for (const [one, other] of [
    [first, second],
    [second, first],
  ]) {
    await room.commit(one, { proposals: [newExtensions(`by ${one.name}`)] });
    await room.propose(other, newExtensions(`proposed by ${other.name}`));
    await room.commit(one);
  }
  await room.commit(second, { newcomers: [room.newcomer(a), room.newcomer(b)] });
  await room.chat();
};

const outOfOrder = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  for (const [sender, receiver] of [
    [first, second],
    [second, first],
  ]) {
    const sent = [];
    for (let i = 0; i < 8; i++) sent.push(await room.send(sender, `number ${i}`));
    for (const i of [3, 0, 7, 1]) await room.receive(receiver, sent[i]);
    await room.commit(receiver);
    for (const i of [6, 2, 5]) await room.receive(receiver, sent[i]);
    await room.commit(sender);
    await room.receive(receiver, sent[4]);
    const again = room.receive(receiver, sent[4]);
    check(await refused(again), `${receiver.name} took a message twice`);
  }
};

const lostCommit = async (room, a, b) => {
  const [first, second] = await four(room, a, b);
  for (const [loser, winner] of [
    [first, second],
    [second, first],
  ]) {
    await loser.ask("commit", {});
    await room.commit(winner);
    await room.commit(loser);
  }
  await room.chat();
};

// A new group that goes on from the old one: who begins it asks the others for key packages.
async function goOn(room, begin, cmd, suite, fields = {}) {
  const next = new Room(suite, room.peers);
  next.count = room.count;
  const people = [begin, ...room.others(begin)].map((old) => {
    const member = next.newcomer(old.peer === room.peers.a ? "a" : "b");
    member.old = old;
    if (suite === room.suite) member.keys = old.keys;
    member.name = old.name;
    return member;
  });
  const [founder, ...rest] = people;
  const key_packages = [];
  for (const member of rest) key_packages.push(await member.keyPackage());
  const made = await founder.call(cmd, {
    group: begin.group,
    ...(await founder.leaf()),
    key_packages,
    tree_in_welcome: true,
    ...fields,
  });
  founder.entered(made);
  for (const member of rest) await member.join(made.welcomes, { parent: member.old.group });
  next.members = people;
  await next.compare();
  await next.chat();
  await next.commit(rest[0]);
}

const branch = async (room, a, b) => {
  const [first, second] = await four(room, a, b);
  for (const begin of [first, second])
    await goOn(room, begin, "branch", room.suite, { group_id: hex(begin.name) });
};

const reinit = async (room, a, b) => {
  const [first] = await two(room, a, b);
  const proposal = { type: "reinit", group_id: hex("again"), suite: room.suite, extensions: [] };
  await room.commit(first, { proposals: [proposal] });
  for (const begin of room.members) await goOn(room, begin, "reinit", room.suite);
};

const reinitOtherSuite = async (room, a, b) => {
  const [first, second] = await two(room, a, b);
  const suite = room.suite === 3 ? 1 : 3;
  await room.propose(second, {
    type: "reinit",
    group_id: hex("other suite"),
    suite,
    extensions: [],
  });
  await room.commit(first);
  await goOn(room, second, "reinit", suite);
};

/** name, what a peer must not lack, how it is played */
export const scenarios = [
  ["creation", [], creation],
  ["adds", [], adds],
  ["tree apart from the Welcome", [], treeApart],
  ["adds by proposal", [], proposedAdds],
  ["removes", [], removes],
  ["remove by proposal", [], proposedRemove],
  ["members replaced", [], replacement],
  ["updates", [], updates],
  ["joins from outside", [], external],
  ["a join from outside at the beginning", [], beginning],
  ["resync from outside", [], resync],
  ["joins from outside with PSKs", ["external-psk"], outsideWithPsk],
  ["a new member proposes itself", [], newMemberProposes],
  ["an external sender proposes", [], externalSender],
  ["tampered commits", [], tampered],
  ["external PSKs", [], externalPsk],
  ["resumption PSKs", [], resumptionPsk],
  ["group context extensions", [], contextExtensions],
  ["messages out of order", [], outOfOrder],
  ["a commit that lost", [], lostCommit],
  ["branch", ["branch"], branch],
  ["reinit", ["reinit"], reinit],
  ["reinit to another suite", ["reinit"], reinitOtherSuite],
];
