// The page: the pad and pictures in, readings out.

import { Pad } from "./pad.js";
import { decode, grayOf, show } from "./pictures.js";
import { Reader } from "./reader.js";
import { digitsOf, pictureOf } from "./strokes.js";
import { makeBars, say, showLayers, showReadings } from "./view.js";

const element = (id) => document.getElementById(id);

const loading = Reader.load();
let readings = [];
let chosen = 0;
let isReading = false;
let isChanged = false;
let latest = 0; // the number of the last picture that was asked for, or change of the pad
const known = new Map(); // the strokes of a digit, as text → its reading

const pad = new Pad(element("pad"), () => element("pen").valueAsNumber / 100, changed);

function changed() {
  latest += 1;
  stopCamera();
  element("picture").hidden = true;
  refreshHint();
  isChanged = true;
  readStrokes();
}

/** Reads what is drawn; while it reads, later changes wait, and only the last one counts. */
async function readStrokes() {
  if (isReading) return;
  isReading = true;
  try {
    const reader = await loading;
    while (isChanged) {
      isChanged = false;
      const started = performance.now();
      const found = [];
      for (const strokes of digitsOf(pad.strokes)) found.push(await readDigit(reader, strokes));
      if (element("picture").hidden) present(found, started);
      await new Promise(requestAnimationFrame); // lets the browser draw
    }
  } catch (error) {
    say(`It cannot be read: ${error.message}`);
  } finally {
    isReading = false;
  }
}

/** The reading of a digit's strokes, from memory if they have not changed. */
async function readDigit(reader, strokes) {
  const key = JSON.stringify(strokes);
  if (!known.has(key)) {
    if (known.size > 100) known.clear();
    known.set(key, await reader.read(pictureOf(strokes)));
  }
  return known.get(key);
}

/**
 * Reads a picture of one digit, and shows it in place of the pad, unless something newer is to be
 * read meanwhile.
 * @param {() => Promise<{levels: Uint8Array, width: number, height: number}>} decoded
 */
async function readPicture(decoded) {
  latest += 1;
  const number = latest;
  try {
    const gray = await decoded();
    const reader = await loading;
    const started = performance.now();
    const reading = await reader.read(gray);
    if (number !== latest) return null;
    pad.empty();
    show(element("picture"), gray.levels, gray.width, gray.height);
    element("picture").hidden = false;
    refreshHint();
    present([reading], started);
    return reading;
  } catch (error) {
    if (number === latest) say(error.message);
    return null;
  }
}

function refreshHint() {
  const isEmpty = !pad.strokes.length && element("picture").hidden && element("video").hidden;
  element("hint").hidden = !isEmpty;
}

function present(found, started) {
  readings = found;
  chosen = Math.max(0, found.length - 1);
  refresh();
  say(found.length ? `Read in ${(performance.now() - started).toFixed(1)} ms, in this page` : "");
}

function refresh() {
  showReadings(readings, chosen, (place) => {
    chosen = place;
    refresh();
  });
  refreshLayers();
}

async function refreshLayers() {
  if (!element("inside").open) return;
  const reading = readings[chosen];
  showLayers(reading ? await (await loading).layers(reading.normalized) : []);
}

function take(blob) {
  stopCamera();
  return readPicture(() => decode(blob));
}

// The camera, where the browser allows it.

let stream = null;
let asked = 0; // how often the camera was asked for, or stopped

async function toggleCamera() {
  const video = element("video");
  if (stream) {
    if (!video.videoWidth) return; // before its first frame
    const gray = grayOf(video, video.videoWidth, video.videoHeight);
    stopCamera();
    await readPicture(async () => gray);
    return;
  }
  asked += 1;
  const number = asked;
  try {
    const opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    if (number !== asked) {
      opened.getTracks().forEach((track) => track.stop()); // stopped, or asked for again, meanwhile
      return;
    }
    stream = opened;
    video.srcObject = stream;
    video.hidden = false;
    refreshHint();
    await video.play();
    element("camera").textContent = "Take picture"; // from the first frame on
  } catch (error) {
    if (number !== asked) return;
    stopCamera();
    say(`The camera cannot be used: ${error.message}`);
  }
}

function stopCamera() {
  asked += 1;
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  element("video").hidden = true;
  element("camera").textContent = "Camera";
  refreshHint();
}

// What the buttons and keys do.

element("undo").addEventListener("click", () => pad.undo());
element("clear").addEventListener("click", () => pad.clear());
element("open").addEventListener("click", () => element("file").click());
element("file").addEventListener("change", ({ target }) => {
  if (target.files.length) take(target.files[0]);
  target.value = ""; // so that the same file can be chosen again
});
element("camera").hidden = !navigator.mediaDevices?.getUserMedia;
element("camera").addEventListener("click", toggleCamera);
element("inside").addEventListener("toggle", refreshLayers);

addEventListener("keydown", (event) => {
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && event.key.toLowerCase() === "z") {
    event.preventDefault();
    if (event.shiftKey) pad.redo();
    else pad.undo();
  } else if (event.key === "Escape" || event.key === "Delete") {
    pad.clear();
  }
});
addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (file) take(file);
  else say("The clipboard holds no picture.");
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) take(file);
});

makeBars();
refresh();
try {
  const reader = await loading;
  globalThis.page = { reader, read: take }; // for tests and measurements
  element("model").textContent = reader.settings.model;
  if (!readings.length) say("Ready. Nothing that you draw leaves this page.");
} catch (error) {
  say(`The model cannot be loaded: ${error.message}`);
}
