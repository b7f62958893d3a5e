// Where files that are not sent yet survive a reload: IndexedDB.
//
// Owns the database. A browser that has none, or no room (private windows), keeps nothing; whoever asks is told, because then
// the page must not be closed. Called by `bringing.ts`. Invariant: `put` gives the copy only when the browser called it durable.

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { ClipId, ConsultId } from "../wire/ids";

export type KeptFile = {
  readonly key: string;
  readonly consult: ConsultId;
  readonly clip: ClipId;
  readonly digest: string;
  readonly name: string;
  readonly written: number;
  /** When it was put here. */
  readonly at: number;
  readonly blob: Blob;
};

export type Keeping = {
  /** Those of a consult, in the order in which they were put. */
  of(consult: ConsultId): Promise<KeptFile[]>;
  /** Gives the copy, which is there when the card is not; nothing where it cannot be kept. */
  put(file: KeptFile): Promise<Blob | null>;
  remove(key: string): Promise<void>;
};

interface Schema extends DBSchema {
  files: { key: string; value: KeptFile };
}

const DATABASE = "hibiki-files";
const STORE = "files";
const VERSION = 1;
/** The relay forgets half a file after as long; the person still has the file itself. */
const FORGOTTEN_MS = 14 * 24 * 3_600_000;

export class IndexedKeeping implements Keeping {
  readonly #database: Promise<IDBPDatabase<Schema> | null>;

  constructor() {
    this.#database = openDB<Schema>(DATABASE, VERSION, {
      upgrade: (database) => {
        database.createObjectStore(STORE, { keyPath: "key" });
      },
    }).catch(() => null);
  }

  async of(consult: ConsultId): Promise<KeptFile[]> {
    const database = await this.#database;
    const all = (await database?.getAll(STORE).catch(() => [])) ?? [];
    const oldest = Date.now() - FORGOTTEN_MS;
    for (const { key, at } of all) if (at < oldest) await this.remove(key);
    return all
      .filter((file) => file.consult === consult && file.at >= oldest)
      .sort((one, other) => one.at - other.at);
  }

  async put(file: KeptFile): Promise<Blob | null> {
    const database = await this.#database;
    if (database === null) return null;
    try {
      // Else the browser may clear it when its disk fills. Its answer changes nothing here.
      void navigator.storage?.persist?.();
      const change = database.transaction(STORE, "readwrite", { durability: "strict" });
      await change.store.put(file);
      await change.done;
      return (await database.get(STORE, file.key))?.blob ?? null;
    } catch {
      return null;
    }
  }

  async remove(key: string): Promise<void> {
    const database = await this.#database;
    await database?.delete(STORE, key).catch(() => undefined);
  }
}
