// Files that a person drops on a page, also whole folders of them, as a handheld's card is one.
//
// Owns reading a drop and keeping the browser from opening a file that misses its place. No component, no network. Called by the
// device page and the bedside page. Bounded: a dropped disk is not walked through.

/** Folders in folders: DICOM media have three (PS3.10 section 8.6). */
const MAX_DEPTH = 8;
/** Files of one drop. */
const MAX_FILES = 1_000;

/** Gives what is dropped anywhere on the page; the way back is the returned function. */
export function listenToDrops(take: (files: File[]) => void, over: (isOver: boolean) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  addEventListener(
    "dragover",
    (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      over(true);
    },
    { signal },
  );
  // Leaving the window has nothing that is entered.
  addEventListener("dragleave", (event) => event.relatedTarget === null && over(false), { signal });
  addEventListener(
    "drop",
    (event) => {
      if (!holdsFiles(event) || event.dataTransfer === null) return;
      event.preventDefault();
      over(false);
      void filesOf(event.dataTransfer).then(take);
    },
    { signal },
  );
  return () => stop.abort();
}

/** All files of a drop, those in folders too. The entries have to be taken at once: the drop is over then. */
export async function filesOf(drop: Pick<DataTransfer, "items" | "files">): Promise<File[]> {
  const entries = [...drop.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...drop.files];
  if (entries.every((entry) => entry === null || entry.isFile)) return plain.filter(isShown);
  const found: File[] = [];
  for (const entry of entries) if (entry !== null) await walk(entry, 0, found);
  return found.filter(isShown);
}

/** What begins with a dot is the system's own, such as the shadows that macOS writes beside each file on a card. */
function isShown({ name }: { readonly name: string }): boolean {
  return !name.startsWith(".");
}

async function walk(entry: FileSystemEntry, depth: number, found: File[]): Promise<void> {
  if (found.length >= MAX_FILES) return;
  if (entry.isFile) {
    const file = new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    // One that cannot be read is no file by now.
    await file.then(
      (one) => void found.push(one),
      () => undefined,
    );
    return;
  }
  if (!entry.isDirectory || depth >= MAX_DEPTH) return;
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A folder gives some hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((done) => reader.readEntries(done, () => done([])));
    if (some.length === 0 || found.length >= MAX_FILES) return;
    for (const one of some) await walk(one, depth + 1, found);
  }
}
