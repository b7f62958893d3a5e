import { expect, test } from "vitest";
import { filesOf } from "./dropped";

type Entry = { isFile: boolean; isDirectory: boolean };

const leaf = (name: string) => ({
  isFile: true,
  isDirectory: false,
  file: (done: (file: File) => void) => done(new File([], name)),
});

/** A folder gives what it holds one by one, as browsers give it in pieces. */
const folder = (...inside: Entry[]) => ({
  isFile: false,
  isDirectory: true,
  createReader: () => {
    const left = [...inside];
    return { readEntries: (done: (some: Entry[]) => void) => done(left.splice(0, 1)) };
  },
});

function drop(...entries: Entry[]): Pick<DataTransfer, "items" | "files"> {
  const items = entries.map((entry) => ({ webkitGetAsEntry: () => entry }));
  return { items, files: [] } as unknown as Pick<DataTransfer, "items" | "files">;
}

test("a dropped card gives the files of all its folders but what the system hides there", async () => {
  const card = folder(folder(leaf("1.dcm"), leaf("._1.dcm")), leaf("2.dcm"));
  const files = await filesOf(drop(card, leaf("3.dcm")));
  expect(files.map(({ name }) => name)).toEqual(["1.dcm", "2.dcm", "3.dcm"]);
});

test("a folder without an end is not walked through", async () => {
  const deep: { isFile: boolean; isDirectory: boolean; createReader: () => object } = {
    isFile: false,
    isDirectory: true,
    createReader: () => {
      let given = false;
      return {
        readEntries: (done: (some: Entry[]) => void) => {
          done(given ? [] : [deep, leaf("1.dcm")]);
          given = true;
        },
      };
    },
  };
  expect((await filesOf(drop(deep))).length).toBeLessThan(20);
});
