// What a page really did, seen from outside the viewer's own code: frames painted, messages on the consult socket,
// pen events, ink on the glass. Injected into every page before its own scripts.
//
// Owns: bounded records with wall-clock times (performance.timeOrigin + now: one host clock for all pages). It never
// changes what the viewer does; it wraps WebSocket, requestVideoFrameCallback and writing on a canvas, and passes everything through.
// Callers: tests/src/person/ and tests/bench. Invariant: nothing here depends on the viewer's internals, only on the DOM.

"use strict";
window.hibikiWitness = (() => {
  /** Two minutes at 60 fps: the longest span that the bench measures at a time. */
  const MAX_FRAMES = 8_000;
  const MAX_MESSAGES = 4_000;
  const MAX_PEN_EVENTS = 400;
  /** Words on one canvas between two drawings of it. */
  const MAX_WORDS = 200;

  const wall = () => performance.timeOrigin + performance.now();
  const frames = [];
  const messages = [];
  const pen = [];
  /** Marks in force by id, folded from what came over the socket. */
  const marks = new Map();
  /** What the frame around the picture said, and when. */
  const sceneries = [];
  const counts = { painted: 0, unread: 0, sockets: 0, presence: 0 };
  const state = {
    firstFrameAt: null,
    last: null,
    video: null,
    awaited: new Map(),
    freeze: null,
    seq: null,
    open: false,
    stream: null,
  };

  const push = (list, max, item) => {
    list.push(item);
    if (list.length > max) list.shift();
  };

  // ── frames ──
  const watched = new WeakSet();
  const nativeCallback = HTMLVideoElement.prototype.requestVideoFrameCallback;
  function watch(video) {
    if (watched.has(video)) return;
    watched.add(video);
    state.video = video;
    const onFrame = (_now, meta) => {
      const at = wall();
      counts.painted += 1;
      state.video = video;
      state.firstFrameAt ??= at;
      const seen = {
        at,
        rtp: meta.rtpTimestamp ?? null,
        n: null,
        t: null,
        ageMs: null,
        width: meta.width,
        height: meta.height,
      };
      state.last = seen;
      push(frames, MAX_FRAMES, seen);
      nativeCallback.call(video, onFrame);
      hibikiBarcode.readFrame(video).then(
        (read) => {
          if (read) Object.assign(seen, read, { ageMs: hibikiBarcode.ageMs(read.t, at) });
          else counts.unread += 1;
        },
        () => {
          counts.unread += 1;
        },
      );
    };
    nativeCallback.call(video, onFrame);
  }
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    watch(this);
    return nativeCallback.call(this, callback);
  };
  new MutationObserver(() => {
    for (const video of document.querySelectorAll("video")) watch(video);
  }).observe(document, { childList: true, subtree: true });
  new MutationObserver((changes) => {
    for (const { target } of changes)
      push(sceneries, MAX_MESSAGES, { at: wall(), scenery: target.dataset.scenery ?? "" });
  }).observe(document, { attributes: true, attributeFilter: ["data-scenery"], subtree: true });

  // ── consult socket ──
  const PRESENCE = new Set(["pointers", "sketches", "stamp", "flow", "pong", "ping", "point", "sketch"]);
  function note(dir, data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (PRESENCE.has(message.type)) {
      counts.presence += 1;
      state[`${dir}:${message.type}`] = { at: wall(), message };
      return;
    }
    const at = wall();
    push(messages, MAX_MESSAGES, { dir, at, message });
    if (dir === "in" && message.type === "snapshot") {
      marks.clear();
      for (const held of message.state.marks) marks.set(held.mark.id, held.mark);
      state.freeze = message.state.freeze;
      state.stream = message.state.streams.at(-1)?.stream ?? null;
      state.seq = message.seq;
    }
    if (dir === "in" && message.type === "entries") for (const entry of message.entries) take(entry, at);
  }
  /** One entry of the log, as a reader of the protocol and not of the viewer understands it. */
  function take({ seq, event }, at) {
    if (state.seq !== null && seq <= state.seq) return;
    state.seq = seq;
    if (event.type === "marked") {
      if (event.mark.replaces) marks.delete(event.mark.replaces);
      marks.set(event.mark.id, event.mark);
      awaitInk(event.mark, at);
    } else if (event.type === "withdrawn") marks.delete(event.mark);
    else if (event.type === "frozen") state.freeze = { freeze: event.freeze, anchor: event.anchor };
    else if (event.type === "stepped") state.freeze = { ...state.freeze, anchor: event.anchor };
    else if (event.type === "released") state.freeze = null;
    else if (event.type === "streamStarted") state.stream = event.stream;
  }
  const NativeSocket = window.WebSocket;
  window.WebSocket = class extends NativeSocket {
    constructor(...args) {
      super(...args);
      counts.sockets += 1;
      this.addEventListener("open", () => {
        state.open = true;
      });
      this.addEventListener("message", (e) => note("in", e.data));
      this.addEventListener("close", (e) => {
        state.open = false;
        push(messages, MAX_MESSAGES, { dir: "close", at: wall(), message: { type: "close", code: e.code } });
      });
    }
    send(data) {
      note("out", data);
      super.send(data);
    }
  };

  // ── what the media session agreed on ──
  const answers = [];
  const nativeAnswer = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    push(answers, 20, description?.sdp ?? "");
    return nativeAnswer.call(this, description);
  };

  // ── pen ──
  const onPen = (e) => {
    const inPicture = state.video !== null;
    push(pen, MAX_PEN_EVENTS, {
      type: e.type,
      at: wall(),
      x: e.clientX,
      y: e.clientY,
      frame: state.last,
      glass: e.type === "pointerdown" && inPicture ? hibikiBarcode.read(state.video) : null,
    });
  };
  for (const type of ["pointerdown", "pointerup"]) window.addEventListener(type, onPen, { capture: true });

  // ── ink ──
  /** Where the picture itself lies on the page: the element's box without the letterbox. */
  function pictureRect() {
    const video = state.video;
    if (!video) return null;
    const box = video.getBoundingClientRect();
    if (box.width === 0 || video.videoWidth === 0) return null;
    const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight);
    const [width, height] = [video.videoWidth * scale, video.videoHeight * scale];
    return { x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height };
  }
  /** The ink around a place of the picture (fractions), so many pixels to each side: red, green, blue, alpha of each canvas. */
  function inkAround(fx, fy, reach) {
    const picture = pictureRect();
    if (!picture) return [];
    const [px, py] = [picture.x + fx * picture.width, picture.y + fy * picture.height];
    const found = [];
    for (const canvas of document.querySelectorAll("canvas")) {
      const box = canvas.getBoundingClientRect();
      if (px < box.left || px > box.right || py < box.top || py > box.bottom || canvas.width === 0) continue;
      const context = canvas.getContext("2d");
      // A canvas that cannot be seen through is a picture, not ink.
      if (!context?.getContextAttributes().alpha) continue;
      const [cx, cy] = [
        ((px - box.left) * canvas.width) / box.width,
        ((py - box.top) * canvas.height) / box.height,
      ];
      const [left, top] = [Math.max(0, Math.floor(cx) - reach), Math.max(0, Math.floor(cy) - reach)];
      found.push(context.getImageData(left, top, 2 * reach + 1, 2 * reach + 1).data);
    }
    return found;
  }
  /** Whether any canvas shows something near a place of the picture (fractions). */
  function inked(fx, fy) {
    for (const near of inkAround(fx, fy, 3)) {
      for (let i = 3; i < near.length; i += 4) if (near[i] > 64) return true;
    }
    return false;
  }
  /** Whether there is ink of a colour there; dashes leave gaps, so it is looked for in a wider place. */
  function inkedIn(fx, fy, colour) {
    for (const near of inkAround(fx, fy, 12)) {
      for (let i = 0; i < near.length; i += 4) {
        if (near[i + 3] > 200 && colour.every((level, c) => Math.abs(near[i + c] - level) < 16)) return true;
      }
    }
    return false;
  }
  /** Lengths of the pieces that a line of this colour consists of, in pixels, along a level line between two places. */
  function piecesOf(fromX, toX, fy, colour) {
    const picture = pictureRect();
    if (!picture) return [];
    const pieces = [];
    let length = 0;
    const end = () => {
      if (length > 0) pieces.push(length);
      length = 0;
    };
    const step = 1 / picture.width;
    for (let fx = fromX; fx <= toX; fx += step) {
      const lit = inkAround(fx, fy, 1).some((near) => {
        // The middle column: the line is a little higher or lower than the place.
        for (const i of [4, 16, 28]) {
          if (near[i + 3] > 200 && colour.every((level, c) => Math.abs(near[i + c] - level) < 60)) return true;
        }
        return false;
      });
      if (lit) length += 1;
      else end();
    }
    end();
    return pieces;
  }
  /** What was written on each canvas since it was wiped last: words, and where their left end is on the page. */
  const written = new WeakMap();
  const glass = CanvasRenderingContext2D.prototype;
  const { clearRect, fillText } = glass;
  glass.clearRect = function wipe(...box) {
    written.delete(this.canvas);
    return clearRect.apply(this, box);
  };
  glass.fillText = function write(words, x, y, ...rest) {
    const at = this.getTransform().transformPoint(new DOMPoint(x, y));
    const sofar = written.get(this.canvas) ?? [];
    if (sofar.length < MAX_WORDS) sofar.push({ words, x: at.x, y: at.y });
    written.set(this.canvas, sofar);
    return fillText.call(this, words, x, y, ...rest);
  };
  /** Whether these words stand on the glass beside a place of the picture. */
  function reads(words, fx, fy, reach) {
    const picture = pictureRect();
    if (!picture) return false;
    for (const canvas of document.querySelectorAll("canvas")) {
      const box = canvas.getBoundingClientRect();
      const here = (written.get(canvas) ?? []).some((it) => {
        const x = box.left + (it.x * box.width) / canvas.width - picture.x - fx * picture.width;
        const y = box.top + (it.y * box.height) / canvas.height - picture.y - fy * picture.height;
        return it.words === words && Math.hypot(x, y) < reach;
      });
      if (here && canvas.style.opacity !== "0") return true;
    }
    return false;
  }
  function somePoint(shape) {
    if (shape.points) return shape.points[shape.points.length - 1];
    return shape.type === "arrow" ? shape.to : shape.at;
  }
  /** After an entry came in: notes when its ink is on the glass (first frame after whose drawing the pixels are set). */
  function awaitInk(mark, arrivedAt) {
    const record = { arrivedAt, paintedAt: null };
    state.awaited.set(mark.id, record);
    const point = somePoint(mark.shape);
    let left = 300;
    const look = () => {
      const { port1, port2 } = new MessageChannel();
      // A message posted from an animation frame is delivered after all of that frame's callbacks have drawn.
      port1.onmessage = () => {
        port1.close();
        if (inked(point.x, point.y)) record.paintedAt = wall();
        else if (left-- > 0) requestAnimationFrame(look);
      };
      port2.postMessage(0);
    };
    requestAnimationFrame(look);
  }

  // ── what is on the glass ──
  /** The barcode of the frozen picture, from the canvas that covers the video; null when nothing covers it. */
  function coverBarcode() {
    const video = state.video;
    if (!video) return null;
    for (const canvas of document.querySelectorAll("canvas")) {
      const box = canvas.getBoundingClientRect();
      // The stage's canvas is transparent where nothing is drawn and so never reads as a barcode.
      if (box.width === 0 || canvas.width < 300) continue;
      const read = hibikiBarcode.readScaled(canvas, { x: 0, y: 0, width: canvas.width }, canvas.width);
      if (read) return read;
    }
    return null;
  }
  /** Cells of a rough look, across and down. */
  const [CELLS_X, CELLS_Y] = [16, 12];
  /** A rough look at the running picture: mean red, green and blue of each cell, exact over all its pixels. */
  function look() {
    const video = state.video;
    if (!video || video.readyState < 2 || video.videoWidth === 0) return null;
    const [w, h] = [video.videoWidth, video.videoHeight];
    const whole = new OffscreenCanvas(w, h).getContext("2d", { willReadFrequently: true });
    whole.drawImage(video, 0, 0);
    const data = whole.getImageData(0, 0, w, h).data;
    const edge = (n, cells, size) => Math.floor((n * size) / cells);
    const cells = [];
    for (let cy = 0; cy < CELLS_Y; cy++) {
      for (let cx = 0; cx < CELLS_X; cx++) {
        const sum = [0, 0, 0];
        const [x0, x1, y0, y1] = [
          edge(cx, CELLS_X, w),
          edge(cx + 1, CELLS_X, w),
          edge(cy, CELLS_Y, h),
          edge(cy + 1, CELLS_Y, h),
        ];
        for (let y = y0; y < y1; y++) {
          for (let x = x0; x < x1; x++) {
            const at = (y * w + x) * 4;
            for (let c = 0; c < 3; c++) sum[c] += data[at + c];
          }
        }
        const pixels = Math.max(1, (x1 - x0) * (y1 - y0));
        cells.push(sum.map((one) => Math.round(one / pixels)));
      }
    }
    return cells;
  }

  return {
    frames,
    sceneries,
    messages,
    answers,
    pen,
    marks,
    counts,
    state,
    wall,
    pictureRect,
    inked,
    inkedIn,
    piecesOf,
    reads,
    coverBarcode,
    look,
  };
})();
