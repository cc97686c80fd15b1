"""Decoding beside the graph: each picture gets its own answer, and nothing hangs."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from nn.errors import PictureError
from nn.prediction.read_ahead import Graphs, answer_all


class Found(NamedTuple):
    total: np.ndarray
    side: np.ndarray
    ink: np.ndarray


def graph(pixels: np.ndarray, sizes: np.ndarray) -> Found:
    """Stands for the model's: of each canvas its sum and its side, and all that is there as ink."""
    sides = np.full(len(pixels), pixels.shape[1])
    return Found(pixels.sum((1, 2), dtype=np.int64), sides, np.where(pixels, 255, 0))


GRAPHS = Graphs(graph, graph)


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
    answered = list(answer_all(paths, batch_size, GRAPHS))
    assert [path for path, _ in answered] == paths
    for number, (_, answer) in enumerate(answered):
        if number in (5, 12):
            assert isinstance(answer, PictureError)
            continue
        width = (20, 60)[number % 2]
        assert answer.values[:2] == (10 * width * (number + 1), (32, 64)[number % 2])
        assert answer.size.tolist() == [10, width, 10]


def test_one_by_one_nobody_waits_for_the_next_picture(paths):
    given = []

    def asked():
        for path in paths:
            given.append(path)
            yield path

    answers = answer_all(asked(), 1, GRAPHS)
    for count in range(1, len(paths) + 1):
        next(answers)
        assert len(given) == count


def test_what_the_graph_raises_is_raised(paths):
    def fails(pixels, sizes):
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        list(answer_all(paths, 4, Graphs(fails, fails)))


def test_it_can_be_left_early(paths):
    answers = answer_all(paths, 2, GRAPHS)
    next(answers)
    answers.close()
    assert next(answers, None) is None


def test_all_may_be_bad(paths):
    def never(pixels, sizes):
        raise AssertionError("there is no canvas")

    ((_, answer),) = answer_all(paths[-1:], 4, Graphs(never, never))
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
    answers = [answer for _, answer in answer_all(spotted, batch_size, GRAPHS)]
    assert [answer.closer for answer in answers] == [True, False, False, True]
    assert [answer.values.side for answer in answers] == [512, 64, 64, 512]


def test_more_pages_than_go_at_once_are_asked_in_turn(spotted):
    asked = []

    def pages(pixels, sizes):
        asked.append(len(pixels))
        return graph(pixels, sizes)

    answers = list(answer_all(spotted[:1] * 70, 100, Graphs(graph, pages)))
    assert asked == [32, 32, 6]
    assert {answer.values.side for _, answer in answers} == {512}


def test_a_model_without_pages_answers_as_it_can(spotted):
    answers = [answer for _, answer in answer_all(spotted, 10, Graphs(graph, None))]
    assert [answer.values.side for answer in answers] == [64] * 4


def test_a_picture_that_is_gone_before_the_closer_look_is_an_error(spotted):
    def loses(pixels, sizes):
        spotted[0].unlink(missing_ok=True)
        return graph(pixels, sizes)

    answers = [answer for _, answer in answer_all(spotted, 10, Graphs(loses, graph))]
    assert isinstance(answers[0], PictureError)
    assert [answer.values.side for answer in answers[1:]] == [64, 64, 512]
