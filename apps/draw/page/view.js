// Shows readings: the digits, ten bars, the ink that was found, what the network saw.

import { show } from "./pictures.js";

const element = (id) => document.getElementById(id);

/** The ten bars, made once. */
export function makeBars() {
  element("bars").replaceChildren(
    ...Array.from({ length: 10 }, (_, digit) => {
      const row = document.createElement("li");
      const meter = document.createElement("meter");
      meter.setAttribute("aria-label", `probability of ${digit}`);
      row.append(`${digit}`, meter, document.createElement("output"));
      return row;
    }),
  );
}

/**
 * Shows the readings of a number's digits, from left to right, and one of them closely.
 * @param {import("./reader.js").Reading[]} readings
 * @param {number} chosen the place of the one that is shown closely
 * @param {(place: number) => void} choose is called when the reader of the page takes another
 */
export function showReadings(readings, chosen, choose) {
  const focused = [...element("digits").children].indexOf(document.activeElement);
  element("digits").replaceChildren(
    ...readings.map((reading, place) => {
      const button = document.createElement("button");
      button.textContent = reading.digit ?? "?";
      button.className = reading.status;
      button.setAttribute("aria-pressed", String(place === chosen));
      button.setAttribute("aria-label", `digit ${place + 1}: ${said(reading)}`);
      button.addEventListener("click", () => choose(place));
      return button;
    }),
  );
  element("digits").children[focused]?.focus(); // as before, for who uses the keyboard
  element("status").textContent = sentence(readings);
  showClosely(readings[chosen] ?? null);
}

/** What a screen reader says, too: "47, unsure: …". */
function sentence(readings) {
  if (!readings.length) return "";
  if (readings.length === 1) return said(readings[0]);
  const number = readings.map(({ digit }) => digit ?? "?").join("");
  const unsure = readings.findIndex(({ status }) => status !== "ok");
  if (unsure < 0) return `${number}, sure of every digit`;
  return `${number}, unsure of digit ${unsure + 1}: ${readings[unsure].reason}`;
}

function said({ digit, probability, status, reason }) {
  if (digit === null) return reason;
  const percent = `${digit}, ${inPercent(probability)}`;
  return status === "ok" ? `${percent}, sure` : `${percent}, unsure: ${reason}`;
}

/** Rounded down, so that 100% is certainty. */
function inPercent(share) {
  return `${(Math.floor(share * 1e4) / 100).toFixed(2)}%`;
}

function showClosely(reading) {
  [...element("bars").children].forEach((row, digit) => {
    const probability = reading?.probabilities?.[digit] ?? 0;
    row.classList.toggle("first", reading?.digit === digit);
    row.querySelector("meter").value = probability;
    row.querySelector("output").textContent = reading?.probabilities ? inPercent(probability) : "";
  });
  const blank = new Uint8Array(64 * 64);
  show(element("ink"), reading?.ink ?? blank, 64, 64);
  show(element("normalized"), reading?.normalized ?? blank.subarray(0, 784), 28, 28);
}

/**
 * Shows what the first layers make of a digit, a picture for each channel.
 * @param {{levels: Float32Array, shape: number[]}[]} layers shape: [height, width, channels], or
 *   [units] of a dense layer
 */
export function showLayers(layers) {
  element("layers").replaceChildren(
    ...layers.map(({ levels, shape }, place) => {
      const [height, width, channels] = shape.length === 3 ? shape : [1, shape[0], 1];
      const figure = document.createElement("figure");
      const caption = document.createElement("figcaption");
      const what = shape.length === 3 ? `${channels} maps of ${width}×${height}` : `${width} units`;
      caption.textContent = `Behind layer ${place + 1}: ${what}`;
      const maps = document.createElement("div");
      const most = levels.reduce((high, level) => Math.max(high, level), 1e-9);
      for (let channel = 0; channel < channels; channel += 1) {
        const canvas = document.createElement("canvas");
        const map = Uint8Array.from({ length: width * height }, (_, at) =>
          Math.max(0, (255 * levels[at * channels + channel]) / most),
        );
        show(canvas, map, width, height);
        maps.append(canvas);
      }
      figure.append(caption, maps);
      return figure;
    }),
  );
}

/** Says something on the line below the answer. */
export function say(text) {
  element("note").textContent = text;
}
