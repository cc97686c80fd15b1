"""The page in a Chromium that Playwright drives: for its tests, pictures and measurements."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.draw.server import make_server
from apps.listening import address_of, listen
from nn.composition.strokes import STROKES, smooth

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Where Debian installs it; the environment may name another.
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# It runs as root in containers, and looks for nothing on the network; its camera shows a test
# picture.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update",
         "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]  # fmt: skip
READY_MS = 60_000


@contextmanager
def served_page(folder: Path) -> Iterator[str]:
    """Serves a page's folder in a thread; yields its address."""
    with listen("127.0.0.1", 0) as listener, make_server(folder, listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{address_of(listener)}/"
        server.shutdown()


@contextmanager
def chromium() -> Iterator["Browser"]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright  # late: CHROMIUM is known without it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def wait_until_ready(page: "Page") -> None:
    """Waits until the model is loaded."""
    from playwright.sync_api import expect

    expect(page.locator("#note")).to_contain_text("Ready", timeout=READY_MS)


def draw_number(page: "Page", number: str, height: float = 0.6) -> None:
    """Draws the digits of a number side by side in the middle of the pad, as a pen would. height:
    of a digit, to the pad's."""
    box: Any = page.locator("#pad").bounding_box()
    tall = height * box["height"]
    wide, step = 0.62 * tall, 0.85 * tall
    left = box["x"] + (box["width"] - wide - step * (len(number) - 1)) / 2
    top = box["y"] + (box["height"] - tall) / 2
    for place, digit in enumerate(number):
        for stroke in STROKES[int(digit)]:
            points = [(left + place * step + x * wide, top + y * tall) for x, y in stroke]
            draw_stroke(page, points)


def draw_stroke(page: "Page", points: list[tuple[float, float]]) -> None:
    """Draws one stroke through points of the window."""
    places = smooth(np.array(points), steps=8).tolist()
    page.mouse.move(*places[0])
    page.mouse.down()
    for x, y in places[1:]:
        page.mouse.move(x, y)
    page.mouse.up()
