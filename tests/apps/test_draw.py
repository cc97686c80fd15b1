"""The page to draw on, in a real Chromium: it reads what the script reads, and asks nobody else."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from conftest import ROOT
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect

from apps.draw import litert_js
from apps.draw.browser import (
    chromium,
    draw_number,
    draw_stroke,
    served_page,
    wait_until_ready,
)
from apps.draw.browser_model import browser_model
from apps.draw.site import write_site
from nn import Predictor
from nn.errors import UserError
from nn.pictures import canvas, gray
from nn.prediction.runtimes import LITERT
from nn.runtime import sealed_json
from nn.versions import LITERT_FILE

MODEL = ROOT / "SavedModel" / "1"
# The samples that every browser decodes.
SAMPLES = [
    path
    for path in sorted(ROOT.glob("samples/*.*"))
    if path.suffix in (".png", ".jpg", ".webp", ".gif", ".bmp")
]
MAX_WIRE_BYTES = 5_500_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("draw") / "site"
    write_site(folder, MODEL)
    return folder


@pytest.fixture(scope="module")
def address(folder) -> Iterator[str]:
    with served_page(folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


class Opened(NamedTuple):
    """The page, what its console has said, and its requests."""

    page: Page
    said: list[str]
    asked: list[Request]


def opened(browser: Browser, address: str, **options) -> Opened:
    """The page, ready to read."""
    page = browser.new_context(**options).new_page()
    found = Opened(page, [], [])
    page.on("console", lambda message: found.said.append(message.text))
    page.on("pageerror", lambda error: found.said.append(f"uncaught: {error}"))
    page.on("request", lambda request: found.asked.append(request))
    page.goto(address)
    wait_until_ready(page)
    return found


@pytest.fixture(scope="module")
def shared(browser, address) -> Opened:
    return opened(browser, address, permissions=["camera"])


@pytest.fixture
def page(shared) -> Page:
    """The page, cleared."""
    shared.page.keyboard.press("Escape")
    return shared.page


def read_in_page(page: Page, content: bytes) -> dict:
    """What the page reads in the bytes of a picture file."""
    return page.evaluate(
        """async (text) => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const reading = await globalThis.page.read(new Blob([bytes]));
          return { ...reading, ink: [...reading.ink], normalized: [...reading.normalized] };
        }""",
        base64.b64encode(content).decode(),
    )


@pytest.fixture(scope="module")
def expected() -> dict:
    with Predictor(MODEL, runtime=LITERT) as predictor:
        return dict(zip(SAMPLES, predictor.read(SAMPLES), strict=True))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_read_as_python_reads_it(page, expected, path):
    found = read_in_page(page, path.read_bytes())
    reading = expected[path]
    assert (found["digit"], found["status"]) == (reading.digit, reading.status)
    # Chromium and Pillow decode JPEG with other libraries.
    assert found["probability"] == pytest.approx(reading.probability, abs=0.02)


@pytest.mark.parametrize("number", ["0123", "4567", "89"])
def test_drawn_strokes_are_read_as_a_number(page, number):
    draw_number(page, number, height=0.4)
    expect(page.locator("#digits button")).to_have_text([*number])
    expect(page.locator("#status")).to_contain_text(f"{number}, ")
    expect(page.locator("#bars .first")).to_contain_text(number[-1])
    page.locator("#digits button").first.click()
    expect(page.locator("#bars .first")).to_contain_text(number[0])


def test_keys_undo_redo_and_clear(page):
    draw_number(page, "70")
    digits = page.locator("#digits button")
    expect(digits).to_have_text(["7", "0"])
    page.keyboard.press("Control+z")
    expect(digits).to_have_text(["7"])
    page.keyboard.press("Control+Shift+z")
    expect(digits).to_have_text(["7", "0"])
    page.keyboard.press("Escape")
    expect(digits).to_have_count(0)
    expect(page.locator("#status")).to_have_text("")
    expect(page.locator("#hint")).to_be_visible()


def test_a_blank_page_gives_no_answer(page, tmp_path):
    Image.new("L", (80, 120), 230).save(tmp_path / "blank.png")
    page.set_input_files("#file", tmp_path / "blank.png")
    expect(page.locator("#digits button")).to_have_text(["?"])
    expect(page.locator("#status")).to_have_text("no ink")
    expect(page.locator("#bars .first")).to_have_count(0)


def test_an_unsure_answer_says_why(page):
    box = page.locator("#pad").bounding_box()
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    turns = [(across + x, down + y) for x in (-80, 0, 80) for y in (-80, 80, -80)]
    draw_stroke(page, turns)  # a zigzag
    expect(page.locator("#digits .unsure")).to_have_count(1)
    expect(page.locator("#status")).to_contain_text("unsure: ")


def test_a_file_that_is_no_picture_is_one_sentence(page, tmp_path):
    (tmp_path / "digit.png").write_bytes(b"no picture")
    page.set_input_files("#file", tmp_path / "digit.png")
    expect(page.locator("#note")).to_contain_text("This browser cannot decode that picture.")


def test_the_camera_takes_a_picture(page):
    page.click("#camera")
    expect(page.locator("#video")).to_be_visible()
    expect(page.locator("#camera")).to_have_text("Take picture")
    page.click("#camera")
    expect(page.locator("#picture")).to_be_visible()
    expect(page.locator("#status")).not_to_have_text("")
    expect(page.locator("#camera")).to_have_text("Camera")


def test_a_digit_is_drawn_where_a_picture_was(page, tmp_path):
    page.set_input_files("#file", ROOT / "samples" / "3_pen.webp")
    expect(page.locator("#digits button")).to_have_text(["3"])
    expect(page.locator("#picture")).to_be_visible()
    draw_number(page, "7")
    expect(page.locator("#digits button")).to_have_text(["7"])
    expect(page.locator("#picture")).to_be_hidden()


def test_undo_and_clear_end_the_stroke_that_is_being_drawn(page, shared):
    box = page.locator("#pad").bounding_box()
    across, down = box["x"] + box["width"] / 2, box["y"] + 60
    for key in ("Control+z", "Escape"):
        page.mouse.move(across, down)
        page.mouse.down()
        page.mouse.move(across, down + 200, steps=5)
        page.keyboard.press(key)
        page.mouse.move(across + 150, down + 200, steps=5)  # the button is still pressed
        page.mouse.up()
        expect(page.locator("#digits button")).to_have_count(0)
    assert not [text for text in shared.said if "uncaught" in text]


def test_after_a_fault_it_goes_on_reading(page):
    page.evaluate(
        """() => {
          const { reader } = globalThis.page;
          reader.run = async () => { delete reader.run; throw new Error("out of memory"); };
        }"""
    )
    draw_number(page, "4")  # its first stroke meets the fault
    expect(page.locator("#digits button")).to_have_text(["4"])


def test_of_two_pictures_the_last_one_counts(page):
    both = page.evaluate(
        """async ([slow, quick]) => {
          const blob = (text) =>
            new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]);
          const decode = globalThis.createImageBitmap;
          globalThis.createImageBitmap = async (...given) => {
            globalThis.createImageBitmap = decode;
            await new Promise((done) => setTimeout(done, 500));
            return decode(...given);
          };
          const first = globalThis.page.read(blob(slow));
          const second = globalThis.page.read(blob(quick));
          return [await first, (await second).digit];
        }""",
        [
            base64.b64encode((ROOT / "samples" / name).read_bytes()).decode()
            for name in ("3_pen.webp", "7_scan.bmp")
        ],
    )
    assert both == [None, 7]
    expect(page.locator("#digits button")).to_have_text(["7"])


def test_the_camera_is_off_where_it_was_stopped_before_it_came(page):
    states = page.evaluate(
        """async () => {
          const tracks = [];
          const devices = navigator.mediaDevices;
          const ask = devices.getUserMedia.bind(devices);
          devices.getUserMedia = async (what) => {
            const stream = await ask(what);
            tracks.push(...stream.getTracks());
            await new Promise((done) => setTimeout(done, 200));
            return stream;
          };
          const button = document.getElementById("camera");
          button.click();
          button.click();
          dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
          await new Promise((done) => setTimeout(done, 1500));
          devices.getUserMedia = ask;
          return tracks.map((track) => track.readyState);
        }"""
    )
    assert states and set(states) == {"ended"}


def test_the_first_layers_are_shown_to_the_curious(page):
    draw_number(page, "0")
    page.click("#inside summary")
    expect(page.locator("#layers figcaption")).to_have_text(
        ["Behind layer 1: 32 maps of 12×12", "Behind layer 2: 64 maps of 10×10"]
    )
    expect(page.locator("#layers canvas")).to_have_count(96)
    page.click("#inside summary")


@pytest.mark.parametrize("size", [(64, 64), (65, 64), (200, 31), (31, 999), (401, 300), (63, 70)])
@pytest.mark.parametrize("side", [64, 512])
def test_pictures_are_shrunk_as_pillow_shrinks_them(page, size, side):
    levels = np.random.default_rng(size[0]).integers(0, 256, (size[1], size[0]), np.uint8)
    found = page.evaluate(
        """async ({ levels, width, height, side }) => {
          const { place } = await import("./shrink.js");
          const { pixels, size } = place({ levels: Uint8Array.from(levels), width, height }, side);
          return [[...pixels], [...size]];
        }""",
        {"levels": levels.ravel().tolist(), "width": size[0], "height": size[1], "side": side},
    )
    placed = canvas.place_image(Image.fromarray(levels), min(size), side)
    np.testing.assert_array_equal(np.reshape(found[0], (side, side)), placed.pixels)
    np.testing.assert_array_equal(found[1], placed.size)


@pytest.mark.parametrize("ink", [0, 255])
def test_colors_become_the_gray_levels_that_python_makes(page, ink):
    random = np.random.default_rng(ink)
    colors = random.integers(0, 256, (20, 30, 4), np.uint8)
    colors[:10, :, :3] = ink  # dark or light on average where it is opaque
    colors[10:, :, 3] //= 4
    found = page.evaluate(
        """async (data) => {
          const { toGray } = await import("./gray.js");
          return [...toGray({ data, width: 30, height: 20 }).levels];
        }""",
        colors.ravel().tolist(),
    )
    expected = np.asarray(gray.to_gray(Image.fromarray(colors), 64))
    np.testing.assert_array_equal(np.reshape(found, (20, 30)), expected)


def test_on_a_phone_nothing_scrolls_and_a_finger_draws(browser, address):
    page = opened(
        browser, address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
        color_scheme="dark",
    ).page  # fmt: skip
    box = page.locator("#pad").bounding_box()
    client = page.context.new_cdp_session(page)
    for kind, y in (
        ("touchStart", 0.2),
        ("touchMove", 0.5),
        ("touchMove", 0.8),
        ("touchEnd", None),
    ):
        points = (
            [{"x": box["x"] + box["width"] / 2, "y": box["y"] + y * box["height"]}] if y else []
        )
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(page.locator("#digits button")).to_have_text(["1"])
    draw_stroke(page, [(box["x"] + 20 + 9 * at, box["y"] + 99 + 60 * (at % 2)) for at in range(9)])
    expect(page.locator("#status")).to_contain_text("unsure")
    assert page.locator("#pad").bounding_box() == box  # the pen stays where it draws
    sizes = "[document.documentElement.scrollHeight, innerHeight, scrollY]"
    height, shown, scrolled = page.evaluate(sizes)
    assert height <= shown and scrolled == 0
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(20, 22, 27)"
    page.context.close()


def test_it_asks_its_own_server_alone_and_little(shared, address):
    assert all(request.url.startswith((address, "blob:")) for request in shared.asked)
    sizes = [request.sizes()["responseBodySize"] for request in shared.asked]
    assert 3_000_000 < sum(sizes) < MAX_WIRE_BYTES
    assert not [text for text in shared.said if "uncaught" in text or "Security Policy" in text]


def test_a_foreign_request_and_an_inline_script_are_refused(page, shared):
    refused = page.evaluate(
        """async () => {
          const script = document.createElement("script");
          script.textContent = "globalThis.wasInjected = true";
          document.body.append(script);
          const asked = await fetch("http://127.0.0.2:9/").catch((error) => error.name);
          return [asked, globalThis.wasInjected ?? null];
        }"""
    )
    assert refused == ["TypeError", None]
    assert any("Content Security Policy" in text for text in shared.said)
    shared.said.clear()


def test_it_works_after_the_server_has_stopped(browser, folder):
    with served_page(folder) as address:
        page = opened(browser, address).page
    draw_number(page, "7")
    expect(page.locator("#digits button")).to_have_text(["7"])
    page.context.close()


# The folder.


@pytest.mark.parametrize("signature", ["serving_default", "ink", "canvases", "pages"])
def test_the_model_of_the_browser_answers_as_that_of_the_version(signature):
    content = (MODEL / LITERT_FILE).read_bytes()
    one, other = (
        Interpreter(model_content=each).get_signature_runner(signature)
        for each in (content, browser_model(content))
    )
    side = {"serving_default": 28, "pages": 512}.get(signature, 64)
    image = Image.open(ROOT / "samples" / "7_scan.bmp").convert("L").resize((side, side))
    pixels = np.asarray(image)[None]
    names = {"serving_default": "images", "ink": "ink"}
    arrays = {names.get(signature, "pixels"): pixels if side == 512 else 255 - pixels}
    if signature in ("canvases", "pages"):
        arrays["sizes"] = np.array([[side, side, side]], np.int32)
    expected, found = one(**arrays), other(**arrays)
    assert found.keys() - expected.keys() == (
        {"layer_1", "layer_2"} if signature == "serving_default" else set()
    )
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)
    for details in other.get_output_details().values():
        assert -1 not in details["shape_signature"]


def test_the_browser_does_not_load_what_reads_rows():
    content = (MODEL / LITERT_FILE).read_bytes()
    whole, smaller = (
        Interpreter(model_content=each).get_signature_list()
        for each in (content, browser_model(content))
    )
    assert whole.keys() - smaller.keys() == {"rows"}
    assert len(browser_model(content)) < len(content) - 600_000


def test_the_layers_are_what_the_second_and_the_third_layer_take_in():
    run = Interpreter(
        model_content=browser_model((MODEL / LITERT_FILE).read_bytes())
    ).get_signature_runner("serving_default")
    found = run(images=np.asarray(Image.open(ROOT / "samples" / "2_mnist_size.png"))[None])
    assert found["layer_1"].shape == (1, 12, 12, 32)  # of flagship
    assert found["layer_2"].shape == (1, 10, 10, 64)
    for name in ("layer_1", "layer_2"):
        assert found[name].min() == 0 < found[name].max()  # behind a ReLU


def test_the_page_is_told_the_threshold_of_the_card(folder):
    settings = json.loads((folder / "settings.json").read_text())
    with Predictor(MODEL, runtime=LITERT) as predictor:
        assert settings["leastProbability"] == predictor.threshold.probability
    assert settings["maxError"] == "0.1%"
    assert settings["model"].startswith("Model 1: flagship, ")


def test_a_page_is_written_again_and_what_was_added_to_it_stays(folder, tmp_path):
    again = shutil.copytree(folder, tmp_path / "site")
    (again / "CNAME").write_text("digits.example.org")
    (again / "old.js").touch()
    names = json.loads((again / "digits-page.json").read_text())["files"]
    sealed_json.write(again / "digits-page.json", {"files": [*names, "old.js"]})
    write_site(again, MODEL)
    found = {path.relative_to(again).as_posix() for path in again.rglob("*")}
    expected = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert found == expected | {"CNAME"}


@pytest.mark.parametrize("names", [None, '{"files": ["../letter.txt"]}', "5"])
def test_a_folder_of_other_files_is_left_alone(tmp_path, names):
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "settings.json").write_text("{}")
    (tmp_path / "letter.txt").touch()
    if names:
        (folder / "digits-page.json").write_text(names)
    with pytest.raises(
        UserError, match="holds other files, or a damaged page; name an empty or a new"
    ):
        write_site(folder, MODEL)
    assert (folder / "settings.json").read_text() == "{}"
    assert (tmp_path / "letter.txt").exists()


def test_where_npm_has_not_run_it_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(litert_js, "NODE_MODULES", tmp_path)
    with pytest.raises(UserError, match=r"\.js: missing; install it: make install-draw, or npm"):
        write_site(tmp_path / "site", MODEL)
    assert not (tmp_path / "site").exists()


def test_the_lock_file_names_hashes_and_no_host():
    lock = json.loads((ROOT / "apps" / "draw" / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert set(packages) == {"node_modules/@litertjs/core", "node_modules/@litertjs/wasm-utils"}
    assert all("integrity" in each and "resolved" not in each for each in packages.values())
    assert all(source.split("/")[0] == "@litertjs" for source in litert_js.LITERT_FILES.values())
