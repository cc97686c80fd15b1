// The model in the browser: pictures → readings, as nn/prediction reads them.

import { Tensor, loadAndCompile, loadLiteRt } from "./litert/litert.js";
import { place } from "./shrink.js";

/**
 * @typedef {object} Reading what was read of one digit
 * @property {"ok" | "unsure"} status
 * @property {number | null} digit null where there is no ink
 * @property {number | null} probability
 * @property {number[] | null} probabilities of the ten digits
 * @property {string | null} reason why the status is not ok
 * @property {Uint8Array} ink 64×64, what the finder found
 * @property {Uint8Array} normalized 28×28, what the network saw
 */

export class Reader {
  /** Loads the settings, LiteRT and the model. */
  static async load() {
    const [settings, content] = await Promise.all([
      fetched("settings.json").then((answer) => answer.json()),
      fetched("digits.tflite").then((answer) => answer.arrayBuffer()),
      loadLiteRt("litert/wasm/"),
    ]);
    const model = await loadAndCompile(new Uint8Array(content), { accelerator: "wasm" });
    return new Reader(settings, model);
  }

  constructor(settings, model) {
    this.settings = settings;
    this.model = model;
  }

  /**
   * Reads a gray picture of one digit; looks closer where the digit is small on it.
   * @param {{levels: Uint8Array, width: number, height: number}} gray
   * @returns {Promise<Reading>}
   */
  async read(gray) {
    const { canvas, page } = this.settings;
    const placed = place(gray, canvas);
    const found = await this.canvases(placed);
    if (!this.isSmall(found.ink, placed.size)) return this.reading(found);
    return this.reading(await this.canvases(place(gray, page), "pages", page));
  }

  /** Runs `canvases` or `pages` on what `place` gives. */
  canvases({ pixels, size }, signature = "canvases", side = this.settings.canvas) {
    return this.run(signature, { pixels: [pixels, [1, side, side]], sizes: [size, [1, 3]] });
  }

  /** What the first layers make of a normalized digit: pictures, [height, width, channels]. */
  async layers(normalized) {
    const found = await this.run("serving_default", { images: [normalized, [1, 28, 28]] });
    const outputs = this.model.signatures.serving_default.getOutputDetails();
    return ["layer_1", "layer_2"]
      .filter((name) => name in found)
      .map((name) => ({
        levels: found[name],
        shape: [...outputs.find((each) => each.name === name).shape].slice(1),
      }));
  }

  /**
   * Runs a signature.
   * @param {Record<string, [Uint8Array | Int32Array, number[]]>} inputs values and shapes by name
   * @returns {Promise<Record<string, Uint8Array | Int32Array | Float32Array>>} outputs by name
   */
  async run(signature, inputs) {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, [values, shape]]) => [name, new Tensor(values, shape)]),
    );
    const outputs = await this.model.run(signature, tensors);
    const found = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      found[name] = tensor.toTypedArray().slice();
      tensor.delete();
    }
    Object.values(tensors).forEach((tensor) => tensor.delete());
    return found;
  }

  /** As nn/prediction/read_ahead.py: the picture was shrunk, and its digit takes up little of it. */
  isSmall(ink, [height, width, shorterSide]) {
    const { canvas, smallDigit, inkThreshold } = this.settings;
    if (shorterSide <= Math.min(height, width)) return false;
    let [top, left, bottom, right] = [canvas, canvas, 0, 0];
    ink.forEach((level, at) => {
      if (level <= inkThreshold) return;
      const [row, column] = [Math.floor(at / canvas), at % canvas];
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
      [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
    });
    return Math.max(bottom - top, right - left) < smallDigit;
  }

  /** As nn/prediction/readings.py: what the outputs of a signature say. @returns {Reading} */
  reading({ digits, probabilities, reason_codes: codes, ink, normalized }) {
    const { evenOdds, leastProbability, likeNoDigit, maxError, reasons } = this.settings;
    const seen = { ink, normalized };
    if (codes[0]) {
      const reason = reasons[codes[0]];
      return { status: "unsure", digit: null, probability: null, probabilities: null, reason, ...seen };
    }
    const digit = digits[0];
    const probability = probabilities[digit];
    const answer = { digit, probability, probabilities: [...probabilities], ...seen };
    if (probability >= leastProbability) return { status: "ok", reason: null, ...answer };
    const below = `less probable than the threshold for at most ${maxError} errors`;
    return { status: "unsure", reason: probability < evenOdds ? likeNoDigit : below, ...answer };
  }
}

async function fetched(file) {
  const answer = await fetch(file);
  if (!answer.ok) throw new Error(`${file}: the server answers ${answer.status}`);
  return answer;
}
