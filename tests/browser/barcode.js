// Reads the capture barcode out of painted frames: 48 blocks of 16x16 px on the top row, 24 bits of capture time in
// units of 0.1 ms, 16 bits of frame number, 8 check bits. Injected into every page.
//
// Owns: decoding one picture into {t, n}. It does not look at the page; witness.js decides what to read and when.
// Invariant: a damaged or absent barcode gives null, never a wrong number that passes its check bits by luck alone:
// every block must also be clearly black or clearly white.

"use strict";
window.hibikiBarcode = (() => {
  const BLOCKS = 48;
  const BLOCK_PX = 16;
  const TIME_BITS = 24;
  const FRAME_BITS = 16;
  /** Luma below and above which a block counts as black or white; between them it is damaged. */
  const BLACK_BELOW = 100;
  const WHITE_ABOVE = 155;
  const TIME_WRAP = 2 ** TIME_BITS;

  const canvas = new OffscreenCanvas(BLOCKS * BLOCK_PX, BLOCK_PX);
  const context = canvas.getContext("2d", { willReadFrequently: true });

  /** `lumaAt` gives the brightness in the middle of a block, 0 to 255, or nothing outside of the picture. */
  function decode(lumaAt) {
    let t = 0;
    let n = 0;
    let check = 0;
    for (let block = 0; block < BLOCKS; block++) {
      const luma = lumaAt(block);
      if (luma === undefined || (luma > BLACK_BELOW && luma < WHITE_ABOVE)) return null;
      const bit = luma >= WHITE_ABOVE ? 1 : 0;
      if (block < TIME_BITS) t = t * 2 + bit;
      else if (block < TIME_BITS + FRAME_BITS) n = n * 2 + bit;
      else check = check * 2 + bit;
    }
    const expected = ((t >> 16) ^ (t >> 8) ^ t ^ n ^ (n >> 8)) & 255;
    // All black decodes to zeros with a right check sum: that is a black picture, not a frame.
    return check === expected && (t !== 0 || n !== 0) ? { t, n } : null;
  }

  function decodeRow(pixels, width, pitch, y) {
    return decode((block) => {
      const x = Math.floor((block + 0.5) * pitch);
      return x < width ? pixels[(y * width + x) * 4 + 1] : undefined;
    });
  }

  /** Black and white in the luma plane of a video (ITU-R BT.601, 8 bit). */
  const [VIDEO_BLACK, VIDEO_WHITE] = [16, 235];
  /** What a weak link makes of a picture, and the low layer. */
  const SMALLER = [0.75, 0.5];
  const LATELY_MS = 10_000;
  /** Forms whose first plane is luma. */
  const LUMA_FIRST = new Set(["I420", "I420A", "I422", "I444", "NV12"]);

  return {
    /**
     * Decodes the frame that a video shows now, when that is cheap: it is kept at once, and its luma is read soon after without
     * turning a whole picture into colours: for every frame of every page, that was a tenth of a core.
     */
    async readFrame(video) {
      const shownAt = performance.timeOrigin + performance.now();
      const frame = new VideoFrame(video);
      try {
        if (!LUMA_FIRST.has(frame.format)) return this.read(frame);
        const rect = { x: 0, y: 0, width: Math.min(BLOCKS * BLOCK_PX, frame.codedWidth & ~1), height: BLOCK_PX };
        const bytes = new Uint8Array(frame.allocationSize({ rect }));
        const [luma] = await frame.copyTo(bytes, { rect });
        const at = (px) =>
          decode((block) => {
            if ((block + 1) * px > rect.width) return undefined;
            const luminance = bytes[luma.offset + (px / 2) * luma.stride + (block + 0.5) * px];
            return ((luminance - VIDEO_BLACK) * 255) / (VIDEO_WHITE - VIDEO_BLACK);
          });
        const whole = at(BLOCK_PX);
        if (whole) return whole;
        // Blocks of another size may pass the check bits by luck; that they were captured just now as well is no luck.
        const smaller = SMALLER.map((scale) => at(BLOCK_PX * scale));
        return smaller.find((read) => read && Math.abs(this.ageMs(read.t, shownAt)) < LATELY_MS) ?? null;
      } finally {
        frame.close();
      }
    },
    /** Decodes a video (or bitmap) at its own size. */
    read(source) {
      const [w, h] = [BLOCKS * BLOCK_PX, BLOCK_PX];
      context.drawImage(source, 0, 0, w, h, 0, 0, w, h);
      return decodeRow(context.getImageData(0, 0, w, h).data, w, BLOCK_PX, BLOCK_PX / 2);
    },
    /** Decodes a canvas that shows a picture of `trueWidth` px scaled into `rect` (canvas pixels). */
    readScaled(source, rect, trueWidth) {
      const scale = rect.width / trueWidth;
      const w = Math.ceil(BLOCKS * BLOCK_PX * scale);
      const y = Math.floor(rect.y + (BLOCK_PX / 2) * scale);
      const row = new OffscreenCanvas(w, 1).getContext("2d", { willReadFrequently: true });
      row.drawImage(source, rect.x, y, w, 1, 0, 0, w, 1);
      return decodeRow(row.getImageData(0, 0, w, 1).data, w, BLOCK_PX * scale, 0);
    },
    /** How long ago `t` was, in milliseconds, at wall time `wallMs`. */
    ageMs(t, wallMs) {
      let d = (Math.floor(wallMs * 10) % TIME_WRAP) - t;
      if (d < -TIME_WRAP / 2) d += TIME_WRAP;
      return d / 10;
    },
  };
})();
