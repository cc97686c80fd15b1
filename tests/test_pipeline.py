"""Decoding beside the graph: each picture gets its own answer, and nothing hangs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.errors import PictureError
from nn.pipeline import answer_all


def graph(pixels: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Stands for the model's: of each canvas its sum and its side."""
    return pixels.sum((1, 2), dtype=np.int64), np.full(len(pixels), pixels.shape[1])


@pytest.fixture
def paths(tmp_path) -> list[Path]:
    """Pictures of which each second fits on the small canvas, a bad one and a missing one."""
    found = []
    for number in range(12):
        found.append(tmp_path / f"{number}.png")
        Image.new("L", ((20, 60)[number % 2], 10), number + 1).save(found[-1])
    found[5].write_text("no picture")
    return [*found, tmp_path / "none.png"]


@pytest.mark.parametrize("batch_size", [1, 2, 5, 13, 100])
def test_each_picture_has_its_own_answer(paths, batch_size):
    answered = list(answer_all(paths, batch_size, graph))
    assert [path for path, _ in answered] == paths
    for number, (_, answer) in enumerate(answered):
        if number in (5, 12):
            assert isinstance(answer, PictureError)
            continue
        width = (20, 60)[number % 2]
        assert answer.values == (10 * width * (number + 1), (32, 64)[number % 2])
        assert answer.size.tolist() == [10, width, 10]


def test_one_by_one_nobody_waits_for_the_next_picture(paths):
    given = []

    def asked():
        for path in paths:
            given.append(path)
            yield path

    answers = answer_all(asked(), 1, graph)
    for count in range(1, len(paths) + 1):
        next(answers)
        assert len(given) == count


def test_what_the_graph_raises_is_raised(paths):
    def fails(pixels, sizes):
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        list(answer_all(paths, 4, fails))


def test_it_can_be_left_early(paths):
    answers = answer_all(paths, 2, graph)
    next(answers)
    answers.close()
    assert next(answers, None) is None


def test_all_may_be_bad(paths):
    def never(pixels, sizes):
        raise AssertionError("there is no canvas")

    ((_, answer),) = answer_all(paths[-1:], 4, never)
    assert isinstance(answer, PictureError)
