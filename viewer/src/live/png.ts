// Decodes the PNG of an original to its rows, bit for bit.
//
// Not a canvas: colour management and premultiplied alpha change pixels on the way. Takes exactly what our agents write
// (PNG, W3C Recommendation: 8 bits, gray or RGB, not interlaced) and refuses everything else. Called by `original.ts`.
// Invariant: rows come out whole or not at all, and never more of them than the header announced.

import type { PixelForm } from "../wire/original";

export type Rows = {
  readonly width: number;
  readonly height: number;
  readonly form: PixelForm;
  /** Canonical: top row first, no padding. */
  readonly bytes: Uint8Array<ArrayBuffer>;
};

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BYTES_PER_PIXEL: Readonly<Record<PixelForm, number>> = { gray8: 1, rgb8: 3 };

type Header = { readonly width: number; readonly height: number; readonly form: PixelForm };

/** Null when it is no PNG of ours. */
export async function decodePng(png: Uint8Array<ArrayBuffer>): Promise<Rows | null> {
  if (!SIGNATURE.every((byte, at) => png[at] === byte)) return null;
  const parts = chunks(png);
  if (parts === null) return null;
  const { header, data } = parts;
  const perPixel = BYTES_PER_PIXEL[header.form];
  const stride = header.width * perPixel;
  const filtered = await inflate(data, (stride + 1) * header.height);
  if (filtered === null) return null;
  const bytes = unfilter(filtered, stride, header.height, perPixel);
  return bytes === null ? null : { ...header, bytes };
}

function chunks(png: Uint8Array<ArrayBuffer>): { header: Header; data: Uint8Array<ArrayBuffer>[] } | null {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  let header: Header | null = null;
  const data: Uint8Array<ArrayBuffer>[] = [];
  for (let at = SIGNATURE.length; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    const start = at + 8;
    if (start + length + 4 > png.length) return null;
    if (type === "IHDR") header = readHeader(view, start, length);
    if (type === "IDAT") data.push(png.subarray(start, start + length));
    if (type === "IEND") return header === null || data.length === 0 ? null : { header, data };
    at = start + length + 4;
  }
  return null;
}

function readHeader(view: DataView, at: number, length: number): Header | null {
  if (length !== 13) return null;
  const [width, height] = [view.getUint32(at), view.getUint32(at + 4)];
  const [depth, colour, compression, filter, interlace] = [8, 9, 10, 11, 12].map((n) =>
    view.getUint8(at + n),
  );
  if (depth !== 8 || compression !== 0 || filter !== 0 || interlace !== 0) return null;
  if (colour === 0) return { width, height, form: "gray8" };
  return colour === 2 ? { width, height, form: "rgb8" } : null;
}

/** Compressed bytes given at once, which bounds what comes out before it is looked at. */
const FEED_BYTES = 64 * 1024;

/** Exactly `length` bytes of zlib data (RFC 1950), or null. */
async function inflate(parts: Uint8Array<ArrayBuffer>[], length: number): Promise<Uint8Array | null> {
  const stream = new DecompressionStream("deflate");
  const fed = feed(stream.writable.getWriter(), parts);
  const reader = stream.readable.getReader();
  const bytes = new Uint8Array(length);
  let filled = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (filled + next.value.length > length) {
        await reader.cancel();
        return null;
      }
      bytes.set(next.value, filled);
      filled += next.value.length;
    }
    return (await fed) && filled === length ? bytes : null;
  } catch {
    return null;
  }
}

/** Not by a blob, whose bytes go to the browser's own process and back. False when the stream does not take them. */
async function feed(
  writer: WritableStreamDefaultWriter<BufferSource>,
  parts: Uint8Array<ArrayBuffer>[],
): Promise<boolean> {
  try {
    for (const part of parts)
      for (let at = 0; at < part.length; at += FEED_BYTES)
        await writer.write(part.subarray(at, at + FEED_BYTES));
    await writer.close();
    return true;
  } catch {
    return false;
  }
}

/** Takes the filter of each row back (PNG §9.2). */
function unfilter(
  filtered: Uint8Array,
  stride: number,
  height: number,
  perPixel: number,
): Uint8Array<ArrayBuffer> | null {
  const rows = new Uint8Array(stride * height);
  let above: Uint8Array = new Uint8Array(stride);
  for (let row = 0; row < height; row += 1) {
    const from = row * (stride + 1);
    const line = filtered.subarray(from + 1, from + 1 + stride);
    const into = rows.subarray(row * stride, (row + 1) * stride);
    if (!unfilterRow(filtered[from], line, into, above, perPixel)) return null;
    above = into;
  }
  return rows;
}

/** Straight loops: a beat is ninety stills, and this is where their time goes. */
function unfilterRow(
  filter: number | undefined,
  line: Uint8Array,
  into: Uint8Array,
  above: Uint8Array,
  perPixel: number,
): boolean {
  const { length } = line;
  switch (filter) {
    case 0:
      into.set(line);
      return true;
    case 2:
      for (let at = 0; at < length; at += 1) into[at] = (line[at] as number) + (above[at] as number);
      return true;
    case 1:
    case 3:
    case 4:
      // Each byte of a pixel by itself, so that its neighbours stay in registers: half the time of reading them back.
      for (let first = 0; first < perPixel; first += 1) BY_LEFT[filter](line, into, above, first, perPixel);
      return true;
    default:
      return false;
  }
}

type ByLeft = (line: Uint8Array, into: Uint8Array, above: Uint8Array, first: number, step: number) => void;

/** Filters that use what is left of a pixel; left of the row's first one is 0 by the standard. */
const BY_LEFT: Readonly<Record<1 | 3 | 4, ByLeft>> = {
  1: (line, into, _above, first, step) => {
    let left = 0;
    for (let at = first; at < line.length; at += step) {
      left = ((line[at] as number) + left) & 255;
      into[at] = left;
    }
  },
  3: (line, into, above, first, step) => {
    let left = 0;
    for (let at = first; at < line.length; at += step) {
      left = ((line[at] as number) + ((left + (above[at] as number)) >> 1)) & 255;
      into[at] = left;
    }
  },
  4: (line, into, above, first, step) => {
    let left = 0;
    let upLeft = 0;
    for (let at = first; at < line.length; at += step) {
      const up = above[at] as number;
      left = ((line[at] as number) + paeth(left, up, upLeft)) & 255;
      into[at] = left;
      upLeft = up;
    }
  },
};

function paeth(left: number, up: number, upLeft: number): number {
  const byUp = up - upLeft;
  const byLeft = left - upLeft;
  const [a, b, c] = [Math.abs(byUp), Math.abs(byLeft), Math.abs(byUp + byLeft)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : upLeft;
}
