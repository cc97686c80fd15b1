"""The pictures that benchmarks/numbers draws show what their numbers say; its counts are right."""

import io
import json
from argparse import Namespace
from itertools import pairwise

import numpy as np
import pytest
from conftest import run_script
from PIL import Image
from scipy import ndimage

from benchmarks.numbers import __main__ as command
from benchmarks.numbers import fields, kinds
from benchmarks.numbers.hands import INK, Hand, any_hand
from benchmarks.numbers.kinds import KINDS, seeded
from benchmarks.numbers.sheets import Scene, Sheet, sheet_of
from benchmarks.numbers.signs import SIGNS, spaced, text_with
from nn.prediction.readings import NumberDigit, NumberReading

HEIGHT = 90.0  # pixels, of a digit
COMPOSED = list(kinds.COMPOSED)


def scene_of(kind: str, digits, seed: int) -> tuple[Scene, str]:
    return kinds.COMPOSED[kind](digits[1], HEIGHT, np.random.default_rng(seed))


def sheet(scene: Scene) -> Sheet:
    return sheet_of(scene, (250, 250, 250), np.random.default_rng(0))


def steady_hand(pen: float = 6.0, gap: float = 20.0) -> Hand:
    return Hand(HEIGHT, pen, False, 0.1, gap, 0.0, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_depends_on_digits_seed_kind_and_place_alone(kind, digits, tmp_path):
    drawn = []
    for name, seed, count in (("first", 0, 3), ("fewer", 0, 2), ("other", 1, 2)):
        (folder := tmp_path / name).mkdir()
        paths, numbers = command.write(digits[1], count, seed, folder, kind)
        drawn.append([(p.name, p.read_bytes(), n) for p, n in zip(paths, numbers, strict=True)])
    first, fewer, other = drawn
    assert first[:2] == fewer
    assert not {content for _, content, _ in first} & {content for _, content, _ in other}
    assert len({content for _, content, _ in first}) == 3
    for name, content, number in first:
        assert name.startswith(f"{kind}_")
        shown = name.rpartition(".")[0].split("_", 2)[2]
        assert shown.replace("_", "") == "".join(filter(str.isdigit, number))
        with Image.open(io.BytesIO(content)) as picture:
            assert min(picture.size) >= 26
            assert np.asarray(picture.convert("L")).std() > 5


def test_each_kind_has_seeds_of_its_own_and_plain_keeps_its_old_ones():
    draws = {kind: seeded(kind, 3, 4).random() for kind in KINDS}
    assert len(set(draws.values())) == len(KINDS) == 7
    assert draws["plain"] == np.random.default_rng([3, 4]).random()


def test_the_numbers_of_a_kind_have_its_form(digits):
    texts = {kind: [scene_of(kind, digits, seed)[1] for seed in range(8)] for kind in COMPOSED}
    for kind, most in (("touching", 4), ("boxes", 8), ("combs", 8), ("frames", 6)):
        assert all(text.isdigit() and len(text) <= most for text in texts[kind]), kind
    for text in texts["rows"]:
        lines = text.split("\n")
        assert 2 <= len(lines) <= 5 and all(line.isdigit() for line in lines)


@pytest.mark.parametrize("sign", SIGNS)
def test_signs_stand_between_digits(sign):
    texts = [text_with(sign, np.random.default_rng(seed)) for seed in range(60)]
    for text in texts:
        signs = [other for other in text if not other.isdigit()]
        assert sign in signs and len(signs) <= 2 and set(signs) <= set(SIGNS)
        assert text[0].isdigit() and text[-1].isdigit()
        assert not any(a in SIGNS and b in SIGNS for a, b in pairwise(text))
    assert len(set(texts)) > 30


@pytest.mark.parametrize("seed", range(6))
def test_a_sign_has_the_form_that_tells_it_from_the_others(seed):
    marks = {sign: draw(steady_hand(), np.random.default_rng(seed)) for sign, draw in SIGNS.items()}
    parts = {sign: ndimage.label(mark.mask > INK)[1] for sign, mark in marks.items()}
    assert parts == {".": 1, ",": 1, "/": 1, "-": 1, ":": 2}
    high, wide = ({sign: side(np.flatnonzero((mark.mask > INK).any(axis)))
                   for sign, mark in marks.items()}
                  for axis, side in ((1, np.ptp), (0, np.ptp)))  # fmt: skip
    ends = {sign: mark.top + np.flatnonzero((mark.mask > INK).any(1))[[0, -1]]
            for sign, mark in marks.items()}  # fmt: skip
    assert max(high["."], wide["."]) < 0.2 * HEIGHT and ends["."][1] < 0.1 * HEIGHT
    assert ends[","][1] > 0.12 * HEIGHT and ends[","][0] > -0.2 * HEIGHT
    assert wide["-"] > 2 * high["-"] and -0.7 * HEIGHT < ends["-"].mean() < -0.3 * HEIGHT
    assert ends[":"][0] < -0.45 * HEIGHT and ends[":"][1] < 0
    assert high["/"] > 0.95 * HEIGHT and wide["/"] > 0.18 * high["/"]


def test_digits_and_signs_of_a_number_are_apart(digits):
    for seed, text in enumerate(("12.5", "31/12/26", "10:45", "3,75", "044-7")):
        row = spaced(text, steady_hand(), digits[1], np.random.default_rng(seed))
        alone = sum(ndimage.label(mark.mask > INK)[1] for mark in row)
        assert ndimage.label(sheet(Scene(row, HEIGHT, [])).ink > INK)[1] == alone
        middles = [(mark.left + mark.right) / 2 for mark in row]
        assert middles == sorted(middles)


@pytest.mark.parametrize("seed", range(12))
def test_neighbors_touch(seed, digits):
    scene, text = scene_of("touching", digits, seed)
    alone = sum(ndimage.label(mark.mask > INK)[1] for mark in scene.marks)
    bridges = len(scene.marks) - len(text)
    assert 2 <= len(text) <= 4 and bridges in range(len(text))
    assert ndimage.label(sheet(scene).ink > INK)[1] < alone - bridges


def bands(ink: np.ndarray) -> int:
    """Counts the bands with ink. A digit's detached stroke lies close to the rest of it."""
    inked = np.flatnonzero((ink > INK).any(1))
    return 1 + int(np.count_nonzero(np.diff(inked) > 0.08 * HEIGHT))


def test_a_page_shows_as_many_rows_as_its_text(digits):
    counted = []
    for seed in range(12):
        scene, text = scene_of("rows", digits, seed)
        assert len(scene.marks) == len(text.replace("\n", ""))
        counted.append((bands(sheet(scene).ink), text.count("\n") + 1))
    # Rows that drift may overlap in height where they lie close to each other.
    assert all(seen <= rows for seen, rows in counted)
    assert sum(seen == rows for seen, rows in counted) >= 9, counted


@pytest.mark.parametrize("kind", ["boxes", "combs"])
def test_a_digit_leaves_its_cell_only_a_little(kind, digits):
    for seed in range(12):
        random = np.random.default_rng(seed)
        marks = [any_hand(HEIGHT, random).digit(n % 10, digits[1], random) for n in range(5)]
        places = fields.cells(7, HEIGHT, kind == "combs", random)
        row = fields.in_cells(marks, places, HEIGHT, random)
        assert len(row) == 5  # the last two cells stay empty
        for mark, (left, _, right, _) in zip(row, places, strict=False):
            assert left - 0.11 * HEIGHT <= mark.left and mark.right <= right + 0.11 * HEIGHT
            assert left < (mark.left + mark.right) / 2 < right


@pytest.mark.parametrize("kind", ["boxes", "combs", "frames"])
def test_print_is_drawn_beside_the_ink(kind, digits):
    for seed in range(4):
        scene, _ = scene_of(kind, digits, seed)
        assert scene.prints
        with_print, without = sheet(scene), sheet(scene._replace(prints=[]))
        assert (with_print.ink == without.ink).all()
        changed = np.abs(with_print.picture - without.picture).max(2) > 20
        assert changed.sum() > 2 * HEIGHT  # two lines, at the least, as long as a digit is high


def reading(number: str | None, status: str, name: str = "x/a.png") -> NumberReading:
    digits = [NumberDigit(int(n), 0.9, [0, 0, 1, 1], 0) for n in number or "" if n.isdigit()]
    return NumberReading(name, status, number, digits, None if status == "ok" else "why")


NUMBERS = ["12.5", "1\n2", "7", "8", "9"]
READINGS = [reading("12.5", "ok"), reading("12", "ok"), reading("7", "unsure"),
            reading("3", "unsure"), reading(None, "unsure")]  # fmt: skip


def test_a_reading_is_right_if_it_equals_the_whole_text():
    score = command.score(READINGS, NUMBERS)
    assert score == command.Score(numbers=5, right=2, sure=2, sure_and_wrong=1)
    rows = list(command.table({"rows": score}))
    assert [cell.strip() for cell in rows[-1].split("|")] == ["rows", "5", "2", "3", "1"]
    assert len({len(row) for row in rows}) == 1
    assert list(command.mistakes(READINGS, NUMBERS, False)) == [
        r"a.png: '1\n2' read as 12; sure",
    ]
    assert list(command.mistakes(READINGS, NUMBERS, True))[1:] == [
        "a.png: 8 read as 3; why",
        "a.png: 9 read as nothing; why",
    ]


class Reader:
    """A Predictor that reads what a file's name says, and is sure of it."""

    def __init__(self):
        self.card = {"weights_sha256": "0" * 64}

    def read_numbers(self, paths):
        for path in paths:
            yield reading(path.stem.split("_", 2)[2].replace("_", "\n"), "ok", str(path))


def test_each_kind_is_counted_under_its_name(digits, tmp_path):
    options = Namespace(kinds=["rows", "separators"], count=2, seed=0, split="test",
                        mistakes=False)  # fmt: skip
    scores, wrong = command.measure(Reader(), digits[1], options, tmp_path)
    found = json.loads(json.dumps(command.results(Reader(), options, scores)))
    assert found["kinds"] == {
        "rows": {"numbers": 2, "right": 2, "sure": 2, "sure_and_wrong": 0},
        "separators": {"numbers": 2, "right": 0, "sure": 2, "sure_and_wrong": 2},
    }
    assert [line.split(":")[0].startswith("separators_") for line in wrong] == [True, True]
    assert len(list(tmp_path.iterdir())) == 4


def test_help_names_the_kinds_and_a_wrong_kind_is_refused():
    shown = run_script("-m", "benchmarks.numbers", "--help")
    assert shown.returncode == 0, shown.stderr
    assert all(kind in " ".join(shown.stdout.split()) for kind in KINDS)
    refused = run_script("-m", "benchmarks.numbers", "--kinds", "circles")
    assert refused.returncode == 2
    assert "circles" in refused.stderr and "separators" in refused.stderr
