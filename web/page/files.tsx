// Files and photos: as they stand in a message, on their way, and before they go out.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Conversation, Message } from "../core/types";
import { Field, Icon, IconButton, Sheet } from "./parts";
import { isPhoto, isPicture, photoName, PHOTO_PIXELS, remake, usePhoto } from "./photo";
import { clean, calledText, explain, useCore, useHome } from "./state";
import { fetchFile, sendFile, stopTransfer, useTransfers, type Transfer } from "./transfers";
import { sizeText, w } from "./words";

const OF_ITSELF = 4_000_000; // bytes up to which a photo is fetched when it comes in sight

function useUrl(blob: Blob | null, type: string): string {
  const [url, setUrl] = useState("");
  useEffect(() => {
    if (blob === null) return;
    const made = URL.createObjectURL(new Blob([blob], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob, type]);
  return url;
}

function Progress({ transfer, label }: { transfer: Transfer; label: string }) {
  return (
    <>
      <progress max={Math.max(transfer.total, 1)} value={transfer.done} aria-label={label} />
      <span class="hint">
        {transfer.still ? w().standsStill : `${sizeText(transfer.done)} / ${sizeText(transfer.total)}`}
      </span>
    </>
  );
}

export function TransferRow({ transfer, words }: { transfer: Transfer; words: string }) {
  const core = useCore();
  return (
    <li class="transfer">
      <span class="transfer-text">
        <bdi>{words}</bdi>
        {transfer.failed !== null ? (
          <span class="bad" role="alert">
            {explain(transfer.failed)}
          </span>
        ) : (
          <Progress transfer={transfer} label={words} />
        )}
      </span>
      <IconButton icon="close" label={w().stop} onClick={() => void stopTransfer(core, transfer)} />
    </li>
  );
}

function PhotoView({ blob, label, name, tab }: { blob: Blob; label: string; name: string; tab: number }) {
  const photo = usePhoto(blob);
  const [wanted, setWanted] = useState(false);
  const [large, setLarge] = useState(false);
  if (photo === null) return null;
  const { url, pixels } = photo;
  const save = (tabIndex: number) => (
    <a class="button" href={url} download={photoName(name, photo.type)} tabIndex={tabIndex}>
      {w().saveFile}
    </a>
  );
  if (pixels === Infinity || (pixels > PHOTO_PIXELS && !wanted))
    return (
      <>
        <p class="hint">{pixels === Infinity ? w().photoBroken : w().photoLarge}</p>
        {pixels !== Infinity && (
          <button type="button" class="button" tabIndex={tab} onClick={() => setWanted(true)}>
            {w().showPhoto}
          </button>
        )}
        {save(tab)}
      </>
    );
  return (
    <>
      <button type="button" class="photo" tabIndex={tab} onClick={() => setLarge(true)}>
        <img src={url} alt={label} />
      </button>
      {large && (
        <Sheet title={label} onClose={() => setLarge(false)}>
          <img class="photo-large" src={url} alt={label} />
          <div class="buttons">{save(0)}</div>
        </Sheet>
      )}
    </>
  );
}

export function FileView({ of, message, tab }: { of: Conversation; message: Message; tab: number }) {
  const core = useCore();
  const home = useHome();
  const box = useRef<HTMLDivElement>(null);
  const file = message.file!;
  const photo = isPhoto(file.type);
  const name = clean(file.name);
  const transfer = useTransfers().find((t) => t.conversation === of.number && t.message === message.number);
  const url = useUrl(photo ? null : (transfer?.blob ?? null), "application/octet-stream");
  const label = w().photoOf(calledText(home, message.sender, message.sender_name));
  const expired = file.expires > 0 && file.expires < Date.now();
  const waits = transfer !== undefined && transfer.failed === null && !transfer.hurry && transfer.done === 0;
  const under = transfer !== undefined && transfer.failed === null && transfer.blob === null && !waits;
  const get = () => void fetchFile(core, of.number, message, true);

  // A small photo of a conversation that was accepted comes by itself, once it is in sight.
  const itself = photo && !expired && file.size <= OF_ITSELF && transfer === undefined && of.state !== "request";
  useEffect(() => {
    if (!itself || box.current === null) return;
    const observer = new IntersectionObserver((seen) => {
      if (seen.some((s) => s.isIntersecting)) void fetchFile(core, of.number, message, false);
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [itself]);

  if (photo && transfer?.blob)
    return (
      <div class="photo-box" ref={box}>
        <PhotoView blob={transfer.blob} label={label} name={name} tab={tab} />
      </div>
    );
  return (
    <div class={photo ? "photo-box" : "file-box"} ref={box}>
      <Icon name="file" />
      <span class="file-text">
        <bdi class="file-name">{photo ? w().photo : name}</bdi>
        {under ? (
          <Progress transfer={transfer} label={w().fetching(name)} />
        ) : (
          <span class="hint">{expired ? w().expired : sizeText(file.size)}</span>
        )}
        {transfer?.failed && (
          <span class="bad" role="alert">
            {explain(transfer.failed)}
          </span>
        )}
        {file.description !== "" && <bdi class="hint">{file.description}</bdi>}
      </span>
      {url !== "" ? (
        <a class="button" href={url} download={name || "file"} tabIndex={tab}>
          {w().saveFile}
        </a>
      ) : !under ? (
        !expired && (
          <button type="button" class="button" tabIndex={tab} onClick={get}>
            {transfer?.failed ? w().again : photo ? w().showPhoto : w().fetchFile}
          </button>
        )
      ) : (
        <IconButton icon="close" label={w().stop} tabIndex={tab} onClick={() => void stopTransfer(core, transfer)} />
      )}
    </div>
  );
}

// ---- Before it goes out ----

export function SendFile(props: {
  of: Conversation;
  file: File;
  reply: string;
  onClose: () => void;
  onSent: () => void;
}) {
  const { of, file, reply, onClose, onSent } = props;
  const core = useCore();
  const photo = isPicture(file);
  const [made, setMade] = useState<Blob | null>(null);
  const [broken, setBroken] = useState(false);
  const [original, setOriginal] = useState(!photo);
  const [text, setText] = useState("");
  useEffect(() => {
    if (photo) remake(file).then(setMade, () => (setBroken(true), setOriginal(true)));
  }, [file]);
  const url = useUrl(made, "image/jpeg");
  const ready = original || made !== null;
  const send = () => {
    const shared = { conversation: of.number, text: text.trim(), reply };
    // A photo's own name would tell when it was taken, and by what.
    if (original) void sendFile(core, { ...shared, file, name: file.name, type: file.type || "application/octet-stream" });
    else void sendFile(core, { ...shared, file: made!, name: "photo.jpg", type: "image/jpeg" });
    onSent();
    onClose();
  };
  return (
    <Sheet title={original ? w().sendFile : w().sendPhoto} onClose={onClose}>
      <div class="send-file">
        {photo && !broken && (
          <div class="preview">
            {url !== "" ? <img src={url} alt={w().preview} /> : <p role="status">{w().photoMaking}</p>}
          </div>
        )}
        {broken && <p class="warning">{w().broken}</p>}
        <p class="file-line">
          <Icon name="file" /> <bdi>{original ? clean(file.name) : w().photo}</bdi>{" "}
          <span class="hint">{sizeText(original ? file.size : (made?.size ?? 0))}</span>
        </p>
        {photo && !broken && (
          <label class="check">
            <input type="checkbox" checked={original} onChange={(e) => setOriginal(e.currentTarget.checked)} />
            <span>
              {w().asFile}
              {!original && <span class="hint">{w().photoHow}</span>}
            </span>
          </label>
        )}
        <Field label={`${w().caption} (${w().optional})`} value={text} onValue={setText} />
        <div class="buttons">
          <button type="button" class="button" onClick={onClose}>
            {w().cancel}
          </button>
          <button type="button" class="button main" disabled={!ready} onClick={send}>
            {w().send}
          </button>
        </div>
      </div>
    </Sheet>
  );
}
