// The SHA-256 of a file, read piece by piece: no browser's own hash does without the whole file in memory.

import { sha256 } from "@noble/hashes/sha2.js";
import { idOfDigest } from "../ids";
import type { ClipId } from "../wire/ids";

/** What names a file: its clip follows from its digest. */
export type Sum = { readonly clip: ClipId; readonly digest: string };

/** Reads it whole; fails when it cannot be read any more, for example because its card was pulled out. */
export async function sumOf(file: Blob): Promise<Sum> {
  const hash = sha256.create();
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    hash.update(value);
  }
  const digest = hash.digest();
  return { clip: idOfDigest<ClipId>(digest), digest: btoa(String.fromCharCode(...digest)) };
}
