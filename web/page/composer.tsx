// Where one writes. It grows with what is written; on a device with a keyboard Enter sends.

import type { Ref } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Conversation } from "../core/types";
import { begun, sendDraft, type Draft } from "./drafts";
import { SendFile } from "./files";
import { Icon, IconButton, Name, TaskLine } from "./parts";
import { clean, useCore, useTask } from "./state";
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

  const stand = (words: string, unsure?: Draft["unsure"]) => setDraft({ text: words, reply: null, edit: null, before: "", unsure });
  const stop = () => stand(begun(draft), draft.unsure);
  const send = () => {
    if (text === "" || task.busy) return;
    stand(draft.before, draft.edit !== null ? draft.unsure : undefined);
    void task.start(() => sendDraft(core, of, draft, setDraft)).then((ok) => ok && onSent());
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
            <bdi>{(about.text || clean(about.file?.name ?? "")).slice(0, 200)}</bdi>
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
