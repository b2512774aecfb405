import { render } from "preact";
import type { Core } from "../core/types";
import { App } from "./app";
import { keepDrafts } from "./drafts";
import { telling } from "./state";
import { begin } from "./words";

// keep: has the page kept for when there is no network, and tells when a newer one came, with what begins to use it.
export function start(core: Core, keep: (newer: (use: () => void) => void) => void): void {
  begin();
  addEventListener("pagehide", keepDrafts);
  document.addEventListener("visibilitychange", keepDrafts);
  render(<App core={telling(core)} keep={keep} />, document.getElementById("app")!);
}
