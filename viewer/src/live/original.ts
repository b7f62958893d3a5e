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

/** Rows that are proven to be those of an original. */
export type ProvenRows =
  | { readonly result: "proven"; readonly rows: Rows }
  | Exclude<Proven, { readonly result: "proven" }>;

export async function fetchOriginal(
  consult: ConsultId,
  session: SessionId,
  original: Original,
): Promise<Proven> {
  return shown(await fetchRows(consult, session, original));
}

/** As `fetchOriginal`, for those who show it more than once: rows take a quarter of the memory of a picture in gray. */
export async function fetchRows(
  consult: ConsultId,
  session: SessionId,
  original: Original,
): Promise<ProvenRows> {
  let png: Uint8Array<ArrayBuffer>;
  try {
    const answer = await ask(`/api/v1/consults/${consult}/blobs/${original.blob}`, { session });
    png = new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    if (cause instanceof ApiProblem && cause.code === "notFound") return { result: "wrong" };
    return { result: "unreachable" };
  }
  return proveRows(png, original);
}

/** Whether these bytes are that original. */
export async function prove(png: Uint8Array<ArrayBuffer>, original: Original): Promise<Proven> {
  return shown(await proveRows(png, original));
}

async function proveRows(png: Uint8Array<ArrayBuffer>, original: Original): Promise<ProvenRows> {
  const rows = await decodePng(png);
  if (rows === null || !sameShape(rows, original)) return { result: "wrong" };
  const digest = hex(await crypto.subtle.digest("SHA-256", rows.bytes));
  return digest === original.pixels ? { result: "proven", rows } : { result: "wrong" };
}

function shown(proven: ProvenRows): Proven {
  if (proven.result !== "proven") return proven;
  const { rows } = proven;
  return { result: "proven", picture: toImage(rows, new ImageData(rows.width, rows.height)) };
}

function sameShape(rows: Rows, original: Original): boolean {
  return rows.width === original.width && rows.height === original.height && rows.form === original.form;
}

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** For the glass. The proof is over; from here on it is only shown. `image` has the size of the rows. */
export function toImage({ form, bytes }: Rows, image: ImageData): ImageData {
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
