"""index.html beside the pages of --explain: it shows them all, and links the unsure ones first."""

import html
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from nn.errors import DataError
from nn.runtime.regular_files import why_not_regular
from nn.runtime.whole_files import write_text

INDEX_FILE = "index.html"
# By this line an index of an earlier --explain is told apart from a file of the user's own.
GENERATOR = '<meta name="generator" content="load_saved_model.py --explain"/>'

# Void elements are closed, so that XML tools can read the page too.
_DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
{generator}
<title>{title}</title>
<meta name="viewport" content="width=device-width"/>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 920px; margin: 1em auto; padding: 0 1em; }}
figure {{ margin: 1.5em 0; }}
figcaption {{ overflow-wrap: anywhere; }}
img {{ width: 100%; border: 1px solid #bbb; }}
nav {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>{title}</h1>
{unsure}
{figures}
</body>
</html>
"""
_FIGURE = """<figure id="{number}">
<figcaption>{caption}</figcaption>
<a href="{file}"><img loading="lazy" src="{file}" alt="{caption}"/></a>
</figure>"""


class Entry(NamedTuple):
    """A page in the index. file: its name; input: what was read; answer: in words."""

    file: str
    input: str
    answer: str
    unsure: bool


def check_replaceable(folder: Path) -> None:
    """Raises DataError if the folder has an index.html that no --explain wrote."""
    path = folder / INDEX_FILE
    if not path.exists():
        return
    if reason := why_not_regular(path):
        raise DataError(f"{path}: {reason}")
    try:
        is_ours = GENERATOR in path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if not is_ours:
        raise DataError(
            f"--explain {folder}: has an {INDEX_FILE} that --explain did not write; "
            "name another folder"
        )


def write_index(folder: Path, entries: Sequence[Entry]) -> None:
    """Writes index.html, which shows all pages in the order of reading. Raises OSError."""
    unsure = sum(entry.unsure for entry in entries)
    document = _DOCUMENT.format(
        generator=GENERATOR,
        title=f"{len(entries):,} pages, {unsure:,} unsure",
        unsure=_links(entries) if unsure else "",
        figures="\n".join(_figure(number, entry) for number, entry in enumerate(entries, 1)),
    )
    write_text(folder / INDEX_FILE, document)


def _links(entries: Sequence[Entry]) -> str:
    """Links to the unsure pages."""
    links = (
        f'<a href="#{number}">{_text(entry.input)}</a>'
        for number, entry in enumerate(entries, 1)
        if entry.unsure
    )
    return f"<nav>Unsure: {', '.join(links)}</nav>"


def _figure(number: int, entry: Entry) -> str:
    caption = _text(f"{entry.input}: {entry.answer}")
    return _FIGURE.format(number=number, caption=caption, file=quote(os.fsencode(entry.file)))


def _text(text: str) -> str:
    """Text for HTML. A file name's bytes that are no UTF-8 become question marks."""
    return html.escape(text.encode(errors="replace").decode())
