import { render } from "preact";
import type { Core } from "../core/types";
import { App } from "./app";
import { begin } from "./words";

export function start(core: Core): void {
  begin();
  render(<App core={core} />, document.getElementById("app")!);
}
