// Where the outbox survives a reload: IndexedDB.
//
// Owns the database and falls back to nothing when the browser has none (private windows): the outbox then lives as
// long as the page. Called by `outbox.ts` only.
// Invariant: a broken database never stops anybody from drawing; it only costs the safety of a reload.

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { OutItem } from "./outbox";

export type OutboxDisk = {
  all(): Promise<OutItem[]>;
  put(item: OutItem): Promise<void>;
  remove(key: string): Promise<void>;
};

interface Schema extends DBSchema {
  outbox: { key: string; value: OutItem };
}

const DATABASE = "hibiki";
const STORE = "outbox";
const VERSION = 1;

export class IndexedDisk implements OutboxDisk {
  readonly #database: Promise<IDBPDatabase<Schema> | null>;

  constructor() {
    this.#database = openDB<Schema>(DATABASE, VERSION, {
      upgrade: (database) => {
        database.createObjectStore(STORE, { keyPath: "key" });
      },
    }).catch(() => null);
  }

  async all(): Promise<OutItem[]> {
    const database = await this.#database;
    return (await database?.getAll(STORE).catch(() => [])) ?? [];
  }

  async put(item: OutItem): Promise<void> {
    const database = await this.#database;
    await database?.put(STORE, item).catch(() => undefined);
  }

  async remove(key: string): Promise<void> {
    const database = await this.#database;
    await database?.delete(STORE, key).catch(() => undefined);
  }
}
