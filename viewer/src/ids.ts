// Makes ids for what this page makes: marks and freezes, and those that follow from bytes.
//
// A lower-case version 4 UUID (wire `ids.rs`). `crypto.randomUUID` exists only in secure contexts, and a clinic box may
// be tried over plain HTTP on loopback from an odd host name; `getRandomValues` is everywhere.

export function newId<T extends string>(): T {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // RFC 9562 §5.4: version 4, variant 10.
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return written<T>(bytes);
}

/** The id that follows from a digest: its first 16 bytes, as the relay and the agent make it (RFC 9562 §5.8). */
export function idOfDigest<T extends string>(digest: Uint8Array): T {
  const bytes = digest.slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return written<T>(bytes);
}

function written<T extends string>(bytes: Uint8Array): T {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
    "-",
  ) as T;
}
