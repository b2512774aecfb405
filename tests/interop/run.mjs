// Our MLS library against a peer: run.mjs ts-mls|openmls; tests/interop/run.sh starts it.
// SUITES, SEEDS: lists with commas. STEPS: of each seed. ONLY: part of a test's name.
import { ProcessPeer } from "./peer.mjs";
import { scenarios } from "./scenarios.mjs";
import { walk } from "./random.mjs";
import { Room } from "./room.mjs";

const kind = process.argv[2];
const list = (text) => text.split(",").map(Number);
const SUITES = { "ts-mls": [1, 2, 3, 4, 5, 6, 7, 0xf04d, 0xf001, 0xf002], openmls: [1, 2, 3] };
// Those with random steps; the others are slow in JavaScript.
const WALKED = [1, 3, 0xf04d, 0xf001, 0xf002];
const suites = process.env.SUITES ? list(process.env.SUITES) : SUITES[kind];
const walked = process.env.SUITES ? suites : WALKED;
const seeds = list(process.env.SEEDS ?? "1,2,3");
const steps = Number(process.env.STEPS ?? 1000);
const only = process.env.ONLY ?? "";
const count = { passed: 0, failed: 0, skipped: 0 };
let messages = 0,
  handshakes = 0;

// Nothing in OpenMLS begins a group that goes on from another.
const OPENMLS_LACKS = ["branch", "reinit"];

async function newPeers() {
  const ours = new ProcessPeer("sotto", [process.env.SOTTO_MLS, "peer"]);
  if (kind === "openmls")
    return [ours, new ProcessPeer("openmls", [process.env.OPENMLS_PEER], OPENMLS_LACKS)];
  const { TsMlsPeer } = await import("./ts_mls.mjs");
  return [ours, new TsMlsPeer()];
}

async function test(name, replay, play) {
  if (!name.includes(only)) return;
  const [ours, theirs] = await newPeers();
  try {
    const room = await play(ours, theirs);
    if (room === undefined) {
      count.skipped++;
      return;
    }
    messages += room.messages;
    handshakes += room.handshakes;
    count.passed++;
    console.log(`ok - ${name}`);
  } catch (e) {
    count.failed++;
    console.log(
      `not ok - ${name}\n  ${String(e.stack).replaceAll("\n", "\n  ")}\n  replay: ${replay}`,
    );
  } finally {
    ours.close();
    theirs.close();
  }
}

for (const suite of suites) {
  const where = `${kind} 0x${suite.toString(16).padStart(4, "0")}`;
  for (const [name, needs, play] of scenarios)
    for (const way of ["ours first", "theirs first"]) {
      const title = `${where}: ${name}, ${way}`;
      const replay = `SUITES=${suite} STEPS=0 ONLY='${name}, ${way}' tests/interop/run.sh ${kind}`;
      await test(title, replay, async (ours, theirs) => {
        if (needs.some((need) => theirs.lacks.has(need))) return undefined;
        const room = new Room(suite, { a: ours, b: theirs });
        await play(room, ...(way === "ours first" ? ["a", "b"] : ["b", "a"]));
        return room;
      });
    }
  for (const seed of steps > 0 && walked.includes(suite) ? seeds : []) {
    const which = `SUITES=${suite} SEEDS=${seed} STEPS=${steps} ONLY='seed ${seed},'`;
    const replay = `${which} tests/interop/run.sh ${kind}`;
    await test(`${where}: seed ${seed}, ${steps} steps`, replay, (ours, theirs) =>
      walk(suite, { a: ours, b: theirs }, seed, steps),
    );
  }
}
console.log(`# ${kind}: ${handshakes} proposals and commits, ${messages} messages`);
console.log(`# ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
