// What was drawn: strokes, the digits that they form, and each digit as a gray picture.

import { toGray } from "./gray.js";

// Two strokes form one digit if their horizontal extents overlap by more than this share of the
// narrower one.
const MIN_OVERLAP = 0.25;
const PICTURE = 256; // pixels a side of the picture of a digit
const MARGIN = 0.25; // to the digit's longer side, of paper around it

/**
 * @typedef {object} Stroke
 * @property {number} width of the pen
 * @property {[number, number][]} points x and y, in the units of the width
 */

/** The strokes of each digit, from left to right. @param {Stroke[]} strokes */
export function digitsOf(strokes) {
  const groups = strokes.map((stroke) => ({ strokes: [stroke], ...extent(stroke) }));
  groups.sort((one, other) => one.left - other.left);
  for (let at = 0; at + 1 < groups.length; ) {
    const pair = touchingPair(groups, at);
    if (pair === null) {
      at += 1;
    } else {
      const [other] = groups.splice(pair, 1);
      groups[at] = {
        strokes: [...groups[at].strokes, ...other.strokes],
        left: Math.min(groups[at].left, other.left),
        right: Math.max(groups[at].right, other.right),
      };
      at = 0;
    }
  }
  return groups.map((group) => group.strokes);
}

/** The place of a group behind `at` that forms one digit with it; null if there is none. */
function touchingPair(groups, at) {
  const one = groups[at];
  for (let place = at + 1; place < groups.length; place += 1) {
    const other = groups[place];
    const overlap = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const narrower = Math.min(one.right - one.left, other.right - other.left);
    if (overlap > MIN_OVERLAP * narrower) return place;
  }
  return null;
}

/** Where a stroke begins and ends from left to right, the pen's width included. */
function extent({ points, width }) {
  const xs = points.map(([x]) => x);
  return { left: Math.min(...xs) - width / 2, right: Math.max(...xs) + width / 2 };
}

/** Draws strokes in the context's own color. */
export function paint(context, strokes) {
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const { points, width } of strokes) {
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(...points[0]);
    points.slice(1).forEach((point) => context.lineTo(...point));
    if (points.length === 1) context.lineTo(...points[0]); // a dot
    context.stroke();
  }
}

/** The strokes of a digit as a gray picture, dark on light, with paper around them. */
export function pictureOf(strokes) {
  const points = strokes.flatMap((stroke) => stroke.points);
  const pen = Math.max(...strokes.map((stroke) => stroke.width));
  const low = [0, 1].map((axis) => Math.min(...points.map((point) => point[axis])) - pen / 2);
  const high = [0, 1].map((axis) => Math.max(...points.map((point) => point[axis])) + pen / 2);
  const longer = Math.max(high[0] - low[0], high[1] - low[1]);
  const side = longer * (1 + 2 * MARGIN);
  const canvas = new OffscreenCanvas(PICTURE, PICTURE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, PICTURE, PICTURE);
  context.scale(PICTURE / side, PICTURE / side);
  context.translate((side - low[0] - high[0]) / 2, (side - low[1] - high[1]) / 2);
  context.strokeStyle = "#000";
  paint(context, strokes);
  return toGray(context.getImageData(0, 0, PICTURE, PICTURE));
}
