// Pictures are drawn and encoded anew before they go out, so that nothing but what is seen goes along.

import { useEffect, useState } from "preact/hooks";

const endings: Record<string, string> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

// What others sent is shown if it is one of these.
export function isPhoto(type: string): boolean {
  return type in endings;
}

// Whatever the browser may be able to draw, to make a photo of it. Not every system knows the types of all endings.
export function isPicture(file: File): boolean {
  return file.type.startsWith("image/") || /\.(heic|heif|avif|jxl|tiff?|dng)$/i.test(file.name);
}

// What it is by its first bytes, whatever its sender says; empty: nothing that is shown.
export function realType(head: Uint8Array): string {
  const text = String.fromCharCode(...head.subarray(0, 12));
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.startsWith("RIFF") && text.endsWith("WEBP")) return "image/webp";
  return text.startsWith("\xff\xd8\xff") ? "image/jpeg" : "";
}

// The name that its sender gave it could end as a program's does.
export function photoName(name: string, type: string): string {
  const stem = name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}\p{M} _-]/gu, "").trim();
  return `${stem || "photo"}.${endings[type] ?? "file"}`;
}

export const PHOTO_PIXELS = 32_000_000; // above, a photo is shown to whoever asks for it

export interface Photo {
  url: string;
  type: string;
  pixels: number; // Infinity: it can't be drawn
}

// A few bytes can stand for gigabytes of pixels: a browser tells the size before it draws. null: not known yet.
export function usePhoto(blob: Blob): Photo | null {
  const [photo, setPhoto] = useState<Photo | null>(null);
  useEffect(() => {
    let [wanted, url] = [true, ""];
    const look = async () => {
      const type = realType(new Uint8Array(await blob.slice(0, 12).arrayBuffer()));
      if (!wanted) return;
      url = URL.createObjectURL(new Blob([blob], { type: type || "application/octet-stream" }));
      const end = (pixels: number) => wanted && setPhoto({ url, type, pixels });
      if (type === "") return end(Infinity);
      const picture = new Image();
      picture.onload = () => end(picture.naturalWidth * picture.naturalHeight);
      picture.onerror = () => end(Infinity);
      picture.src = url;
    };
    setPhoto(null);
    void look().catch(() => {});
    return () => {
      wanted = false;
      URL.revokeObjectURL(url);
    };
  }, [blob]);
  return photo;
}

function encode(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", quality),
  );
}

function draw(bitmap: ImageBitmap, width: number, height: number, square: boolean): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#fff"; // what is transparent becomes paper
  context.fillRect(0, 0, width, height);
  const side = Math.min(bitmap.width, bitmap.height);
  if (square)
    context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, width, height);
  else context.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

// No edge is longer than `edge`.
export async function remake(file: Blob, edge = 2048): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, edge / Math.max(bitmap.width, bitmap.height));
  const canvas = draw(bitmap, Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)), false);
  bitmap.close();
  return encode(canvas, 0.86);
}

// A square of at most `most` bytes.
export async function profilePicture(file: Blob, most: number): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(file);
  try {
    for (const [side, quality] of [
      [320, 0.86],
      [256, 0.8],
      [160, 0.7],
    ] as const) {
      const blob = await encode(draw(bitmap, side, side, true), quality);
      if (blob.size <= most) return new Uint8Array(await blob.arrayBuffer());
    }
    throw new Error("too large");
  } finally {
    bitmap.close();
  }
}
