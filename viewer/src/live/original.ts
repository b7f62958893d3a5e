// The original of the frozen frame: fetched, decoded, proven, and only then called one.
//
// The digest of the rows is recomputed here over the decoded bytes. Called by `freeze.ts`. Invariant: what leaves here as
// proven has exactly the pixels that the agent captured; everything else is no original, whatever was said of it.

import { ApiProblem, ask } from "../net/http";
import type { ConsultId, SessionId } from "../wire/ids";
import type { Original } from "../wire/original";
import { decodePng, type Rows } from "./png";

export type Proven =
  | { readonly result: "proven"; readonly picture: ImageData }
  /** Its pixels are not what was said. */
  | { readonly result: "wrong" }
  /** It could not be fetched; trying again may help. */
  | { readonly result: "unreachable" };

export async function fetchOriginal(
  consult: ConsultId,
  session: SessionId,
  original: Original,
): Promise<Proven> {
  let png: Uint8Array<ArrayBuffer>;
  try {
    const answer = await ask(`/api/v1/consults/${consult}/blobs/${original.blob}`, { session });
    png = new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    if (cause instanceof ApiProblem && cause.code === "notFound") return { result: "wrong" };
    return { result: "unreachable" };
  }
  return prove(png, original);
}

/** Whether these bytes are that original. */
export async function prove(png: Uint8Array<ArrayBuffer>, original: Original): Promise<Proven> {
  const rows = await decodePng(png);
  if (rows === null || !sameShape(rows, original)) return { result: "wrong" };
  const digest = hex(await crypto.subtle.digest("SHA-256", rows.bytes));
  return digest === original.pixels ? { result: "proven", picture: toImage(rows) } : { result: "wrong" };
}

function sameShape(rows: Rows, original: Original): boolean {
  return rows.width === original.width && rows.height === original.height && rows.form === original.form;
}

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** For the glass. The proof is over; from here on it is only shown. */
function toImage({ width, height, form, bytes }: Rows): ImageData {
  const image = new ImageData(width, height);
  const rgba = new Uint32Array(image.data.buffer);
  if (form === "gray8") {
    for (let at = 0; at < rgba.length; at += 1) rgba[at] = 0xff000000 | ((bytes[at] as number) * 0x010101);
  } else {
    for (let at = 0, from = 0; at < rgba.length; at += 1, from += 3)
      rgba[at] =
        0xff000000 |
        ((bytes[from + 2] as number) << 16) |
        ((bytes[from + 1] as number) << 8) |
        (bytes[from] as number);
  }
  return image;
}
