"""Decoding beside the graph: each picture gets its own answer, and nothing hangs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.errors import PictureError
from nn.prediction.read_ahead import CanvasOutputs, answer_all


@dataclass(frozen=True)
class Found(CanvasOutputs):
    side: np.ndarray


def signature(pixels: np.ndarray, sizes: np.ndarray) -> Found:
    """Stands for a signature of a model: as the digit of a canvas it answers the sum of its pixels,
    and it takes all that is not zero for ink. It tells the side of the canvas too."""
    count = len(pixels)
    return Found(
        digits=pixels.sum((1, 2), dtype=np.int64),
        probabilities=np.ones((count, 10)),
        reasons=np.full(count, b"", object),
        ink=np.where(pixels, 255, 0),
        side=np.full(count, pixels.shape[1]),
    )


def answers_of(paths: list[Path], batch_size: int, canvases=signature, pages=signature) -> list:
    return [answer for _, answer in answer_all(paths, batch_size, canvases, pages)]


@pytest.fixture
def paths(tmp_path) -> list[Path]:
    """Pictures of two sizes, a bad one and a missing one."""
    found = []
    for number in range(12):
        found.append(tmp_path / f"{number}.png")
        Image.new("L", ((20, 60)[number % 2], 10), number + 1).save(found[-1])
    found[5].write_text("no picture")
    return [*found, tmp_path / "none.png"]


@pytest.mark.parametrize("batch_size", [1, 2, 5, 13, 100])
def test_each_picture_has_its_own_answer(paths, batch_size):
    answered = list(answer_all(paths, batch_size, signature, signature))
    assert [source.content for source, _ in answered] == paths
    for number, (_, answer) in enumerate(answered):
        if number in (5, 12):
            assert isinstance(answer, PictureError)
            continue
        width = (20, 60)[number % 2]
        assert answer.outputs.digits == 10 * width * (number + 1)
        assert answer.outputs.side == 64
        assert answer.size.tolist() == [10, width, 10]


def test_one_by_one_nobody_waits_for_the_next_picture(paths):
    given = []

    def asked():
        for path in paths:
            given.append(path)
            yield path

    answers = answer_all(asked(), 1, signature, signature)
    for count in range(1, len(paths) + 1):
        next(answers)
        assert len(given) == count


def test_what_the_graph_raises_is_raised(paths):
    def fails(pixels, sizes):
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        answers_of(paths, 4, fails, fails)


def test_it_can_be_left_early(paths):
    answers = answer_all(paths, 2, signature, signature)
    next(answers)
    answers.close()
    assert next(answers, None) is None


def test_all_may_be_bad(paths):
    def never(pixels, sizes):
        raise AssertionError("there is no canvas")

    (answer,) = answers_of(paths[-1:], 4, never, never)
    assert isinstance(answer, PictureError)


@pytest.fixture
def spotted(tmp_path) -> list[Path]:
    """Pictures with a spot: small, in a large one; large; small, in a small one; none at all."""
    found = []
    for number, (side, spot) in enumerate([(640, 64), (640, 480), (64, 6), (640, 0)]):
        picture = np.zeros((side, side), np.uint8)
        picture[:spot, :spot] = 255
        found.append(tmp_path / f"{number}.png")
        Image.fromarray(picture).save(found[-1])
    return found


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_where_little_is_found_the_page_is_asked(spotted, batch_size):
    answers = answers_of(spotted, batch_size)
    assert [answer.closer for answer in answers] == [True, False, False, True]
    assert [answer.outputs.side for answer in answers] == [512, 64, 64, 512]


def test_more_pages_than_go_at_once_are_asked_in_turn(spotted):
    asked = []

    def pages(pixels, sizes):
        asked.append(len(pixels))
        return signature(pixels, sizes)

    answers = answers_of(spotted[:1] * 70, 100, pages=pages)
    assert asked == [32, 32, 6]
    assert {answer.outputs.side for answer in answers} == {512}


def test_a_model_without_pages_answers_as_it_can(spotted):
    answers = answers_of(spotted, 10, pages=None)
    assert [answer.outputs.side for answer in answers] == [64] * 4


def test_a_picture_that_is_gone_before_the_closer_look_is_an_error(spotted):
    def loses(pixels, sizes):
        spotted[0].unlink(missing_ok=True)
        return signature(pixels, sizes)

    answers = answers_of(spotted, 10, loses)
    assert isinstance(answers[0], PictureError)
    assert [answer.outputs.side for answer in answers[1:]] == [64, 64, 512]
