// A core in memory with made people, for tests and pictures. It does what the page sees of a core, and nothing of what makes it one.

import type {
  Argument,
  Blocked,
  Contact,
  ContactLink,
  Conversation,
  Core,
  CoreEvent,
  DoneEvent,
  Linking,
  Member,
  Message,
  Notice,
  Status,
} from "../core/types";

export interface StandInOptions {
  exists: boolean; // an account is here
  passphrase: string;
  long: boolean; // one conversation has 10,000 messages
  empty: boolean; // nobody and nothing yet
  now: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const hex = (seed: string, digits: number): string => {
  let state = 2166136261;
  let out = "";
  for (let i = 0; out.length < digits; i++) {
    for (const c of seed + i) state = Math.imul(state ^ c.charCodeAt(0), 16777619) >>> 0;
    out += state.toString(16).padStart(8, "0");
  }
  return out.slice(0, digits);
};

interface Made {
  account: string;
  identity: string;
  name: string;
  petname: string;
  verified: boolean;
}

const person = (name: string, petname: string, verified = false): Made => ({
  account: hex("account " + name + petname, 32),
  identity: hex("identity " + name + petname, 64),
  name,
  petname,
  verified,
});

const me = person("Robin", "");
const mira = person("Mira", "Mira", true);
const tomas = person("Tomás", "Tomás from the choir");
const ayesha = person("Ayesha", "");
const chan = person("陳美玲", "美玲");
const stranger = person("Mira", "");
const noor = person("نور", "نور");

const nothing: Message = {
  number: 0,
  kind: "content",
  state: "received",
  refused: 0,
  time: 0,
  sender: "",
  sender_name: "",
  own: false,
  subject: "",
  subject_name: "",
  id: "",
  shape: "text",
  markdown: false,
  in_reply_to: "",
  replaces: "",
  text: "",
  file: null,
  edited: false,
  withdrawn: false,
  about: 0,
  expires: 0,
  delivered: 0,
  read: 0,
  reactions: [],
};

interface Talk {
  c: Conversation;
  people: Made[];
  messages: Message[];
  admins: Set<string>; // accounts; none between two
  timerAll: boolean;
}

const fail = (error: string, reason = ""): never => {
  throw { error, reason };
};

const noEvent: CoreEvent = {
  type: "connection",
  command: 0,
  error: "",
  reason: "",
  text: "",
  conversation: 0,
  message: 0,
  message_id: "",
  refused: 0,
  count: 0,
  done: 0,
  total: 0,
};

export class StandIn implements Core {
  private listeners = new Set<(e: CoreEvent) => void>();
  private ended = new Map<number, DoneEvent>();
  private waiting = new Map<number, (e: DoneEvent) => void>();
  private command = 0;
  private talks: Talk[] = [];
  private contacts: Made[] = [];
  private blocked: Blocked[] = [];
  private links: ContactLink[] = [];
  private notices: Notice[] = [];
  private files = new Map<string, Blob>();
  private open = false;
  private registered: boolean;
  private name = me.name;
  private picture = "";
  private receipts = "read";
  private typing = false;
  private writers = new Map<number, Made[]>();
  private keys = 0;
  private handle = "";
  private linking: Linking = { state: "off", is_new: false, code: "", digits: "", until: 0 };
  private online = true;
  private passphrase: string;
  private secret = "";
  private clock: number;

  constructor(private o: StandInOptions) {
    this.registered = o.exists;
    this.passphrase = o.passphrase;
    this.clock = o.now - 3 * DAY;
    if (o.exists && !o.empty) this.populate();
  }

  // ---- Made conversations ----

  private talk(people: Made[], c: Partial<Conversation>): Talk {
    const number = this.talks.length + 1;
    const one = people.length === 1 ? people[0]! : null;
    const talk: Talk = {
      people,
      messages: [],
      admins: new Set(people.length > 1 ? [me.account] : []),
      timerAll: true,
      c: {
        number,
        name: "",
        own_name: false,
        state: "active",
        members: people.length + 1,
        draft: "",
        messages: 0,
        read: 0,
        inviter: "",
        with: one?.account ?? "",
        with_name: one?.name ?? "",
        spoiled: false,
        behind: false,
        refused: 0,
        unheard: 0,
        last: null,
        muted: false,
        archived: false,
        timer: 604_800,
        ...c,
      },
    };
    this.talks.push(talk);
    return talk;
  }

  private put(talk: Talk, who: Made, m: Partial<Message>, after = 2 * MINUTE): Message {
    this.clock += after;
    const number = talk.c.messages + 1;
    const message: Message = {
      ...nothing,
      number,
      time: this.clock,
      sender: who.account,
      sender_name: who.name,
      own: who === me,
      state: who === me ? "sent" : "received",
      id: hex(`message ${talk.c.number}.${number}`, 64),
      reactions: [],
      ...m,
    };
    this.remark(talk, message);
    talk.messages.push(message);
    talk.c.messages = number;
    talk.c.last = message;
    if (who === me) talk.c.read = number;
    return message;
  }

  // What the core does with what is said about a message.
  private remark(talk: Talk, m: Message): void {
    const on = (id: string) => talk.messages.find((other) => other.id === id);
    const reacted = talk.messages.find((other) => other.reactions.some((r) => r.id === m.replaces));
    const target = m.shape === "reaction" ? on(m.in_reply_to) : (reacted ?? on(m.replaces));
    if (target === undefined || !["reaction", "edit", "delete"].includes(m.shape)) return;
    if (m.shape === "reaction") target.reactions = [...target.reactions, m];
    else if (m.shape === "edit") Object.assign(target, { text: m.text, edited: true });
    else if (reacted !== undefined) reacted.reactions = reacted.reactions.filter((r) => r.id !== m.replaces);
    else Object.assign(target, { text: "", withdrawn: true, reactions: [] });
    m.about = target.number;
    this.tell({ type: "changed", conversation: talk.c.number, message: target.number });
  }

  private populate(): void {
    this.contacts = [mira, tomas, ayesha, chan, noor];
    const choir = this.talk([mira, tomas, ayesha], { name: "Thursday choir" });
    this.put(choir, mira, { kind: "created", id: "" });
    this.put(choir, mira, { kind: "joined", id: "", subject: me.account }, MINUTE);
    const first = this.put(choir, mira, { text: "Rehearsal moves to seven this week, the hall is taken before." }, DAY);
    this.put(choir, tomas, { shape: "reaction", text: "👍", in_reply_to: first.id }, MINUTE);
    this.put(choir, ayesha, { shape: "reaction", text: "👍", in_reply_to: first.id }, MINUTE);
    this.put(choir, tomas, { text: "Fine with me. Who brings the scores?", in_reply_to: first.id });
    const scores = this.put(choir, me, { text: "I do. Two are stil missing." });
    this.put(choir, me, { shape: "edit", text: "I do. Two are still missing.", replaces: scores.id }, MINUTE);
    this.put(choir, ayesha, { text: "I have a spare one, and the alto part." });
    const wrong = this.put(choir, ayesha, { text: "Wrong conversation, sorry" });
    this.put(choir, ayesha, { shape: "delete", replaces: wrong.id }, MINUTE);
    this.put(choir, tomas, {
      shape: "file",
      file: { name: "alto-part.pdf", type: "application/pdf", description: "", size: 248_300, expires: 0 },
    });
    this.put(choir, mira, { kind: "added", id: "", subject: ayesha.account, subject_name: ayesha.name });

    const family = this.talk([noor], {});
    this.put(family, noor, { text: "مرحبا، هل وصلت؟" }, DAY / 2);
    this.put(family, me, { text: "Just now. The train was late again." });
    family.c.read = family.messages.length;

    const talk = this.talk([chan], {});
    this.put(talk, chan, { text: "星期四你會來嗎？" }, DAY / 3);
    this.put(talk, me, { text: "會，七點見。" });
    talk.c.read = talk.messages.length;

    const long = this.talk([tomas], {});
    const count = this.o.long ? 10_000 : 40;
    for (let i = 1; i <= count; i++)
      this.put(
        long,
        i % 3 === 0 ? me : tomas,
        { text: i % 7 === 0 ? `Number ${i}: ${"a longer line that wraps on a phone. ".repeat((i % 5) + 1)}` : `Number ${i}` },
        i === 1 ? MINUTE : this.o.long ? MINUTE / 6 : 3 * MINUTE,
      );
    long.c.read = long.messages.length;

    this.clock = this.o.now - 50 * MINUTE;
    const two = this.talk([mira], {});
    this.put(two, mira, { text: "Are you there tomorrow?" }, MINUTE);
    const yes = this.put(two, me, { text: "Yes, from nine. I keep you a seat by the window." });
    this.put(two, mira, { shape: "reaction", text: "❤️", in_reply_to: yes.id });
    this.put(two, mira, {
      shape: "file",
      file: { name: "photo.jpg", type: "image/jpeg", description: "", size: 182_000, expires: 0 },
      text: "The view from the new place",
    });
    two.c.read = two.messages.length;
    this.put(two, mira, { text: "It is quiet here. One hears the river at night." }, 30 * MINUTE);
    this.put(two, mira, { text: "Come and see it?" }, MINUTE);

    const asks = this.talk([stranger], { state: "request", inviter: stranger.account });
    this.put(asks, stranger, { text: "It’s me, Mira, on my new phone. Can you send me the door code?" }, 5 * MINUTE);

    const left = this.talk([ayesha, chan], { name: "Moving house", state: "left" });
    this.clock -= 2 * DAY;
    this.put(left, ayesha, { text: "Thank you all!" });
    this.put(left, me, { kind: "left", id: "", subject: me.account });
    left.c.read = left.messages.length;

    this.notices = [
      {
        number: 1,
        time: this.o.now - DAY,
        read: false,
        id: "2026-0117",
        case_id: "C-2026-0042",
        reference: hex("reference", 64),
        wording:
          "An authority asked this server for what it holds about your account. The request was reviewed, and the record of your account was handed over: that it exists, the weeks in which it was created and last seen, and the number of its devices. No message can be handed over, since the server can’t read any.",
      },
    ];
    this.links = [
      { number: 4, made: this.o.now - 2 * DAY, expires: this.o.now + 28 * DAY, once: true, used: false, over: false },
      { number: 2, made: this.o.now - 9 * DAY, expires: this.o.now - 2 * DAY, once: false, used: false, over: true },
    ];
  }

  // ---- The page's end ----

  on(listener: (e: CoreEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  done(command: number): Promise<DoneEvent> {
    const ended = this.ended.get(command);
    return ended ? Promise.resolve(ended) : new Promise((resolve) => this.waiting.set(command, resolve));
  }

  async call<T>(name: string, ...args: Argument[]): Promise<T> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return this.answer(name, args) as T;
  }

  private tell(e: Partial<CoreEvent>): void {
    for (const listener of this.listeners) listener({ ...noEvent, ...e });
  }

  private end(command: number, e: Partial<DoneEvent> = {}, after = 60): { command: number } {
    setTimeout(() => {
      const done: DoneEvent = { ...noEvent, ...e, type: "done", command };
      this.ended.set(command, done);
      this.waiting.get(command)?.(done);
      this.tell(done);
    }, after);
    return { command };
  }

  private find(number: Argument): Talk {
    return this.talks.find((t) => t.c.number === Number(number)) ?? fail("NOT_FOUND");
  }

  private say(talk: Talk, who: Made, m: Partial<Message>): Message {
    this.clock = Math.max(this.clock, Date.now());
    const message = this.put(talk, who, { state: who === me ? "queued" : "received", ...m }, 0);
    this.tell({ type: "message", conversation: talk.c.number, message: message.number });
    return message;
  }

  private send(talk: Talk, m: Partial<Message>): { command: number; message: number } {
    if (!["active", "new"].includes(talk.c.state)) fail("STATE");
    const message = this.say(talk, me, m);
    const command = ++this.command;
    if (this.online)
      setTimeout(() => {
        message.state = "sent";
        this.tell({ type: "sent", conversation: talk.c.number, message: message.number });
        this.end(command, { conversation: talk.c.number, message: message.number }, 0);
      }, 120);
    return { command, message: message.number };
  }

  // For tests: the others' devices tell that they have a message, or that it was read; and its time is over.
  receipt(conversation: number, number: number, what: "delivered" | "read"): void {
    this.find(conversation).messages.find((m) => m.number === number)![what] = 1;
    this.tell({ type: "changed", conversation, message: number });
  }

  expire(conversation: number, number: number): void {
    const talk = this.find(conversation);
    talk.messages = talk.messages.filter((m) => m.number !== number);
    talk.c.last = talk.messages[talk.messages.length - 1] ?? null;
    this.tell({ type: "changed", conversation, message: number });
  }

  // For tests: so many of a conversation write just now; and how often the page said that one does.
  write(conversation: number, count: number): void {
    this.writers.set(conversation, this.find(conversation).people.slice(0, count));
    this.tell({ type: "writing", conversation });
  }

  written(): number {
    return this.keys;
  }

  // For tests: somebody says something.
  hear(conversation: number, text: string): void {
    const talk = this.find(conversation);
    this.say(talk, talk.people[0]!, { text });
  }

  setOnline(online: boolean): void {
    this.online = online;
    this.tell({ type: "connection" });
  }

  private status(): Status {
    return {
      account: true,
      registered: this.registered,
      registering: false,
      deleted: false,
      out: false,
      has_identity: true,
      id: me.account,
      device: hex("device", 32),
      identity: me.identity,
      name: this.name,
      server: "127.0.0.1:7000",
      session: this.online ? "ready" : "waiting",
      caught_up: true,
      replaced: false,
      error: "",
      requests: this.talks.filter((t) => t.c.state === "request").length,
      blocked: this.blocked.length,
      contacts: this.contacts.length,
      devices: 2,
      unsettled: false,
      notices: this.notices.filter((n) => !n.read).length,
      desk_changed: false,
    };
  }

  private contact(p: Made): Contact {
    return { account: p.account, identity: p.identity, petname: p.petname, name: p.name, devices: 1, verified: p.verified };
  }

  private member(p: Made): Member {
    return {
      account: p.account,
      device: hex("device " + p.account, 32),
      identity: p.identity,
      name: p === me ? this.name : p.petname || p.name,
      us: p === me,
      contact: this.contacts.includes(p),
      unlisted: false,
      unheard: false,
      admin: false,
    };
  }

  private known(account: Argument): Made {
    return this.contacts.find((c) => c.account === account) ?? fail("NOT_FOUND");
  }

  private answer(name: string, args: Argument[]): unknown {
    const [one = "", two = "", three = "", four = ""] = args;
    const text = (a: Argument) => String(a);
    if (["exists", "open", "wipe", "persist"].includes(name)) return this.ofTheStore(name, text(one), two === true);
    if (!this.open) fail("STATE");
    switch (name) {
      case "locked":
        return { passphrase: this.passphrase !== "" };
      case "passphrase":
        if (one !== this.passphrase) fail("PASSPHRASE");
        this.passphrase = text(two);
        return { passphrase: this.passphrase !== "" };
      case "secret":
        if (one !== this.passphrase) fail("PASSPHRASE");
        this.secret = text(two);
        return { passphrase: true };
      case "lock":
        this.open = false;
        this.tell({ type: "locked" });
        return {};
      case "status":
        return this.status();
      case "conversations":
        return this.talks
          .map((t) => ({ ...t.c, last: t.c.last && { ...t.c.last } }))
          .sort((a, b) => (b.last?.time ?? this.clock) - (a.last?.time ?? this.clock));
      case "conversation":
        return { ...this.find(one).c };
      case "messages":
        return this.find(one)
          .messages.filter((m) => m.number >= Number(two) && m.number <= Number(three))
          .map((m) => ({ ...m }));
      case "search": {
        const words = text(three).toLowerCase().split(" ");
        const fits = (m: Message) => words.every((word) => `${m.text}\n${m.file?.name ?? ""}`.toLowerCase().includes(word));
        const said = this.find(one).messages.filter((m) => m.kind === "content" && !m.withdrawn && ["text", "file"].includes(m.shape));
        return { messages: said.filter(fits).map((m) => ({ ...m })), next: 0 };
      }
      case "members":
        return this.find(one).c.state === "left" ? [] : [...this.find(one).people, me].map((p) => ({
              ...this.member(p),
              admin: this.find(one).admins.has(p.account),
            }));
      case "roles":
        return {
          any: this.find(one).admins.size > 0,
          admin: this.find(one).admins.has(me.account),
          timer_all: this.find(one).timerAll,
        };
      case "contacts":
        return this.contacts.map((p) => this.contact(p));
      case "blocked":
        return [...this.blocked];
      case "devices":
        return [
          { device: hex("device", 32), us: true, has_identity: true },
          { device: hex("another", 32), us: false, has_identity: false },
        ];
      case "links":
        return [...this.links];
      case "safety":
        return { digits: [...hex("safety " + text(one), 60)].map((d) => parseInt(d, 16) % 10).join("") };
      case "words":
        return { words: "abandon ability able about above absent absorb abstract absurd abuse access accident account accuse achieve acid acoustic acquire across act action actor actress actual" };
      case "linking":
        return { ...this.linking };
      case "handle":
        return this.handle === "" ? null : { name: this.handle, pin: false, state: "held", lapses_week: 3000 };
      case "found":
        return { ...this.contact(person("Jo", "")), petname: "" };
      case "receipts":
        return { level: this.receipts };
      case "receipts-set":
        this.receipts = text(one);
        return {};
      case "typing":
        return { on: this.typing };
      case "typing-set":
        this.typing = one === true;
        return {};
      case "writing":
        return (this.writers.get(Number(one)) ?? []).map((p) => ({ account: p.account, name: p.name }));
      case "writes":
        this.keys++;
        return {};
      case "profile":
        return { name: this.name, name_here: false, picture: this.picture, picture_here: false };
      case "picture":
        return one === me.account && this.picture !== ""
          ? { picture: this.picture, kind: "jpeg" }
          : { picture: "", kind: "" };
      case "desk":
        return {
          name: "Request desk of example.org",
          origin: "desk.example.org",
          version: 3,
          hash: hex("hash", 64),
          key: hex("key", 64),
          changed: false,
          offered: "",
        };
      case "notices":
        return this.notices.map((n) => ({ ...n }));
      case "record-get":
        return { created_week: 2960, seen_week: 2967, devices: 2, items: 1, bytes: 4096, beside: [{ name: "key packages", count: 40, bytes: 81_920 }] };
      case "create":
        if (!text(one).startsWith("sotto:join:")) fail("MALFORMED");
        if (text(one).includes("used")) return this.end(++this.command, { error: "DENIED", reason: "INVITE" });
        this.name = text(two);
        return this.register();
      case "take":
        return this.register();
      case "link":
        return this.linkNew();
      case "link-confirm":
        return this.confirm(one === true);
      case "link-take":
        if (!text(one).startsWith("sotto:link:")) fail("MALFORMED");
        this.linking = { state: "digits", is_new: false, code: "", digits: "40718236", until: 0 };
        this.tell({ type: "linking" });
        return { command: (this.linkCommand = ++this.command) };
      case "contact-link": {
        const number = ++this.command;
        this.links.push({ number, made: Date.now(), expires: Date.now() + Number(two) * DAY, once: one === true, used: false, over: false });
        return this.end(number, { text: `sotto:contact:127.0.0.1:7000#${hex("link" + number, 260)}` });
      }
      case "link-revoke":
        this.links = this.links.filter((l) => l.number !== one);
        return {};
      case "contact-accept": {
        if (!text(one).startsWith("sotto:contact:")) fail("MALFORMED");
        return this.meet(person("Jo", text(two)));
      }
      case "found-accept":
        return this.meet({ ...person("Jo", ""), petname: text(one) });
      case "meet": {
        const p = this.find(one).people.find((x) => x.account === two) ?? fail("NOT_FOUND");
        p.petname = text(three);
        return this.meet(p);
      }
      case "contact-rename":
        this.known(one).petname = text(two);
        return {}; // what is done at once is not told
      case "verified":
        this.known(one).verified = two === true;
        return {}; // what is done at once is not told
      case "block":
        this.blocked.push({ account: text(one), name: this.talks.flatMap((t) => t.people).find((p) => p.account === one)?.name ?? "", time: Date.now() });
        this.talks = this.talks.filter((t) => !(t.c.state === "request" && t.c.inviter === one));
        return {}; // what is done at once is not told
      case "unblock":
        this.blocked = this.blocked.filter((b) => b.account !== one);
        return {}; // what is done at once is not told
      case "accept": {
        const talk = this.find(one);
        talk.c.state = "active";
        talk.people[0]!.petname = text(two);
        this.contacts.push(talk.people[0]!);
        return {}; // what is done at once is not told
      }
      case "decline":
        this.talks = this.talks.filter((t) => t !== this.find(one));
        return {}; // what is done at once is not told
      case "new": {
        const people = args.slice(1).map((a) => this.known(a));
        const talk = this.talk(people, { name: text(one) });
        this.clock = Math.max(this.clock, Date.now());
        this.put(talk, me, { kind: "created", id: "" }, 0);
        return { ...this.end(++this.command), conversation: talk.c.number };
      }
      case "timer":
        this.find(one).c.timer = Number(two);
        this.say(this.find(one), me, { kind: "timer", id: "", state: "received", text: text(two) });
        return this.end(++this.command, { conversation: Number(one) });
      case "timer-all":
        this.find(one).timerAll = two === true;
        return this.end(++this.command, { conversation: Number(one) });
      case "role":
        return this.give(this.find(one), text(two), three === true);
      case "add":
      case "remove":
      case "rename":
      case "leave":
      case "renew":
        return this.change(name, this.find(one), text(two));
      case "send":
        return this.send(this.find(one), { text: text(three), in_reply_to: text(four), shape: two === "reaction" ? "reaction" : "text" });
      case "edit":
        return this.send(this.find(one), { text: text(three), shape: "edit", replaces: text(two) });
      case "delete":
        return this.send(this.find(one), { shape: "delete", replaces: text(two) });
      case "read":
        this.find(one).c.read = Number(two);
        return {}; // what is done at once is not told
      case "mute":
        this.find(one).c.muted = text(two) !== "0";
        return {};
      case "archive":
        this.find(one).c.archived = text(two) === "1" || text(two) === "true";
        return {};
      case "draft-set":
        this.find(one).c.draft = text(two);
        return {};
      case "file":
        this.files.set(text(one), two as Blob);
        return {};
      case "taken":
        return this.files.get(text(one)) ?? fail("NOT_FOUND");
      case "file-send":
        return this.upload(args);
      case "file-fetch":
        return this.fetch(text(three));
      case "file-cancel":
        return this.end(Number(one), { error: "CLOSED" }, 0);
      case "profile-set":
        if (two !== "-") this.name = text(two);
        if (three instanceof Uint8Array) this.picture = btoa(String.fromCharCode(...three));
        else if (three === "") this.picture = "";
        return {}; // what is done at once is not told
      case "handle-claim":
        this.handle = text(one);
        return this.end(++this.command, {}, 400);
      case "handle-drop":
        this.handle = "";
        return this.end(++this.command);
      case "handle-find":
        return this.end(++this.command, one === "nobody" ? { error: "NOT_FOUND" } : {}, 400);
      case "notice-read":
        for (const n of this.notices) if (n.number === one) n.read = true;
        return {};
      case "online":
        this.setOnline(one === true);
        return {};
      case "record":
      case "unlink":
      case "delete-account":
        return this.end(++this.command);
      default:
        return fail("UNKNOWN_TYPE");
    }
  }

  private linkCommand = 0;

  private ofTheStore(name: string, passphrase: string, create: boolean): unknown {
    switch (name) {
      case "exists":
        return this.o.exists;
      case "open":
        if (create) {
          this.o.exists = true;
          this.passphrase = passphrase;
        } else if (passphrase !== this.passphrase && (this.secret === "" || passphrase !== this.secret)) fail("PASSPHRASE");
        this.open = true;
        this.tell({ type: "opened" });
        return {};
      case "wipe":
        this.o.exists = this.open = this.registered = false;
        this.talks = [];
        this.contacts = [];
        this.tell({ type: "locked" });
        return {};
      default:
        return true;
    }
  }

  private register(): { command: number } {
    const command = ++this.command;
    setTimeout(() => {
      this.registered = true;
      this.tell({ type: "connection" });
    }, 150);
    return this.end(command, {}, 200);
  }

  private linkNew(): { command: number } {
    this.linkCommand = ++this.command;
    this.linking = { state: "code", is_new: true, code: "sotto:link:" + hex("code", 64), digits: "40718236", until: Date.now() + 5 * MINUTE };
    this.tell({ type: "linking" });
    return { command: this.linkCommand };
  }

  // For tests: the other device took the code.
  taken(): void {
    this.linking.state = "digits";
    this.tell({ type: "linking" });
  }

  private confirm(same: boolean): object {
    const isNew = this.linking.is_new;
    this.linking.state = same ? "joining" : "off";
    if (same && isNew) this.registered = true;
    this.end(this.linkCommand, same ? {} : { error: "DENIED" }, 200);
    return {};
  }

  private meet(p: Made): { account: string } {
    if (this.contacts.some((c) => c.account === p.account)) fail("EXISTS");
    this.contacts.push(p);
    return { account: p.account };
  }

  private give(talk: Talk, account: string, admin: boolean): { command: number } {
    const subject = [...talk.people, me].find((p) => p.account === account) ?? fail("NOT_FOUND");
    if (!talk.admins.has(me.account)) fail("DENIED");
    if (admin) talk.admins.add(account);
    else talk.admins.delete(account);
    const kind = admin ? "promoted" : "demoted";
    this.say(talk, me, { kind, id: "", state: "received", text: "", subject: account, subject_name: subject.name });
    this.tell({ type: "conversation", conversation: talk.c.number });
    return this.end(++this.command, { conversation: talk.c.number });
  }

  private change(name: string, talk: Talk, what: string): { command: number } {
    const command = ++this.command;
    setTimeout(() => {
      const subject = name === "add" ? this.known(what) : talk.people.find((p) => p.account === what);
      if (name === "add") talk.people.push(subject!);
      if (name === "remove") talk.people = talk.people.filter((p) => p !== subject);
      if (name === "rename") talk.c.name = what;
      if (name === "leave") talk.c.state = "left";
      talk.c.members = talk.people.length + 1;
      const kind = ({ add: "added", remove: "removed", rename: "renamed", leave: "left", renew: "updated" } as const)[
        name as "add"
      ];
      const about = name === "leave" || name === "renew" ? me : subject;
      this.say(talk, me, { kind, id: "", state: "received", text: name === "rename" ? what : "", subject: about?.account ?? "", subject_name: about?.name ?? "" });
      this.tell({ type: "conversation", conversation: talk.c.number });
    }, 80);
    return this.end(command, {}, 120);
  }

  private upload([number, place, name, type, text, reply, size]: Argument[]): { command: number } {
    const talk = this.find(number!);
    const command = ++this.command;
    const total = Number(size);
    for (let i = 1; i <= 4; i++)
      setTimeout(
        () => this.tell({ type: "progress", command, conversation: talk.c.number, done: (total * i) / 4, total }),
        i * 80,
      );
    setTimeout(() => {
      if (this.ended.has(command)) return;
      const message = this.say(talk, me, {
        shape: "file",
        state: "sent",
        text: String(text),
        in_reply_to: String(reply),
        file: { name: String(name), type: String(type), description: "", size: total, expires: 0 },
      });
      this.files.set("made", this.files.get(String(place))!);
      this.end(command, { conversation: talk.c.number, message: message.number }, 0);
    }, 400);
    return { command };
  }

  private fetch(place: string): { command: number } {
    const command = ++this.command;
    setTimeout(() => {
      void view().then((blob) => {
        this.files.set(place, this.files.get("made") ?? blob);
        this.end(command, {}, 0);
      });
    }, 100);
    return { command };
  }
}

// A made photo: hills in the evening.
function view(): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 480;
  const c = canvas.getContext("2d")!;
  const sky = c.createLinearGradient(0, 0, 0, 480);
  sky.addColorStop(0, "#35506b");
  sky.addColorStop(0.6, "#e9a96b");
  sky.addColorStop(1, "#f6dcae");
  c.fillStyle = sky;
  c.fillRect(0, 0, 640, 480);
  for (const [base, height, color] of [
    [300, 60, "#5d6b7c"],
    [350, 50, "#3f5257"],
    [410, 40, "#22383a"],
  ] as const) {
    c.fillStyle = color;
    c.beginPath();
    c.moveTo(0, 480);
    for (let x = 0; x <= 640; x += 8) c.lineTo(x, base - height * Math.sin(x / 90 + base) * Math.cos(x / 230));
    c.lineTo(640, 480);
    c.fill();
  }
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob!), "image/jpeg", 0.9));
}
