"""Decoding in the graph gives the canvases that Pillow gives."""

import io
import math

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT
from PIL import Image

from nn.normalization.decoding import decode_canvases, decode_gray
from nn.pictures.canvas import CANVAS, PAGE
from nn.pictures.files import read_canvas

tf1 = tf.compat.v1

# The graph reads neither TIFF nor HEIC, and knows nothing of EXIF.
SAMPLES = sorted(
    path
    for path in (ROOT / "samples").iterdir()
    if path.suffix in (".png", ".jpg", ".webp", ".gif", ".bmp") and path.name != "1_turned.jpg"
)


@pytest.mark.parametrize("side", [CANVAS, PAGE])
def test_the_graph_makes_the_canvases_that_pillow_makes(side):
    with tf.Graph().as_default(), tf1.Session() as session:
        files = [path.read_bytes() for path in SAMPLES]
        pixels, sizes, is_picture = session.run(decode_canvases(tf.constant(files), side))
    assert is_picture.all()
    expected = [read_canvas(path, side) for path in SAMPLES]
    np.testing.assert_array_equal(sizes, [canvas.size for canvas in expected])
    differences = np.abs(pixels.astype(int) - np.stack([canvas.pixels for canvas in expected]))
    for path, difference in zip(SAMPLES, differences, strict=True):
        # JPEG's decoders differ, and Pillow decodes large ones at a fraction of their size.
        most = 12 if path.suffix == ".jpg" else 1
        assert difference.max() <= most, path.name
        assert difference.mean() < 1, path.name


def test_only_the_first_picture_of_an_animation_is_decoded():
    levels = range(100, 130)
    frames = [Image.fromarray(np.full((40, 30), level, np.uint8)) for level in levels]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    traced = tf1.RunMetadata()
    with tf.Graph().as_default(), tf1.Session() as session:
        content = tf1.placeholder(tf.string, [])
        gray = session.run(
            decode_gray(content), {content: file.getvalue()},
            options=tf1.RunOptions(trace_level=tf1.RunOptions.FULL_TRACE), run_metadata=traced,
        )  # fmt: skip
    np.testing.assert_array_equal(gray, np.full((40, 30), levels[0]))
    # No tensor holds more than one picture: a small file may have thousands.
    counts = [
        math.prod(side.size for side in output.tensor_description.shape.dim)
        for device in traced.step_stats.dev_stats
        for node in device.node_stats
        for output in node.output
    ]
    assert 40 * 30 * 3 <= max(counts) <= 40 * 30 * 4
