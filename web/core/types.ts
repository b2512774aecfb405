// What passes between the page and the core: ids are lower-case hexadecimal, times are milliseconds since 1970.

export interface Status {
  account: boolean; // there are keys
  registered: boolean;
  registering: boolean;
  deleted: boolean;
  out: boolean;
  has_identity: boolean;
  id: string;
  device: string;
  identity: string;
  name: string;
  server: string;
  session: "off" | "waiting" | "connecting" | "ready";
  caught_up: boolean;
  replaced: boolean;
  error: string;
  requests: number;
  blocked: number;
  contacts: number;
  devices: number;
  unsettled: boolean;
  notices: number;
  desk_changed: boolean;
}

export interface FileInfo {
  name: string;
  type: string;
  description: string;
  size: number;
  expires: number;
}

export type MessageKind =
  | "content"
  | "created"
  | "joined"
  | "added"
  | "removed"
  | "left"
  | "updated"
  | "renamed"
  | "linked"
  | "unlinked"
  | "timer" // messages stay so many seconds, in text, from now on
  | "promoted" // subject is an administrator now; without a sender: the last one left
  | "demoted";

export interface Message {
  number: number;
  kind: MessageKind;
  state: "received" | "queued" | "sent" | "failed";
  refused: number;
  time: number;
  sender: string;
  sender_name: string;
  own: boolean;
  subject: string;
  subject_name: string;
  id: string;
  shape: "text" | "reaction" | "edit" | "delete" | "other" | "file";
  markdown: boolean;
  in_reply_to: string;
  replaces: string;
  text: string;
  file: FileInfo | null;
  edited: boolean; // text is that of the newest edit
  withdrawn: boolean;
  about: number; // of a reaction, an edit, a withdrawal: the message; 0: it is not here
  expires: number; // 0: it stays
  delivered: number; // so many others told that it came,
  read: number; // or that they read it
  reactions: Reaction[];
}

export interface Reaction {
  number: number;
  id: string;
  sender: string;
  sender_name: string;
  own: boolean;
  text: string;
}

export interface Conversation {
  number: number;
  name: string;
  own_name: boolean;
  state: "new" | "active" | "leaving" | "left" | "removed" | "failed" | "request";
  members: number;
  messages: number;
  read: number;
  inviter: string;
  with: string;
  with_name: string;
  spoiled: boolean;
  behind: boolean;
  refused: number;
  unheard: number;
  last: Message | null;
  draft: string; // what was begun to be written, on this device; empty: nothing
  muted: boolean;
  archived: boolean;
  timer: number; // seconds that messages stay; 0: they do
}

export interface Member {
  account: string;
  device: string;
  identity: string;
  name: string;
  us: boolean;
  contact: boolean;
  unlisted: boolean;
  unheard: boolean;
  admin: boolean;
}

export interface Roles {
  any: boolean; // false: what administrators may, everybody may
  admin: boolean; // we are one
  timer_all: boolean; // everybody may change the timer
}

export interface Contact {
  account: string;
  identity: string;
  petname: string;
  name: string;
  devices: number;
  verified: boolean;
}

export interface Blocked {
  account: string;
  name: string;
  time: number;
}

export interface Device {
  device: string;
  us: boolean;
  has_identity: boolean;
}

export interface ContactLink {
  number: number;
  made: number;
  expires: number;
  once: boolean;
  used: boolean;
  over: boolean;
}

export interface Linking {
  state: "off" | "opening" | "code" | "digits" | "account" | "joining";
  is_new: boolean;
  code: string;
  digits: string;
  until: number;
}

export interface Handle {
  name: string;
  pin: boolean;
  state: "wanted" | "held" | "unwanted";
  lapses_week: number;
}

export interface Profile {
  name: string;
  name_here: boolean;
  picture: string; // base64, or empty
  picture_here: boolean;
}

export interface Picture {
  picture: string; // base64
  kind: "png" | "jpeg" | "webp" | "";
}

export interface Desk {
  name: string;
  origin: string;
  version: number;
  hash: string;
  key: string;
  changed: boolean;
  offered: string;
}

export interface Notice {
  number: number;
  time: number;
  read: boolean;
  id: string;
  case_id: string;
  reference: string;
  wording: string;
}

export interface Writer {
  account: string;
  name: string;
}

export interface CoreEvent {
  type:
    | "done"
    | "linking"
    | "synced"
    | "sent"
    | "message"
    | "conversation"
    | "connection"
    | "caught_up"
    | "replaced"
    | "gaps"
    | "quarantined"
    | "progress"
    | "petname"
    | "desk"
    | "trouble"
    | "writing" // who writes in a conversation just now is to be asked again
    | "changed" // an entry: ask for it again, it may be gone
    | "locked" // the page's end's own, as the next one: the store was locked or wiped, by whichever tab; error: it could not be wiped
    | "opened" // it was opened, by whichever tab
    | "writer"; // this tab became the writer, or ceased to be
  command: number;
  error: string;
  reason: string;
  text: string;
  conversation: number;
  message: number;
  message_id: string;
  refused: number;
  count: number;
  done: number;
  total: number;
}

export type DoneEvent = CoreEvent & { type: "done" };

export interface CoreError {
  error: string;
  reason?: string;
}

export type Argument = string | number | boolean | Uint8Array | Blob;

export interface Core {
  // Rejects with a CoreError.
  call<T = any>(name: string, ...args: Argument[]): Promise<T>;
  // Resolves at the command's end, also if that came before; its error may be set.
  done(command: number): Promise<DoneEvent>;
  on(listener: (event: CoreEvent) => void): () => void;
}
