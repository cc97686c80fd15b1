"""The reader of each file that the project writes and reads again, and what it reads."""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.digits import Digits
from nn.errors import UserError
from nn.export.write import write_card
from nn.networks.registry import get_network
from nn.runs import exports
from nn.runs.comparison import Comparison
from nn.runtime.sealed_json import warn_of_no_checksum
from nn.training import own_digits
from nn.training.checkpoints import Checkpoints, checkpoint_prefixes
from nn.training.graph import build_training_graph
from nn.training.run_folder import RunFolder, is_comparison
from nn.training.settings import Settings
from nn.versions import LITERT_FILE, read_card

EPOCHS = 2


@dataclass(frozen=True)
class Reader:
    """file: what is damaged. flips: how many bits, at full scale. reads_the_same: reads it; whether
    it is, or leads to, the same as before. Raises UserError where it is refused. changes_others:
    whether it may change other files of the folder too."""

    file: Path
    flips: int
    reads_the_same: Callable[[], bool]
    name: str
    changes_others: bool = False

    @contextmanager
    def put_back_afterwards(self) -> Iterator[None]:
        """Puts the file back when the block ends."""
        if not self.changes_others:
            content = self.file.read_bytes()
            try:
                yield
            finally:
                self.file.write_bytes(content)
            return
        folder = self.file.parent
        kept = folder.with_name(f"{folder.name}.kept")
        shutil.copytree(folder, kept)
        try:
            yield
        finally:
            shutil.rmtree(folder)
            kept.rename(folder)


@contextmanager
def warnings_of() -> Iterator[list[str]]:
    """Collects the warnings that nn logs in the block, also those of which a process shows one."""
    warn_of_no_checksum.cache_clear()
    found: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("nn")
    logger.addHandler(handler)
    before, logger.propagate = logger.propagate, False
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


def readers_of(run: Path, version: Path, comparison: Path, folder: Path) -> Iterator[Reader]:
    """The readers of all files of a run, of its export and of a comparison. folder: for more."""
    yield from _of_version(version)
    yield from _of_onnx(folder / "onnx")
    yield from _of_run(RunFolder(run), version.parent)
    yield from _of_comparison(comparison)
    yield from _of_checkpoints(RunFolder(run))
    yield from _of_own_digits(folder / "own")


def _equals(read: Callable[[], Any]) -> Callable[[], bool]:
    """Whether what is read equals what is read now."""
    whole = read()
    return lambda: read() == whole


def _of_version(version: Path) -> Iterator[Reader]:
    is_equal = _equals(lambda: read_card(version))
    data = "variables/variables.data-00000-of-00001"
    for name, flips in (("model_card.json", 200), ("saved_model.pb", 60), (LITERT_FILE, 60),
                        (data, 60), ("variables/variables.index", 60)):  # fmt: skip
        yield Reader(version / name, flips, is_equal, Path(name).name)


def _of_onnx(folder: Path) -> Iterator[Reader]:
    """A converter of a minute or two makes such files; a card knows no more of them than hashes."""
    folder.mkdir()
    (folder / "serving_default.onnx").write_bytes(np.random.default_rng(0).bytes(100_000))
    write_card(folder, read_card(Path(__file__).parent.parent.parent / "SavedModel" / "1"))
    is_equal = _equals(lambda: read_card(folder))
    yield Reader(folder / "model_card.json", 60, is_equal, "model_card.json of ONNX files")
    yield Reader(folder / "serving_default.onnx", 30, is_equal, "serving_default.onnx")


def _of_run(run: RunFolder, exports_folder: Path) -> Iterator[Reader]:
    yield Reader(run.config_file, 300, _equals(run.read_config), "config.json")
    history = _equals(lambda: run.read_history(EPOCHS))
    yield Reader(run.history_file, 100, history, "history.csv")
    yield Reader(run.path / "history.sha256", 60, history, "history.sha256")
    version = exports.find(run, exports_folder, EPOCHS)

    def finds_the_same_or_exports_again() -> bool:
        with warnings_of() as warnings:
            found = exports.find(run, exports_folder, EPOCHS)
        is_exported_again = found is None and (warnings or not run.export_file.exists())
        return found == version or bool(is_exported_again)

    yield Reader(run.export_file, 100, finds_the_same_or_exports_again, "exported.json")
    pictures = "9a" * 32
    run.extras_file.write_text(pictures + "\n", encoding="utf-8")

    def begins_with_these_pictures() -> bool:
        run.check_extras(pictures)  # raises where the file says otherwise
        return True

    yield Reader(run.extras_file, 60, begins_with_these_pictures, "extras.sha256")


def _of_comparison(folder: Path) -> Iterator[Reader]:
    def runs() -> list[Path]:
        if not is_comparison(folder):  # the script then takes it for a run
            RunFolder(folder).read_config()
        return [run.folder.path for run in Comparison.reopen(folder, None, quiet=True).runs]

    yield Reader(folder / "comparison.json", 60, _equals(runs), "comparison.json")
    comparison = Comparison.reopen(folder, None, quiet=True)
    whole = comparison.finished()
    assert len(whole) == 2

    def has_these_or_scores_again() -> bool:
        return all(row in whole for row in comparison.finished())

    yield Reader(folder / "comparison.csv", 60, has_these_or_scores_again, "comparison.csv")
    yield Reader(folder / "comparison.sha256", 30, has_these_or_scores_again, "comparison.sha256")


def _of_checkpoints(run: RunFolder) -> Iterator[Reader]:
    """Damages the newest of two checkpoints, then TensorFlow's list of them."""
    settings = Settings(**run.read_config()["settings"])
    network = get_network(settings.network, settings.hidden)
    graph = build_training_graph(network, settings.recipe, count=64, seed=settings.seed)
    whole = {Path(path).name: tf.train.load_checkpoint(path) for path in checkpoint_prefixes(run)}
    name = [*whole][-1]  # of the newest
    session = tf1.Session(graph=graph.graph)
    session.run(graph.initialize)
    checkpoints = Checkpoints(run, graph)

    def goes_on_from_a_whole_one() -> bool:
        with warnings_of() as warnings, graph.graph.as_default():
            checkpoints.resume(session)
        found = session.run({variable.op.name: variable for variable in graph.saved})
        # A warning ends with the checkpoint that it goes on from.
        kept = whole[warnings[0].rpartition(" ")[2] if warnings else name]
        return all(np.array_equal(value, kept.get_tensor(name)) for name, value in found.items())

    for file in (f"{name}.data-00000-of-00001", f"{name}.index", "checkpoint"):
        said = file.replace(name, "checkpoint-N")
        yield Reader(run.checkpoints / file, 60, goes_on_from_a_whole_one, said, True)
    session.close()


def _of_own_digits(folder: Path) -> Iterator[Reader]:
    folder.mkdir()
    file = folder / "own_digits.npz"
    random = np.random.default_rng(0)
    digits = Digits(random.integers(0, 256, (20, 28, 28), np.uint8), np.arange(20) % 10)
    own_digits.save(digits, file)

    def are_those_of_the_config() -> bool:
        if own_digits.load(file).sha256() != digits.sha256():
            raise UserError("other digits")  # as nn/runs/own_hand.py does
        return True

    yield Reader(file, 100, are_those_of_the_config, "own_digits.npz")
