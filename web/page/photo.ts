// Pictures are drawn and encoded anew before they go out, so that nothing but what is seen goes along.

const drawable = ["image/jpeg", "image/png", "image/webp"];

export function isPhoto(type: string): boolean {
  return drawable.includes(type);
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
