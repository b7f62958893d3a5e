// The small pictures on buttons: one path each, drawn with the colour of the text around them.
//
// Invariant: an icon never stands without words; it is hidden from assistive technology.

const PATHS = {
  pointer: "M12 3v4M12 17v4M3 12h4M17 12h4M12 12h.01M12 7a5 5 0 1 0 0 10a5 5 0 1 0 0-10",
  pen: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  arrow: "M5 19L19 5M9 5h10v10",
  label: "M5 6h14M12 6v13M9 19h6",
  measure: "M4 15L15 4l5 5L9 20zM8 11l2 2M11 8l2 2M14 5l2 2",
  freeze: "M8 5v14M16 5v14",
  release: "M8 5l11 7l-11 7z",
  stepBack: "M6 5v14M18 5L9 12l9 7z",
  stepOn: "M18 5v14M6 5l9 7l-9 7z",
  beat: "M3 12h4l2-5l4 10l2-5h2M21 8a8 8 0 0 0-4-4M21 4v4h-4",
  save: "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6",
  still: "M4 7h4l2-3h4l2 3h4v13H4zM12 10a3.500 3.500 0 1 0 0 7a3.500 3.500 0 1 0 0-7",
  clips: "M4 6h16v12H4zM8 6v12M16 6v12M4 12h4M16 12h4",
  play: "M8 5l11 7l-11 7z",
  pause: "M8 5v14M16 5v14",
  toStart: "M4 5v14M12 6L6 12l6 6zM20 6l-6 6l6 6z",
  loop: "M17 4l3 3l-3 3M4 12a5 5 0 0 1 5-5h11M7 20l-3-3l3-3M20 12a5 5 0 0 1-5 5H4",
  cutIn: "M10 5H5v14h5M10 12h9M16 9l3 3l-3 3",
  cutOut: "M14 5h5v14h-5M14 12H5M8 9l-3 3l3 3",
  markBack: "M12 7L7 12l5 5M17 6v12M17 9h3",
  markOn: "M12 7l5 5l-5 5M7 6v12M7 9H4",
  download: "M12 4v11M7 11l5 5l5-5M5 20h14",
  mic: "M12 4a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3M6 11v1a6 6 0 0 0 12 0v-1M12 18v3",
  micOff: "M9 9V7a3 3 0 0 1 6 0v4M6 11v1a6 6 0 0 0 10 4.500M12 18v3M4 4l16 16",
  undo: "M8 5L4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3",
  zoomIn: "M12 5v14M5 12h14",
  zoomOut: "M5 12h14",
  whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  help: "M9 9a3 3 0 1 1 4 2.800c-1 .5-1 1.200-1 2.200M12 18h.01",
  close: "M6 6l12 12M18 6L6 18",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
