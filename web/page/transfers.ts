// Files on their way, in both directions, for as long as the page is open.

import { useEffect, useReducer } from "preact/hooks";
import type { Core, CoreError, CoreEvent, DoneEvent, Message } from "../core/types";
import { watch } from "./state";

export interface Transfer {
  command: number;
  conversation: number;
  message: number; // that names the file; 0: one that is being sent
  name: string;
  done: number;
  total: number;
  hurry: boolean; // somebody waits for it; else it begins at some moment soon
  still: boolean; // for now it goes no further
  failed: CoreError | null;
  blob: Blob | null; // once it is here
}

const transfers = new Set<Transfer>();
const listeners = new Set<() => void>();

function tell(): void {
  listeners.forEach((l) => l());
}

export function forgetTransfers(): void {
  transfers.clear();
  tell();
}

// What is gone leaves nothing here.
export function watchTransfers(core: Core): () => void {
  return watch(
    core,
    () => [...transfers].filter((t) => t.message > 0).map((t) => [t.conversation, t.message]),
    (conversation, message, now) => {
      const transfer = [...transfers].find((t) => t.conversation === conversation && t.message === message);
      if (now === null && transfer !== undefined) void stopTransfer(core, transfer);
    },
  );
}

// The views that show transfers are drawn anew when one goes on.
export function useTransfers(): readonly Transfer[] {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const listener = () => again(0);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return [...transfers];
}

async function follow(
  core: Core,
  transfer: Transfer,
  begin: () => Promise<{ command: number }>,
): Promise<DoneEvent | undefined> {
  transfers.add(transfer);
  tell();
  const off = core.on((e: CoreEvent) => {
    if (e.type !== "progress" || e.command !== transfer.command) return;
    transfer.done = e.done;
    transfer.total = e.total || transfer.total;
    transfer.still = e.error !== "";
    tell();
  });
  try {
    transfer.command = (await begin()).command;
    const done = await core.done(transfer.command);
    if (done.error !== "") throw { error: done.error, reason: done.reason };
    transfer.done = transfer.total;
    return done;
  } catch (e) {
    transfer.failed = e as CoreError;
    return undefined;
  } finally {
    off();
    tell();
  }
}

export interface Sending {
  conversation: number;
  file: Blob;
  name: string;
  type: string;
  text: string;
  reply: string;
}

export async function sendFile(core: Core, s: Sending): Promise<void> {
  const place = crypto.randomUUID();
  const transfer: Transfer = {
    command: 0,
    conversation: s.conversation,
    message: 0,
    name: s.name,
    done: 0,
    total: s.file.size,
    hurry: true,
    still: false,
    failed: null,
    blob: s.file,
  };
  const sent = await follow(core, transfer, async () => {
    await core.call("file", place, s.file);
    return core.call("file-send", s.conversation, place, s.name, s.type, s.text, s.reply, s.file.size);
  });
  // What was sent from here is shown from here.
  if (sent !== undefined && sent.message > 0) transfer.message = sent.message;
  else if (sent !== undefined) transfers.delete(transfer);
  tell();
}

// One for each message: asked for again it goes on, or is tried anew if it failed or has to begin at once.
export async function fetchFile(core: Core, conversation: number, message: Message, hurry: boolean): Promise<void> {
  const before = [...transfers].find((t) => t.conversation === conversation && t.message === message.number);
  if (before !== undefined) {
    if (before.failed === null && (before.blob !== null || before.hurry || !hurry)) return;
    await stopTransfer(core, before);
  }
  const place = crypto.randomUUID();
  const transfer: Transfer = {
    command: 0,
    conversation,
    message: message.number,
    name: message.file!.name,
    done: 0,
    total: message.file!.size,
    hurry,
    still: false,
    failed: null,
    blob: null,
  };
  const fetched = await follow(core, transfer, () =>
    core.call("file-fetch", conversation, message.number, place, 0, hurry),
  );
  if (fetched !== undefined) transfer.blob = await core.call<Blob>("taken", place).catch(() => null);
  tell();
}

export async function stopTransfer(core: Core, transfer: Transfer): Promise<void> {
  transfers.delete(transfer);
  tell();
  if (transfer.failed === null) await core.call("file-cancel", transfer.command).catch(() => {});
}
