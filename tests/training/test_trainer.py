"""What a training tells of each epoch: the figures of its history, its bar and its log."""

import logging
import math
import signal
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import history_of

from nn.networks.registry import get_network
from nn.runs.run import Run
from nn.runtime.signals import Interrupted
from nn.training import trainer
from nn.training.datasets import Source
from nn.training.run_folder import Epoch, RunFolder
from nn.training.settings import Settings

COUNT, BATCH = 120, 30


class Bar:
    """What a progress bar is told."""

    def __init__(self, *, initial: int, total: int, **_) -> None:
        self.n, self.total, self.texts = initial, total, list[str]()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_) -> None: ...

    def set_postfix_str(self, text: str, refresh: bool) -> None:
        self.texts.append(text)

    def update(self, steps: int) -> None:
        self.n += steps


@pytest.fixture
def run(digits, tmp_path, plotless) -> Run:
    """A training of three epochs whose steps are so short that no weight changes."""
    source = Source("few", "few", digits[0][: COUNT + 30], digits[1][:50])
    settings = Settings.of(
        get_network("tiny"), epochs=3, batch_size=BATCH, learning_rate=1e-30, augment=False,
        validation_split=30 / (COUNT + 30),
    )  # fmt: skip
    run = Run(settings, source, RunFolder(tmp_path / "run"), tmp_path / "out")
    run.create()
    return run


@pytest.fixture
def bars(monkeypatch) -> list[Bar]:
    made: list[Bar] = []
    monkeypatch.setattr(trainer, "tqdm", lambda **told: made.append(Bar(**told)) or made[-1])
    monkeypatch.setattr(trainer, "FIRST_CHUNK_STEPS", 1)
    monkeypatch.setattr(trainer, "CHUNK_SECONDS", 0)  # so that a chunk is a step
    return made


def test_an_epoch_reports_the_mean_of_all_its_images(run, bars):
    """Each epoch sees each image once, so that all have the same mean loss and accuracy. The bar
    ends with them."""
    history = run.finish(quiet=True).history
    steps = COUNT // BATCH
    assert [epoch.step for epoch in history] == [steps, 2 * steps, 3 * steps]
    assert [epoch.loss for epoch in history] == pytest.approx([history[0].loss] * 3, rel=1e-5)
    assert [epoch.accuracy for epoch in history] == [history[0].accuracy] * 3
    assert 2 < history[0].loss < 3  # ten digits, none of them learned
    right = history[0].accuracy * COUNT
    assert right == pytest.approx(round(right))
    assert 0 <= history[0].accuracy < 0.5
    assert [epoch.validation_loss for epoch in history] == [history[0].validation_loss] * 3
    rows = history_of(run.folder.path)
    assert [float(row["loss"]) for row in rows] == pytest.approx([e.loss for e in history])
    for epoch, bar in zip(history, bars, strict=True):
        assert (bar.n, bar.total, len(bar.texts)) == (steps, steps, steps)
        assert bar.texts[-1] == f"loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.2%}"
        assert len(set(bar.texts)) == steps  # each the mean so far
    assert len({bar.texts[0] for bar in bars}) == 3  # each epoch begins with other images


def test_a_bar_goes_on_where_the_epoch_was_interrupted(run, bars):
    with pytest.raises(Interrupted):
        run.finish(stop=lambda: signal.SIGINT, quiet=True)
    assert bars[0].n == 1
    history = run.finish(quiet=True).history
    assert [bar.n for bar in bars] == [1, 4, 4, 4]
    assert len(bars[1].texts) == 3  # steps that were left
    np.testing.assert_allclose([epoch.loss for epoch in history], history[1].loss, rtol=1e-5)


def test_chunks_grow_until_each_takes_a_quarter_of_a_second(monkeypatch):
    """A step takes 1/1024 s here; the fifth chunk is held up for a second."""
    now, sizes = 0.0, []

    class Session:
        def run(self, _, feed: dict) -> None:
            nonlocal now
            (size,) = feed.values()
            sizes.append(size)
            now += size / 1024 + (len(sizes) == 5)

    monkeypatch.setattr(trainer.time, "perf_counter", lambda: now)
    graph = SimpleNamespace(train=None, feed=SimpleNamespace(steps="steps"))
    for _ in trainer.run_steps(Session(), graph, 1225):
        pass
    # At most 8 times the one before; then 256; then a fifth, as the fifth took 1.25 s.
    assert sizes == [16, 128, 256, 256, 256, 51, 256, 6]


@pytest.mark.parametrize(("epochs", "reported"), [(3, 3), (25, 25), (26, 13), (60, 20), (61, 21)])
def test_the_log_of_a_long_run_fits_a_screen(caplog, epochs, reported):
    caplog.set_level(logging.INFO, logger=trainer.log.name)
    for number in range(1, epochs + 1):
        trainer._report(Epoch(number, number, 0.5, 0.9, math.nan, math.nan, 1.0), epochs)
    assert len(caplog.messages) == reported <= trainer.MAX_REPORTED_EPOCHS
    assert caplog.messages[-1].startswith(f"Epoch {epochs:2d}/{epochs} ")
