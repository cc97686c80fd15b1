"""The folder that --explain draws its pages into, what each page is called, and their index."""

import errno
import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nn.data.file_names import is_data_file
from nn.errors import DataError, UserError
from nn.figures import drawing
from nn.figures.explanation_pages import NumberPage, Page
from nn.prediction import page_index
from nn.prediction.readings import AnyReading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_NAME_BYTES = 200  # of a file name: most file systems take 255, and a suffix is added


class PageFolder:
    """A folder of pages, one PNG for each reading that is not an error; used in a `with` statement.

    At the end of the block it writes an index.html if there are several pages. paths: all inputs
    that will be read, so that files of equal names get different pages. Raises DataError if the
    folder cannot be written to, has an index.html that is not ours, or holds an input: the next run
    would read the pages.
    """

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self._folder = folder
        self._names = UniqueFileNames(paths)
        self._entries: list[page_index.Entry] = []
        _make_folder(folder)
        page_index.check_replaceable(folder)
        for path in paths:
            # realpath, because resolve raises where links form a circle.
            if os.path.realpath(folder) in (os.path.realpath(path), os.path.realpath(path.parent)):
                raise DataError(f"--explain {folder}: holds an input, {path}; name another folder")

    def name_for(self, reading: AnyReading) -> str:
        """Chooses the name of the page for the next reading. Call it for an error too: then the
        names of the others do not depend on which inputs can be read."""
        return self._names.take(reading.input)

    @property
    def count(self) -> int:
        """The number of pages that it has saved."""
        return len(self._entries)

    def summary(self) -> str:
        """Says how many pages it has saved, and where."""
        noun = "page" if self.count == 1 else "pages"
        where = self._folder / page_index.INDEX_FILE if self.count > 1 else f"{self._folder}/"
        return f"{self.count:,} {noun} drawn: {where}"

    def save(
        self, name: str, reading: AnyReading, page: Page | NumberPage, figure: "Figure"
    ) -> None:
        """Saves a reading's page, drawn as a figure. Raises UserError if it cannot be written."""
        path = self._folder / f"{name}.png"
        with _writing(path):
            drawing.save(figure, path)
        self._entries.append(page_index.Entry(path.name, reading.input, page.answer, page.unsure))

    def __enter__(self) -> "PageFolder":
        return self

    def __exit__(self, *_) -> None:
        if self.count > 1:
            with _writing(self._folder / page_index.INDEX_FILE):
                page_index.write_index(self._folder, self._entries)


class UniqueFileNames:
    """File names for inputs, no two the same, not even on file systems that ignore case.

    A name is the input's own name. Where several inputs have the same, the names of their folders
    stand before it, as many as it takes; where that is not enough, a number follows it.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._uses = Counter(path.name.casefold() for path in paths)
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """Returns the file name, without .png, for the name of an input or of a row of a CSV file:
        for file.csv:12 it is file.csv_12."""
        path = Path(name)
        is_shared = self._uses[_without_line(path.name).casefold()] > 1
        found = next(
            candidate
            for candidate in _candidates(path, 2 if is_shared else 1)
            if candidate.casefold() not in self._taken
        )
        self._taken.add(found.casefold())
        return found


def _candidates(path: Path, fewest: int) -> Iterator[str]:
    """Yields names made of the path's last parts: the fewest, then more, then all and a number.
    Of a name that is longer than MAX_NAME_BYTES it keeps the end."""
    parts = [part for part in path.parts if part not in (path.anchor, "..")]
    for count in range(min(fewest, len(parts)), len(parts) + 1):
        name = "_".join(parts[-count:]).replace(":", "_")  # Windows forbids colons
        while len(os.fsencode(name)) > MAX_NAME_BYTES:
            name = name[1:]
        yield name
    yield from (f"{name}_{number}" for number in itertools.count(2))


def _without_line(name: str) -> str:
    """file.csv:12 → file.csv; any other name as it is."""
    file, _, line = name.rpartition(":")
    return file if is_data_file(Path(file)) and line.isdigit() else name


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turns an OSError of the block into a UserError that names the file."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None


def _make_folder(folder: Path) -> None:
    """Makes the folder of the pages. Raises DataError where it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise DataError(f"--explain {folder}: cannot be written to ({error.strerror})") from None
