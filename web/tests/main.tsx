// The page over the core that stands in: what is asked for is in the address, ?stand-in=WORD,WORD.

import { StandIn } from "../page/stand-in";
import { start } from "../page/start";

const asked = (new URLSearchParams(location.search).get("stand-in") ?? "").split(",");
const core = new StandIn({
  exists: !asked.includes("none"),
  passphrase: asked.includes("locked") ? "correct horse" : "",
  long: asked.includes("long"),
  empty: asked.includes("empty"),
  now: Date.now(),
});
(globalThis as { standIn?: StandIn }).standIn = core;
start(core, () => {});
