"""Draws docs/page_desktop.png and docs/page_phone.png: the page of `make draw`, drawn on.

    make draw-site && .venv/bin/python docs/draw_page.py

It needs Chromium and requirements/apps.txt.
"""

import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import expect  # noqa: E402

from apps.draw.browser import chromium, draw_number, wait_until_ready  # noqa: E402
from apps.draw.server import make_server  # noqa: E402
from apps.draw.site import write_site  # noqa: E402

DESKTOP = {"viewport": {"width": 1000, "height": 600}}
PHONE = {"viewport": {"width": 390, "height": 760}, "color_scheme": "dark", "has_touch": True,
         "is_mobile": True}  # fmt: skip


def main() -> None:
    """Draws both pictures."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "site"
        write_site(folder, ROOT / "SavedModel" / "1")
        with make_server(folder, "127.0.0.1", 0) as server, chromium() as browser:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for name, options, number, height in (
                ("desktop", DESKTOP, "2748", 0.34), ("phone", PHONE, "3", 0.6),
            ):  # fmt: skip
                page = browser.new_page(**options)
                page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
                wait_until_ready(page)
                draw_number(page, number, height)
                expect(page.locator("#status")).to_contain_text(number)
                page.locator("#digits button").first.click()
                page.screenshot(path=ROOT / "docs" / f"page_{name}.png")
            server.shutdown()


if __name__ == "__main__":
    main()
