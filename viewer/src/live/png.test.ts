import { expect, test } from "vitest";
import { decodePng } from "./png";

const GRAY = 0;
const RGB = 2;
type Made = {
  readonly width: number;
  readonly height: number;
  readonly colour: number;
  readonly rows: Uint8Array;
};

function chunk(type: string, data: Uint8Array): Uint8Array {
  const made = new Uint8Array(12 + data.length);
  new DataView(made.buffer).setUint32(0, data.length);
  made.set(new TextEncoder().encode(type), 4);
  made.set(data, 8);
  // The checksum is not looked at: the digest of the rows proves more.
  return made;
}

async function zlib(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** A PNG whose row `n` has filter `n % 5`, so that all five meet each other. */
async function png({ width, height, colour, rows }: Made, cut = 1): Promise<Uint8Array<ArrayBuffer>> {
  const perPixel = colour === RGB ? 3 : 1;
  const stride = width * perPixel;
  const filtered = new Uint8Array((stride + 1) * height);
  const at = (row: number, x: number) => (row < 0 || x < 0 ? 0 : (rows[row * stride + x] ?? 0));
  for (let row = 0; row < height; row += 1) {
    filtered[row * (stride + 1)] = row % 5;
    for (let x = 0; x < stride; x += 1) {
      const [left, up, upLeft] = [at(row, x - perPixel), at(row - 1, x), at(row - 1, x - perPixel)];
      const p = left + up - upLeft;
      const near = [left, up, upLeft].reduce((best, one) =>
        Math.abs(p - one) < Math.abs(p - best) ? one : best,
      );
      const guess = [0, left, up, (left + up) >> 1, near][row % 5] ?? 0;
      filtered[row * (stride + 1) + 1 + x] = at(row, x) - guess;
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, colour, 0, 0, 0], 8);
  const data = await zlib(filtered);
  const size = Math.ceil(data.length / cut);
  const pieces = Array.from({ length: cut }, (_, n) =>
    chunk("IDAT", data.subarray(n * size, (n + 1) * size)),
  );
  const all = [
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    ...pieces,
    chunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(all.flatMap((part) => [...part]));
}

function made(width: number, height: number, colour: number): Made {
  const rows = new Uint8Array(width * height * (colour === RGB ? 3 : 1));
  let seed = 1;
  for (let at = 0; at < rows.length; at += 1) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    rows[at] = (seed >>> 16) % 7 === 0 ? seed >>> 24 : at;
  }
  return { width, height, colour, rows };
}

test.each([
  ["gray", made(37, 23, GRAY), 1],
  ["colour", made(19, 31, RGB), 1],
  ["one pixel", made(1, 1, GRAY), 1],
  ["data in pieces", made(64, 48, RGB), 5],
])("every filter is taken back bit for bit: %s", async (_, picture, cut) => {
  const rows = await decodePng(await png(picture, cut));
  expect(rows?.bytes).toEqual(picture.rows);
  expect([rows?.width, rows?.height]).toEqual([picture.width, picture.height]);
  expect(rows?.form).toBe(picture.colour === RGB ? "rgb8" : "gray8");
});

test("what is no PNG of ours is refused whole", async () => {
  const good = await png(made(16, 16, GRAY));
  const changed = (at: number, to: number) => good.map((byte, n) => (n === at ? to : byte));
  const wrong: Uint8Array<ArrayBuffer>[] = [
    new Uint8Array(),
    good.subarray(0, 60),
    changed(0, 0),
    // More rows than there is data, fewer, 16 bits, a palette, interlaced.
    changed(23, 17),
    changed(23, 15),
    changed(24, 16),
    changed(25, 3),
    changed(28, 1),
    new TextEncoder().encode("<html>") as Uint8Array<ArrayBuffer>,
  ];
  for (const bytes of wrong) expect(await decodePng(bytes)).toBeNull();
});
