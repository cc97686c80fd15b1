// The pad: what is drawn on it with mouse, finger or pen.

import { paint } from "./strokes.js";

export class Pad {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => number} penWidth to the pad's height
   * @param {() => void} changed is called after every change
   */
  constructor(canvas, penWidth, changed) {
    this.canvas = canvas;
    this.penWidth = penWidth;
    this.changed = changed;
    this.strokes = []; // in units of the pad's height, so that they stay where they are if it grows
    this.undone = [];
    this.pointer = null; // the one that draws; a second finger draws nothing
    canvas.addEventListener("pointerdown", (event) => this.start(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    ["pointerup", "pointercancel"].forEach((name) =>
      canvas.addEventListener(name, (event) => this.end(event)),
    );
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  start(event) {
    if (this.pointer !== null || event.button > 0) return;
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push({ width: this.penWidth(), points: [this.place(event)] });
    this.undone = [];
    this.update();
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    // A fast pen sends several places at once.
    const events = event.getCoalescedEvents?.() ?? [];
    const { points } = this.strokes.at(-1);
    (events.length ? events : [event]).forEach((each) => points.push(this.place(each)));
    this.update();
  }

  end(event) {
    if (event.pointerId === this.pointer) this.pointer = null;
  }

  place({ clientX, clientY }) {
    const { left, top, height } = this.canvas.getBoundingClientRect();
    return [(clientX - left) / height, (clientY - top) / height];
  }

  undo() {
    if (!this.strokes.length) return;
    this.pointer = null; // ends a stroke that is being drawn
    this.undone.push(this.strokes.pop());
    this.update();
  }

  redo() {
    if (!this.undone.length) return;
    this.pointer = null;
    this.strokes.push(this.undone.pop());
    this.update();
  }

  clear() {
    this.empty();
    this.changed();
  }

  /** As clear, but nobody is told. */
  empty() {
    this.pointer = null;
    this.strokes = [];
    this.undone = [];
    this.redraw();
  }

  update() {
    this.redraw();
    this.changed();
  }

  /** Draws all strokes anew, with as many pixels as the screen has. */
  redraw() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const pixels = window.devicePixelRatio;
    this.canvas.width = Math.round(width * pixels);
    this.canvas.height = Math.round(height * pixels);
    const context = this.canvas.getContext("2d");
    context.scale(height * pixels, height * pixels);
    context.strokeStyle = getComputedStyle(this.canvas).color;
    paint(context, this.strokes);
  }
}
