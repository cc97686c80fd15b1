// Pillow's bilinear shrinking, bit for bit. A browser's own is another filter, and the model was not
// trained on it. https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c

const PRECISION_BITS = 22; // weights are whole numbers of 1 / 2^22

/**
 * Puts a gray picture in the middle of a square of zeros, shrunk where it is larger, as
 * nn/pictures/canvas.py places it.
 * @param {{levels: Uint8Array, width: number, height: number}} gray
 * @param {number} side of the square, in pixels
 * @returns {{pixels: Uint8Array, size: Int32Array}} size: height and width on the square, and the
 *   shorter side of the picture itself
 */
export function place(gray, side) {
  const factor = Math.min(1, side / Math.max(gray.width, gray.height));
  const width = Math.max(1, roundHalfToEven(gray.width * factor));
  const height = Math.max(1, roundHalfToEven(gray.height * factor));
  const { levels } = shrink(gray, width, height);
  const pixels = new Uint8Array(side * side);
  const top = Math.floor((side - height) / 2);
  const left = Math.floor((side - width) / 2);
  for (let row = 0; row < height; row += 1) {
    pixels.set(levels.subarray(row * width, (row + 1) * width), (top + row) * side + left);
  }
  return { pixels, size: Int32Array.of(height, width, Math.min(gray.width, gray.height)) };
}

/** A gray picture in another size: first its rows become shorter, then there are fewer. */
export function shrink({ levels, width, height }, newWidth, newHeight) {
  const narrow = newWidth === width ? levels : along(levels, width, height, newWidth);
  const turned = transpose(narrow, newWidth, height);
  const low = newHeight === height ? turned : along(turned, height, newWidth, newHeight);
  return { levels: transpose(low, newHeight, newWidth), width: newWidth, height: newHeight };
}

/** Resamples each row of `length` levels to `newLength`. */
function along(levels, length, rows, newLength) {
  const found = new Uint8Array(rows * newLength);
  filters(length, newLength).forEach(({ start, weights }, place) => {
    for (let row = 0; row < rows; row += 1) {
      let sum = 2 ** (PRECISION_BITS - 1);
      const first = row * length + start;
      for (let at = 0; at < weights.length; at += 1) sum += levels[first + at] * weights[at];
      found[row * newLength + place] = Math.min(255, Math.floor(sum / 2 ** PRECISION_BITS));
    }
  });
  return found;
}

/** For each new pixel, the first old one that counts, and the weights of it and of those behind. */
function filters(length, newLength) {
  const scale = length / newLength;
  const support = Math.max(scale, 1);
  return Array.from({ length: newLength }, (_, place) => {
    const center = (place + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const stop = Math.min(length, Math.trunc(center + support + 0.5));
    const triangle = Array.from({ length: stop - start }, (__, at) =>
      Math.max(0, 1 - Math.abs((at + start - center + 0.5) * (1 / support))),
    );
    const total = triangle.reduce((sum, weight) => sum + weight, 0);
    const weights = triangle.map((weight) => Math.trunc(0.5 + (weight / total) * 2 ** PRECISION_BITS));
    return { start, weights };
  });
}

function transpose(levels, width, height) {
  const turned = new Uint8Array(levels.length);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      turned[column * height + row] = levels[row * width + column];
    }
  }
  return turned;
}

/** As Python's round: 2.5 becomes 2. */
function roundHalfToEven(value) {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 ? down + 1 : down;
}
