// Pictures from files, the clipboard or the camera → gray levels.

import { toGray } from "./gray.js";

const MAX_PIXELS = 24e6; // a larger one is shrunk by the browser's own filter: it would take 200 MB

/**
 * Decodes a picture, upright by its EXIF, without changing its colors for the screen.
 * @param {Blob} blob
 * @returns {Promise<{levels: Uint8Array, width: number, height: number}>}
 */
export async function decode(blob) {
  const options = { imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "none" };
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, options);
  } catch {
    throw new Error("This browser cannot decode that picture. It reads PNG, JPEG, WebP, BMP and GIF.");
  }
  const gray = grayOf(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  return gray;
}

/** The gray levels of a bitmap or a video. */
export function grayOf(source, width, height) {
  const factor = Math.min(1, Math.sqrt(MAX_PIXELS / (width * height)));
  const canvas = new OffscreenCanvas(Math.round(width * factor), Math.round(height * factor));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return toGray(context.getImageData(0, 0, canvas.width, canvas.height));
}

/** Draws levels as a gray picture on a canvas of the page. */
export function show(canvas, levels, width, height) {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let at = 0; at < levels.length; at += 1) {
    image.data.fill(levels[at], 4 * at, 4 * at + 3);
    image.data[4 * at + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}
