"""Which digits to train on: the four CSV files, MNIST by download, or the bundled digits."""

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from nn.data import bundled, download
from nn.data.csv_files import CSV_NAMES
from nn.data.data_sets import read_set
from nn.data.digits import NO_DIGIT, Digits
from nn.data.told import UNTOLD, Told
from nn.errors import DataError, UserError
from nn.runtime.locations import find_folder
from nn.runtime.signals import Stop
from nn.training.drawn_pictures import no_digits, styled
from nn.training.fitted_pictures import fit_pictures
from nn.training.found_digits import EXTRA, found_digits

log = logging.getLogger(__name__)

MNIST_FOLDER = Path("MNIST")  # of the current directory, or else beside the scripts
# scikit-learn's 1,797 digits stand in the order of their writers. The last ones are the test
# digits, so that training sees few of their writers.
BUNDLED_TRAINING_DIGITS = 1500
ENLARGED_MARGIN_PIXELS = 2  # on each side of an 8×8 digit, before it is enlarged
ENLARGED_SIDE_PIXELS = 48  # four times the digit with its margin
# Extra pictures: the share of each sort (docs/experiments.md).
EXTRAS = {"on paper": 0.8, "no digit": 0.1, "styled": 0.06, "other writers": 0.04}
# Gray, of 255, that is subtracted from an enlarged digit. With 96 the mean pixel is 32; with 0 it
# is 43. The mean of MNIST's training digits is 33.
FAINT_GRAY = 96


@dataclass(frozen=True)
class Source:
    """Training and test digits, and where they come from.

    name: what messages and the model card call the source; option: what `load` takes to load the
    digits again from any working folder.
    """

    name: str
    option: str
    training: Digits
    test: Digits

    @property
    def bundled(self) -> bool:
        """Whether these are scikit-learn's digits, not MNIST's or a user's."""
        return self.option == "bundled"

    @cached_property
    def description(self) -> dict:
        """What a run's config and a model card say about the data."""
        return {
            "source": self.name,
            "training_images": len(self.training),
            "training_sha256": self.training.sha256(),
            "test_images": len(self.test),
            "test_sha256": self.test.sha256(),
        }


def as_begun(source: Source, description: object) -> Source:
    """Returns a source under the name that a run was started with. A run may name a relative path;
    resumed, it loads the digits by their full path.

    description: a Source's, from the run's config. Raises UserError if the digits are others.
    """
    name = description.get("source") if isinstance(description, dict) else None
    if isinstance(name, str) and name != source.name:
        source = replace(source, name=name)
    if source.description != description:
        raise UserError(f"{source.name}: these are not the digits that the run was started with")
    return source


def load(data: str, quiet: bool = False, told: Told = UNTOLD) -> Source:
    """The digits that --data names: "auto", "mnist", "bundled", or a file or folder of digits.

    nn/data/data_sets.py reads files and folders. "mnist" is the folder MNIST/ of the current
    directory, or else the one beside the scripts. If neither holds CSV files, it downloads MNIST
    into the first. "auto" does so too, but falls back to the bundled digits, and says so, if the
    download fails. told: what the user says of how the images are stored. A Source's option starts
    with it, as in `transposed:/home/me/digits`, so that a run can be resumed. Raises DataError if
    the data is missing, damaged or cannot be downloaded.
    """
    if data == "bundled":
        return _bundled()
    told, data = split_option(data, told)
    mnist = find_folder(MNIST_FOLDER, _holds_csv_files)
    folder = mnist if data in ("auto", "mnist") else Path(data)
    if data in ("auto", "mnist") and not _holds_csv_files(folder):
        log.info("No CSV files in %s/; downloading MNIST", folder)
        try:
            download.download(folder, quiet=quiet)
        except DataError as error:
            if data == "mnist":
                raise
            log.warning("warning: %s", error)
            log.warning(
                "warning: training on the %s small digits bundled with scikit-learn instead; "
                "such a model reads worse. For MNIST without a network: python -m nn.mnist "
                "--from DIR", f"{BUNDLED_TRAINING_DIGITS:,}",
            )  # fmt: skip
            return _bundled()
    training, test = read_set(folder, told)
    name, option = str(folder), str(folder.resolve())
    if folder.resolve() == mnist.resolve():
        name, option = str(MNIST_FOLDER), "mnist"
    return Source(name, _option_prefix(told) + option, training, test)


def _holds_csv_files(folder: Path) -> bool:
    return any((folder / name).exists() for name in CSV_NAMES)


def _option_prefix(told: Told) -> str:
    return "".join(
        ("" if value else "not-") + f"{name}:"
        for name, value in told._asdict().items()
        if value is not None
    )


def split_option(option: str, told: Told = UNTOLD) -> tuple[Told, str]:
    """Splits a Source's option into what was told of its images and the rest. told: what is known
    already."""
    for name in Told._fields:
        for value, prefix in ((True, f"{name}:"), (False, f"not-{name}:")):
            if option.startswith(prefix):
                told, option = told._replace(**{name: value}), option.removeprefix(prefix)
    return told, option


def extra_pictures(
    source: Source,
    digits: Digits,
    share: float,
    seed: int,
    *,
    stop: Stop = lambda: None,
    quiet: bool = True,
) -> Digits:
    """Extra pictures to train on beside some of a source's digits, some `share` times as many.

    EXTRAS says how many of each sort. Those on paper are what the finder of ink delivers of
    composed pictures (found_digits.py). Letters and scribbles, which get the label NO_DIGIT, and
    digits with a stroke added, such as a bar through a seven, are drawn by drawn_pictures.py. Those
    by other writers are scikit-learn's digits, as many as there are; a run on these digits itself
    gets none of them, for they include its test digits. stop, quiet: as in compose_pictures.
    """
    counts = {sort: round(part * share * len(digits)) for sort, part in EXTRAS.items()}
    random = np.random.default_rng(seed)
    pictures, labels = styled(digits, counts["styled"], random)
    if not source.bundled:
        small, small_labels = bundled.bundled_digits()
        chosen = random.permutation(len(small))[: counts["other writers"]]
        pictures += list(small[chosen])
        labels = np.concatenate([labels, small_labels[chosen]])
    others = no_digits(digits, counts["no digit"], random)
    labels = np.concatenate([labels, np.full(len(others), NO_DIGIT)]).astype(np.int64)
    drawn = Digits(fit_pictures(pictures + others), labels)
    key = (seed, EXTRA)
    return drawn.joined(found_digits(digits, counts["on paper"], key, stop=stop, quiet=quiet))


def _bundled() -> Source:
    """scikit-learn's 8×8 digits, brought to 28×28 as the ink of any picture is."""
    small, labels = bundled.bundled_digits()
    digits = Digits(fit_pictures([_enlarge(image) for image in small]), labels)
    training, test = digits[:BUNDLED_TRAINING_DIGITS], digits[BUNDLED_TRAINING_DIGITS:]
    return Source("bundled", "bundled", training, test)


def _enlarge(image: np.ndarray) -> np.ndarray:
    """uint8 [8, 8] → [48, 48], with a margin: the digit fills its frame, and ink needs paper.

    Enlarging smears the strokes. Subtracting FAINT_GRAY brings them back to MNIST's width.
    """
    padded = Image.fromarray(np.pad(image, ENLARGED_MARGIN_PIXELS))
    enlarged = padded.resize((ENLARGED_SIDE_PIXELS,) * 2, Image.Resampling.BICUBIC)
    ink = np.maximum(np.asarray(enlarged, np.float32) - FAINT_GRAY, 0)
    return np.round(ink * (255 / (255 - FAINT_GRAY))).astype(np.uint8)
