// The small parts that all views are made of.

import type { ButtonHTMLAttributes, ComponentChildren, InputHTMLAttributes } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { encode } from "uqr";
import type { Argument, Conversation, Picture, Profile } from "../core/types";
import { called, clean, copyText, useHome, useView, type Task } from "./state";
import { w } from "./words";

// ---- Icons: drawn with one pen ----

const paths = {
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  search: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l4.5 4.5",
  send: "M4 12l16-7-6 15-3-6.5zM11 13.5L20 5",
  attach: "M19 11.5l-7.6 7.6a4.6 4.6 0 01-6.5-6.5l8-8a3 3 0 014.3 4.3l-7.8 7.8a1.4 1.4 0 01-2-2l7-7",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  chats: "M4 5h16v11H11l-5 4v-4H4z",
  people: "M9 5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM3 20c0-3.3 2.7-5 6-5s6 1.7 6 5M16 5.5a3.2 3.2 0 010 6M17.5 15.3c2 .6 3.5 2.2 3.5 4.7",
  settings: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4M4 12h3M11 12h9M9 10v4",
  sent: "M5 12.5l4.5 4.5L19 7.5",
  twice: "M2.5 12.5l4.5 4.5L16.5 7.5M11.5 16l1 1L22 7.5",
  queued: "M12 4a8 8 0 100 16 8 8 0 000-16zM12 8v4l2.5 2",
  failed: "M12 5v9M12 18.5h.01",
  reply: "M10 6l-6 5 6 5M4 11h9a6 6 0 016 6v1",
  down: "M6 9l6 6 6-6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  info: "M12 4a8 8 0 100 16 8 8 0 000-16zM12 11v5M12 8h.01",
} as const;

export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

export function IconButton(
  props: { icon: keyof typeof paths; label: string } & Omit<ButtonHTMLAttributes, "icon" | "label">,
) {
  const { icon, label, ...rest } = props;
  return (
    <button type="button" aria-label={label} title={label} {...rest} class={`icon-button ${props.class ?? ""}`}>
      <Icon name={icon} />
    </button>
  );
}

// ---- People ----

export function Name({ account, name }: { account: string; name: string }) {
  const who = called(useHome(), account, name);
  return (
    <>
      {who.name !== "" && <bdi class="name">{who.name}</bdi>}
      {who.id !== "" && <span class="id">{who.name === "" ? who.id : `? ${who.id}`}</span>}
    </>
  );
}

export function Title({ of }: { of: Conversation }) {
  const name = clean(of.name);
  if (name !== "") return <bdi class="name">{name}</bdi>;
  if (of.with !== "") return <Name account={of.with} name={of.with_name} />;
  return <>{w().chatOf(of.number)}</>;
}

const tints = 6;

function tint(id: string): number {
  return (parseInt(id.slice(0, 4), 16) || 0) % tints;
}

function initial(name: string): string {
  const parts = [...new Intl.Segmenter(w().tag, { granularity: "grapheme" }).segment(name)];
  return parts[0]?.segment.toLocaleUpperCase(w().tag) ?? "";
}

// Drawn as what it is, whatever else its bytes could be taken for.
function usePicture(base64: string, kind: string): string {
  const [url, setUrl] = useState("");
  useEffect(() => {
    if (base64 === "" || kind === "") {
      setUrl("");
      return;
    }
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const made = URL.createObjectURL(new Blob([bytes], { type: `image/${kind}` }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [base64, kind]);
  return url;
}

// Our own picture, as we show it.
function kindOf(base64: string): string {
  if (base64.startsWith("iVBOR")) return "png";
  return base64.startsWith("UklGR") ? "webp" : "jpeg";
}

// The name stands beside it, so it has none of its own.
export function Face({ account, name, conversation = 0 }: { account: string; name: string; conversation?: number }) {
  const home = useHome();
  const us = account === home.status.id;
  const shown = us ? clean(home.status.name) : called(home, account, name).name;
  const got = useView<Picture | Profile>(
    (e) => e.type === "conversation" || e.type === "synced",
    ...((us ? ["profile", conversation] : ["picture", account, conversation]) as [string, ...Argument[]]),
  );
  const picture = got?.picture ?? "";
  const url = usePicture(picture, got !== undefined && "kind" in got ? got.kind : kindOf(picture));
  return (
    <span class={`face tint-${tint(account)}`} aria-hidden="true">
      {url !== "" ? <img src={url} alt="" /> : initial(shown)}
    </span>
  );
}

export function GroupFace({ of }: { of: Conversation }) {
  if (of.with !== "") return <Face account={of.with} name={of.with_name} conversation={of.number} />;
  return (
    <span class={`face group tint-${of.number % tints}`} aria-hidden="true">
      {initial(clean(of.name)) || <Icon name="people" />}
    </span>
  );
}

// ---- Forms ----

type FieldProps = {
  label: string;
  hint?: string;
  value: string;
  onValue: (value: string) => void;
  rows?: number;
} & Omit<InputHTMLAttributes, "label" | "value" | "rows">;

export function Field({ label, hint, value, onValue, rows, ...rest }: FieldProps) {
  const id = useId();
  const shared = {
    ...rest,
    id,
    value,
    dir: "auto",
    "aria-describedby": hint ? `${id}-hint` : undefined,
    onInput: (e: Event) => onValue((e.target as HTMLInputElement).value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows === undefined ? (
        <input type="text" autocomplete="off" spellcheck={false} {...(shared as object)} />
      ) : (
        <textarea rows={rows} autocomplete="off" spellcheck={false} {...(shared as object)} />
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

// What goes on, or why it did not work: said aloud, and with room kept for it.
export function TaskLine({ task, words }: { task: Task; words?: string }) {
  return (
    <p class={`task ${task.failed !== "" ? "bad" : ""}`} role="status">
      {task.busy ? (words ?? w().working) : task.failed}
    </p>
  );
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button type="button" class="button" onClick={() => void copyText(text).then(() => setCopied(true))}>
      <span role="status">{copied ? w().copied : (label ?? w().copy)}</span>
    </button>
  );
}

// ---- Dialogs ----

// A sheet at the bottom of a phone, in the middle of a larger window. The browser keeps the focus in it, and gives it back.
export function Sheet(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current!.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        props.onClose();
      }}
      onClick={(e) => e.target === dialog.current && props.onClose()}
    >
      <div class="sheet-inside">
        <header>
          <h2 id={id}>{props.title}</h2>
          <IconButton icon="close" label={w().close} onClick={props.onClose} />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

// The second step before something that can't be undone.
export function Sure(props: {
  title: string;
  text: string;
  action: string;
  word?: string; // to be typed
  onYes: () => Promise<unknown> | void;
  onNo: () => void;
}) {
  const [typed, setTyped] = useState("");
  const ready = props.word === undefined || typed.trim().toLowerCase() === props.word;
  return (
    <Sheet title={props.title} onClose={props.onNo}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (ready) void props.onYes();
        }}
      >
        <p>{props.text}</p>
        {props.word !== undefined && (
          <Field label={w().wipeType(props.word)} value={typed} onValue={setTyped} autocapitalize="off" />
        )}
        <div class="buttons">
          <button type="button" class="button" onClick={props.onNo}>
            {w().cancel}
          </button>
          <button type="submit" class="button danger" disabled={!ready}>
            {props.action}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

// ---- QR codes ----

export function Qr({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`}>
      <path d={path} />
    </svg>
  );
}

// ---- The frame of a view beside the list ----

export function View(props: { title: string; back: () => void; children: ComponentChildren; side?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <section class="view">
      <header class="bar">
        <IconButton icon="back" label={w().back} class="back" onClick={props.back} />
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        {props.side}
      </header>
      <div class="view-inside" tabIndex={0} role="group" aria-label={props.title}>
        {props.children}
      </div>
    </section>
  );
}

export function Digits({ digits }: { digits: string }) {
  const groups = digits.match(/.{1,5}/g) ?? [];
  return (
    <p class="digits" dir="ltr">
      {groups.map((g, i) => (
        <span key={i}>{g} </span>
      ))}
    </p>
  );
}
