// Where one writes. It grows with what is written; on a device with a keyboard Enter sends.

import type { Ref } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Conversation } from "../core/types";
import type { Draft } from "./drafts";
import { SendFile } from "./files";
import { Icon, IconButton, Name, TaskLine } from "./parts";
import { isCoreError, useCore, useTask } from "./state";
import { w } from "./words";

const FILE_MAX = 2 ** 31;

interface Props {
  of: Conversation;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  input: Ref<HTMLTextAreaElement>;
  onSent: () => void;
  lastOwn: () => void; // edits the last that one said oneself
}

export function Composer({ of, draft, setDraft, input, onSent, lastOwn }: Props) {
  const core = useCore();
  const task = useTask();
  const area = useRef<HTMLTextAreaElement | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const text = draft.text.trim();
  const about = draft.edit ?? draft.reply;

  useLayoutEffect(() => {
    const a = area.current!;
    a.style.height = "auto";
    a.style.height = `${a.scrollHeight}px`;
  }, [draft.text]);

  useEffect(() => {
    if (matchMedia("(hover: hover) and (min-width: 50rem)").matches) area.current?.focus({ preventScroll: true });
  }, []);

  const now = useRef(draft);
  now.current = draft;
  const stand = (words: string) => setDraft({ text: words, reply: null, edit: null, before: "" });
  const stop = () => stand(draft.edit !== null ? draft.before : draft.text);
  const send = () => {
    if (text === "" || task.busy) return;
    const { reply, edit } = draft;
    stand(draft.before);
    void task
      .start(() =>
        (edit !== null
          ? core.call("edit", of.number, edit.id, text)
          : core.call("send", of.number, "plain", text, reply?.id ?? "")
        ).catch((e) => Promise.reject(isCoreError(e) && e.error === "CLOSED" ? { error: "CLOSED", reason: "SENDING" } : e)),
      )
      .then((ok) => {
        if (ok) return onSent();
        // With what was typed meanwhile.
        const since = now.current.text.slice(draft.before.length).trim();
        setDraft({ ...draft, text: since === "" ? draft.text : `${draft.text}\n${since}` });
      });
  };
  const take = (files: FileList | null | undefined) => {
    const one = files?.[0];
    if (one === undefined) return;
    if (one.size > FILE_MAX) void task.start(() => Promise.reject({ error: "TOO_LARGE" }));
    else setFile(one);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    // Enter that ends a word of an input method is none of ours.
    if (e.isComposing || e.keyCode === 229) return;
    if (e.key === "Enter" && !e.shiftKey && matchMedia("(hover: hover)").matches) {
      e.preventDefault();
      send();
    } else if (e.key === "Escape" && about !== null) {
      e.preventDefault();
      stop();
    } else if (e.key === "ArrowUp" && draft.text === "") {
      e.preventDefault();
      lastOwn();
    }
  };

  return (
    <>
    <form
      class="composer"
      onSubmit={(e) => {
        e.preventDefault();
        send();
      }}
      onDragOver={(e) => e.preventDefault()}
      onDrop={(e) => {
        e.preventDefault();
        take(e.dataTransfer?.files);
      }}
    >
      {about !== null && (
        <div class="composer-about">
          <Icon name="reply" />
          <span class="quote-text">
            <strong>
              {draft.edit !== null ? w().editing : <Name account={about.sender} name={about.sender_name} />}
            </strong>{" "}
            <bdi>{(about.text || about.file?.name || "").slice(0, 200)}</bdi>
          </span>
          <IconButton icon="close" label={draft.edit !== null ? w().stopEdit : w().stopReply} onClick={stop} />
        </div>
      )}
      <div class="composer-line">
        <IconButton icon="attach" label={w().attach} onClick={() => picker.current!.click()} />
        <input
          ref={picker}
          type="file"
          class="picker"
          tabIndex={-1}
          aria-hidden="true"
          onChange={(e) => {
            take(e.currentTarget.files);
            e.currentTarget.value = "";
          }}
        />
        <textarea
          ref={(a) => {
            area.current = a;
            if (input && typeof input === "object") input.current = a;
          }}
          rows={1}
          dir="auto"
          aria-label={w().write}
          placeholder={w().write}
          value={draft.text}
          enterkeyhint="send"
          onInput={(e) => {
            setDraft({ ...draft, text: e.currentTarget.value });
            if (e.currentTarget.value !== "") void core.call("writes", of.number).catch(() => {});
          }}
          onKeyDown={onKeyDown}
          onPaste={(e) => {
            if (e.clipboardData !== null && e.clipboardData.files.length > 0) {
              e.preventDefault();
              take(e.clipboardData.files);
            }
          }}
        />
        <button class="icon-button send" disabled={text === ""} aria-label={draft.edit ? w().saveEdit : w().send}>
          <Icon name={draft.edit !== null ? "check" : "send"} />
        </button>
      </div>
      {task.failed !== "" && <TaskLine task={task} />}
    </form>
      {file !== null && (
        <SendFile
          of={of}
          file={file}
          reply={draft.reply?.id ?? ""}
          onClose={() => setFile(null)}
          onSent={() => {
            stop();
            onSent();
          }}
        />
      )}
    </>
  );
}
