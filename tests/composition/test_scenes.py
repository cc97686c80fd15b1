"""nn/composition: what the composed pictures show, and that their ink is where it says."""

import numpy as np
import pytest

from nn.composition.scenes import compose
from nn.data.digits import NO_DIGIT

COUNT = 300


@pytest.fixture(scope="module")
def scenes(digits):
    return [compose(digits[0], np.random.default_rng([3, number])) for number in range(COUNT)]


def test_a_scene_lies_in_the_middle_of_its_canvas_and_its_longer_side_fills_it(scenes):
    for scene in scenes:
        assert scene.pixels.shape == scene.ink.shape == (64, 64)
        assert scene.pixels.dtype == scene.ink.dtype == np.uint8
        assert max(scene.size) == 64
        inside = scene.inside()
        assert inside.sum() == scene.size[0] * scene.size[1]
        assert not scene.pixels[~inside].any()
        assert not scene.ink[~inside].any()


def test_a_digit_has_ink_and_a_blank_sheet_has_none(scenes):
    for scene in scenes:
        if scene.label != NO_DIGIT:
            assert (scene.ink > 127).sum() >= 5
    blank = [scene for scene in scenes if not scene.ink.any()]
    assert 0.03 < len(blank) / COUNT < 0.15
    assert {scene.label for scene in blank} == {NO_DIGIT}


def test_the_ink_is_where_the_picture_shows_it(scenes):
    """On most pictures, ink and the paper right beside it differ by more than the paper's noise."""
    clear = []
    for scene in scenes:
        ink, beside = scene.ink > 200, scene.inside() & (scene.ink < 20)
        if ink.sum() < 20:
            continue
        near = np.zeros_like(ink)
        for shift in [(y, x) for y in range(-4, 5) for x in range(-4, 5)]:
            near |= np.roll(ink, shift, (0, 1))
        levels = scene.pixels.astype(float)
        paper = levels[near & beside]
        clear.append(abs(levels[ink].mean() - paper.mean()) > 0.7 * paper.std())
    assert np.mean(clear) > 0.85
    assert len(clear) > 0.6 * COUNT


def test_contrast_size_and_polarity_cover_what_people_bring(scenes):
    written = [scene for scene in scenes if scene.label != NO_DIGIT]
    heights = [np.ptp(np.flatnonzero((scene.ink > 60).any(1))) + 1 for scene in written]
    assert np.quantile(heights, 0.1) < 24
    assert np.quantile(heights, 0.9) > 48
    lighter = []
    for scene in written:
        levels = scene.pixels.astype(float)
        paper = np.median(levels[scene.inside() & (scene.ink < 20)])
        lighter.append(levels[scene.ink > 200].mean() > paper if (scene.ink > 200).any() else False)
    assert 0.15 < np.mean(lighter) < 0.6
