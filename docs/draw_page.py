"""Draws docs/page_desktop.png and docs/page_phone.png: the page of `make draw`, drawn on.

    make install-apps install-draw && .venv/bin/python docs/draw_page.py

It needs Chromium.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import expect  # noqa: E402

from apps.draw.browser import chromium, draw_number, served_page, wait_until_ready  # noqa: E402
from apps.draw.site import write_site  # noqa: E402

DESKTOP = {"viewport": {"width": 1000, "height": 600}}
PHONE = {"viewport": {"width": 390, "height": 760}, "color_scheme": "dark", "has_touch": True,
         "is_mobile": True}  # fmt: skip


def main() -> None:
    """Draws both pictures."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "site"
        write_site(folder, ROOT / "SavedModel" / "1")
        with served_page(folder) as address, chromium() as browser:
            for name, options, number, height in (
                ("desktop", DESKTOP, "2748", 0.34), ("phone", PHONE, "3", 0.6),
            ):  # fmt: skip
                page = browser.new_page(**options)
                page.goto(address)
                wait_until_ready(page)
                draw_number(page, number, height)
                expect(page.locator("#status")).to_contain_text(number)
                page.locator("#digits button").first.click()
                page.screenshot(path=ROOT / "docs" / f"page_{name}.png")


if __name__ == "__main__":
    main()
