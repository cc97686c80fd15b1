"""Files of pictures whose headers may have no end: Pillow reads these part by part, in Python."""

from typing import Any, BinaryIO

# Pillow reads a header in some hundred parts. Ten million bytes can hold as many empty ones, which
# would keep it busy for a minute.
MAX_HEADER_READS = 10_000
MAX_PART_BYTES = 64_000_000  # of a part that is asked for by its size: layers of Photoshop
MAX_PAGE_READS = 300_000  # for all headers of a TIFF of some 10,000 pages, and its pixels
MAX_BMP_READS = 1_000_000  # of a compressed BMP file, whose parts have one or two bytes


class LimitedFile:
    """A binary file that may be read in so many parts.

    `read` raises ValueError at the next one, and at a part that is too large. All else is the
    file's own.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.reads_left: float = MAX_HEADER_READS

    def read(self, size: int = -1) -> bytes:
        """Reads as a file does."""
        self.reads_left -= 1
        if self.reads_left < 0 or size > MAX_PART_BYTES:
            raise ValueError("its parts are too many or too large for a picture")
        return self._file.read(size)

    def allow_decoding(self, format: str | None, size_bytes: int) -> None:
        """Allows what it takes to find other pages and to decode pixels, whose parts have thousands
        of bytes each."""
        self.reads_left += MAX_BMP_READS if format == "BMP" else MAX_PAGE_READS + size_bytes / 1000

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
