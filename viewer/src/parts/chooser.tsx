// The button that opens the browser's own chooser of files, and the page as a place to drop them on.

import { useEffect, useRef } from "preact/hooks";
import { listenToDrops } from "../files/dropped";

export function Chooser(props: {
  readonly words: string;
  readonly testid: string;
  readonly onFiles: (files: File[]) => void;
  /** Files are held over the page, or no more. */
  readonly onOver: (over: boolean) => void;
}) {
  const { words, testid, onFiles, onOver } = props;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => listenToDrops(onFiles, onOver), [onFiles, onOver]);
  return (
    <>
      <button type="button" class="button" onClick={() => input.current?.click()}>
        {words}
      </button>
      <input
        ref={input}
        type="file"
        multiple={true}
        hidden={true}
        data-testid={testid}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          // The same file can be chosen again.
          currentTarget.value = "";
        }}
      />
    </>
  );
}
