// The page: the pad and pictures in, readings out.

import { Pad } from "./pad.js";
import { decode, grayOf, show } from "./pictures.js";
import { Reader } from "./reader.js";
import { digitsOf, pictureOf } from "./strokes.js";
import { makeBars, say, showLayers, showReadings } from "./view.js";

const element = (id) => document.getElementById(id);

let reader = null;
let readings = [];
let chosen = 0;
let isReading = false;
let isChanged = false;
const known = new Map(); // the strokes of a digit, as text → its reading

const pad = new Pad(element("pad"), () => element("pen").valueAsNumber / 100, changed);

function changed() {
  element("hint").hidden = pad.strokes.length > 0;
  hidePicture();
  isChanged = true;
  readStrokes();
}

/** Reads what is drawn; while it reads, later changes wait, and only the last one counts. */
async function readStrokes() {
  if (isReading || !reader) return;
  isReading = true;
  while (isChanged) {
    isChanged = false;
    const started = performance.now();
    const found = [];
    for (const strokes of digitsOf(pad.strokes)) found.push(await readDigit(strokes));
    if (!isPicture()) present(found, started);
    await new Promise(requestAnimationFrame); // lets the browser draw
  }
  isReading = false;
}

/** The reading of a digit's strokes, from memory if they have not changed. */
async function readDigit(strokes) {
  const key = JSON.stringify(strokes);
  if (!known.has(key)) {
    if (known.size > 100) known.clear();
    known.set(key, await reader.read(pictureOf(strokes)));
  }
  return known.get(key);
}

/** Reads a gray picture of one digit, and shows it in place of the pad. */
async function readPicture(gray) {
  const started = performance.now();
  show(element("picture"), gray.levels, gray.width, gray.height);
  element("picture").hidden = false;
  element("hint").hidden = true;
  present([await reader.read(gray)], started);
  return readings[0];
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
  showLayers(reading ? await reader.layers(reading.normalized) : []);
}

function isPicture() {
  return !element("picture").hidden;
}

function hidePicture() {
  element("picture").hidden = true;
}

function clear() {
  stopCamera();
  pad.clear();
}

async function take(blob) {
  stopCamera();
  try {
    await readPicture(await decode(blob));
  } catch (error) {
    say(error.message);
  }
}

// The camera, where the browser allows it.

let stream = null;

async function toggleCamera() {
  const video = element("video");
  if (stream) {
    if (!video.videoWidth) return;
    const gray = grayOf(video, video.videoWidth, video.videoHeight);
    stopCamera();
    await readPicture(gray);
    return;
  }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) {
    say(`The camera cannot be used: ${error.message}`);
    return;
  }
  pad.clear();
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  element("camera").textContent = "Take picture"; // from the first frame on
}

function stopCamera() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  element("video").hidden = true;
  element("camera").textContent = "Camera";
}

// What the buttons and keys do.

element("undo").addEventListener("click", () => pad.undo());
element("clear").addEventListener("click", clear);
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
    clear();
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
  reader = await Reader.load();
  element("model").textContent = reader.settings.model;
  say("Ready. Nothing that you draw leaves this page.");
  isChanged = pad.strokes.length > 0;
  readStrokes();
} catch (error) {
  say(`The model cannot be loaded: ${error.message}`);
}
globalThis.page = { reader, readPicture: async (blob) => readPicture(await decode(blob)) }; // tests
