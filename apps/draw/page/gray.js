// Colors → gray levels, as nn/pictures/gray.py converts them.

/**
 * Luma, as Pillow's mode L. A transparent picture is put on white if its ink is dark on average, on
 * black if it is light.
 * @param {ImageData} image
 * @returns {{levels: Uint8Array, width: number, height: number}} rows from top to bottom
 */
export function toGray({ data, width, height }) {
  const levels = new Uint8Array(width * height);
  let ink = 0;
  let opaque = 0;
  for (let pixel = 0, at = 0; pixel < levels.length; pixel += 1, at += 4) {
    // The integers of ITU-R 601-2: 0.299, 0.587 and 0.114 of 65,536.
    const luma = (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 32768) >> 16;
    levels[pixel] = luma;
    ink += luma * data[at + 3];
    opaque += data[at + 3];
  }
  if (opaque < 255 * levels.length) {
    const paper = 2 * ink < 255 * opaque ? 255 : 0;
    for (let pixel = 0, at = 3; pixel < levels.length; pixel += 1, at += 4) {
      const opacity = data[at] / 255;
      levels[pixel] = Math.round(levels[pixel] * opacity + paper * (1 - opacity));
    }
  }
  return { levels, width, height };
}
