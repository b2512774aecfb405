// What passes between the page's end of the core and its worker.
import type { Argument, CoreError, CoreEvent } from "./types";

export type Asked = { call: number; name: string; args: Argument[] };
export type Answered = { call: number; answer: unknown } | { call: number; failed: CoreError };
export type Told = Answered | { event: CoreEvent };

// An event that is not the core's own.
export function event(type: CoreEvent["type"], error = "", reason = ""): CoreEvent {
  return {
    type, command: 0, error, reason, text: "", conversation: 0, message: 0,
    message_id: "", refused: 0, count: 0, done: 0, total: 0,
  };
}
