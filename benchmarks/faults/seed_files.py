"""Good files of every format that the readers accept: what mutations begin with."""

import gzip
import io
from collections.abc import Callable

import numpy as np
from PIL import Image

ROWS = 12  # of a data file


def picture_files() -> dict[str, list[bytes]]:
    """Files of each picture format, in several modes and ways to compress."""
    gray = Image.fromarray(_digits()[3].repeat(2, 0).repeat(2, 1))
    animation = {"save_all": True, "append_images": [gray, gray]}
    modes = {mode: gray.convert(mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")}
    deep = {
        "I;16": Image.fromarray(np.asarray(gray).astype(np.uint16) * 257),
        "I": Image.fromarray(np.asarray(gray).astype(np.int32)),
        "F": Image.fromarray(np.asarray(gray).astype(np.float32) / 255),
    }
    ways: dict[str, list[tuple[tuple[str, ...], dict]]] = {
        "PNG": [(("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), {}), (("L",), animation)],
        "JPEG": [(("L", "RGB", "CMYK"), {}), (("L", "RGB"), {"progressive": True})],
        "GIF": [(("1", "L", "P", "RGB"), {}), (("L",), animation)],
        "BMP": [(("1", "L", "P", "RGB"), {})],
        "WEBP": [(("L", "RGB", "RGBA"), {}), (("RGB",), {"lossless": True}), (("L",), animation)],
        "TIFF": [
            (("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"), {}),
            (("L", "RGB", "F"), {"compression": "tiff_lzw"}),
            (("L", "RGB"), {"compression": "tiff_adobe_deflate"}),
            (("L", "RGB"), {"compression": "jpeg"}),
            (("1",), {"compression": "group4"}),
            (("L",), {"compression": "packbits"}),
            (("L",), animation),
        ],
    }
    if _registers_heif():
        ways["HEIF"] = [(("L", "RGB"), {"quality": 50})]
    images = modes | deep
    return {
        kind: [_saved(images[mode], kind, how) for names, how in some for mode in names]
        for kind, some in ways.items()
    }


def data_files() -> dict[str, list[bytes]]:
    """Data files by the end of their names."""
    images = _digits()[:ROWS]
    flat, labels = images.reshape(ROWS, -1), np.arange(ROWS) % 10
    both = np.hstack([labels[:, None], flat])
    names = ",".join(["label", *(f"pixel{n}" for n in range(784))])
    tables = [
        _table(flat, ","), _table(both, ","), _table(both, ",", names), _table(both, ";"),
        _table(both, " "), _table(both, "\t"), _table(flat / 255, ",", kind="%.4f"),
    ]  # fmt: skip
    arrays = [flat, images, images / 255, images.astype(np.float32), np.asfortranarray(flat)]
    npy = [_written(np.save, array) for array in [*arrays, labels]]
    npz = [
        _written(write, x_train=images, y_train=labels, x_test=images, y_test=labels)
        for write in (np.savez, np.savez_compressed)
    ]
    idx = [_idx(images), _idx(labels)]
    pack = gzip.compress
    return {
        ".csv": tables,
        ".csv.gz": [pack(table) for table in tables],
        ".npy": npy,
        ".npy.gz": [pack(each) for each in npy],
        ".npz": npz,
        "-idx3-ubyte": idx,
        "-idx3-ubyte.gz": [pack(each) for each in idx],
    }


def _digits() -> np.ndarray:
    """Figures like digits, uint8 [12, 28, 28]: strokes at random, on paper of 0."""
    rng = np.random.default_rng(1)
    images = np.zeros((ROWS, 28, 28), np.uint8)
    for image in images:
        row, column = rng.integers(5, 20, 2)
        image[4:24, column : column + 3] = 250
        image[row : row + 3, 6:22] = 200
    return images


def _saved(image: Image.Image, kind: str, how: dict) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def _written(write: Callable, *arrays: np.ndarray, **named: np.ndarray) -> bytes:
    file = io.BytesIO()
    write(file, *arrays, **named)
    return file.getvalue()


def _table(rows: np.ndarray, separator: str, names: str = "", kind: str = "%d") -> bytes:
    file = io.BytesIO()
    np.savetxt(file, rows, kind, separator, header=names, comments="")
    return file.getvalue()


def _idx(array: np.ndarray) -> bytes:
    header = np.array([0x800 + array.ndim, *array.shape], ">i4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def _registers_heif() -> bool:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener(thumbnails=False)
    return True
