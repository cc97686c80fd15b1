"""What --data names: a source is loaded again by its option, as a resumed run does it."""

from contextlib import chdir

import numpy as np
import pytest

from nn.data.told import Told
from nn.training import datasets


@pytest.mark.parametrize(
    "told", [Told(), Told(transposed=True), Told(False, True), Told(True, False)], ids=str
)
def test_an_option_holds_the_path_and_what_the_user_said(tmp_path, digits, told):
    training = digits[0][:70]
    folder = tmp_path / "mein Ördner"
    folder.mkdir()
    images = training.images
    images = 255 - images if told.inverted else images
    images = images.transpose(0, 2, 1) if told.transposed else images
    np.savez(folder / "digits.npz", images=images, labels=training.labels)
    with chdir(folder):
        source = datasets.load("digits.npz", told=told)
    again = datasets.load(source.option)
    assert source.name == "digits.npz"
    assert again.option == source.option
    assert again.training.sha256() == source.training.sha256()
    assert again.test.sha256() == source.test.sha256()
    both = source.training.joined(source.test)
    assert len(both) == 70
    assert {image.tobytes() for image in both.images} == {
        image.tobytes() for image in training.images
    }
