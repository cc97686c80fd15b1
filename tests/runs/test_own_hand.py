"""A model that learns a hand: exported if it reads it better, and others' digits no worse."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import change_json, write_csv_folder
from PIL import Image

from nn import Predictor
from nn.data.digits import Digits
from nn.errors import UserError
from nn.runs import own_hand
from nn.runs.command_line import parse_arguments
from nn.runs.own_hand import OwnHand
from nn.runs.start_model import Start
from nn.runtime.signals import Interrupted
from nn.training import datasets, own_digits
from nn.training.datasets import Source
from nn.training.run_folder import RunFolder


@pytest.fixture(autouse=True)
def others(digits, monkeypatch) -> Source:
    """The other people's digits: real ones, that every machine has."""
    source = Source("bundled", "bundled", *digits)
    load = datasets.load
    monkeypatch.setattr(
        datasets,
        "load",
        lambda data, quiet=False: (
            source if data != "own" and not Path(data).is_dir() else load(data, quiet)
        ),
    )
    return source


def mirrored(digits: Digits) -> Digits:
    """A hand that no model has seen: everything as in a mirror."""
    return Digits(np.ascontiguousarray(digits.images[:, :, ::-1]), digits.labels)


@pytest.fixture
def own(digits, tmp_path) -> Path:
    """A folder of 100 mirrored digits, as four CSV files."""
    test = mirrored(digits[1])
    return write_csv_folder(tmp_path / "my hand ü", test[:60], test[60:100])


def test_a_model_learns_a_hand_and_forgets_no_other(own, model, digits, tmp_path, train_here,
                                                    monkeypatch):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own_digits, "FOLDS", 3)
    finished = train_here("--data", own, "--start-from", model, "--run-dir", "run")
    assert finished.returncode == 0, finished.stderr
    version = Path("SavedModel") / own.name / "1"
    card = json.loads((version / "model_card.json").read_text())
    learned, before = card["learned"], json.loads((model / "1" / "model_card.json").read_text())
    assert learned["own_count"] == 100
    assert learned["own_after"] < learned["own_before"] / 2
    assert card["started_from"]["weights_sha256"] == before["weights_sha256"]
    assert card["trained_on"] == before["trained_on"] + 100
    assert card["data"]["source"] == f"bundled and {own.name}"
    assert "100 digits of my hand ü" in card["calibration"]["fitted_to"]
    lines = finished.stdout.splitlines()
    assert f"Your 100 digits: {learned['own_after']} wrong, " in finished.stdout
    for name in ("sample_predictions.png", "confident_mistakes.png"):
        with Image.open(Path("run", name)) as picture:
            assert min(picture.size) > 400
    assert f"; before {learned['own_before']} and {learned['own_sure_before']} (" in finished.stdout
    assert lines[-1].endswith(f"--model 'SavedModel/{own.name}/1'")
    new = mirrored(digits[1])[100:]
    with Predictor(version) as after, Predictor(model) as start:
        errors = [(one.predict(new.images).digits != new.labels).sum() for one in (start, after)]
        others = [(one.predict(digits[1].images[100:]).digits != new.labels).sum()
                  for one in (start, after)]  # fmt: skip
    assert errors[1] < 0.6 * errors[0]  # digits of this hand that it has never seen
    assert others[1] < others[0] + 20
    finished = train_here("--resume", "run")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[0] == "This run is finished: run/"
    assert [path.name for path in version.parent.iterdir()] == ["1"]


def known_digits(digits: Digits, model: Path) -> Digits:
    """Those of the first digits that the model reads right and is sure of."""
    (answers,) = Start.of(model).answers(digits[:200])
    return digits[:200][answers.sure & ~answers.wrong]


def training_of(own: Digits, model: Path, source: Source, folder: Path) -> OwnHand:
    start = Start.of(model)
    settings = start.settings(source, {"batch_size": 16})
    run = OwnHand(settings, own, "mine", source, start, RunFolder(folder), folder / "out")
    run.create()
    return run


def test_a_stopped_training_ends_with_the_same_weights(
    digits, model, others, tmp_path, monkeypatch, plotless
):
    monkeypatch.setattr(OwnHand, "figures", lambda *_: {})
    monkeypatch.setattr(own_digits, "FOLDS", 2)
    monkeypatch.setattr(own_digits, "EPOCH_STEPS", 40)
    own = mirrored(digits[1][:20])
    whole = training_of(own, model, others, tmp_path / "whole")
    learned = whole.finish(quiet=True)
    stopped = training_of(own, model, others, tmp_path / "stopped")
    asked = iter(range(1000))
    with pytest.raises(Interrupted):  # in the second part
        stopped.finish(stop=lambda: 15 if next(asked) >= 3 else None, quiet=True)
    stopped = own_hand.reopen(tmp_path / "stopped", quiet=True)
    again = stopped.finish(quiet=True)
    assert again.verdict == learned.verdict
    hashes = [json.loads((run.export(found) / "model_card.json").read_text())["weights_sha256"]
              for run, found in ((whole, learned), (stopped, again))]  # fmt: skip
    assert hashes[0] == hashes[1]


def test_a_training_that_was_killed_before_it_had_a_config_starts_anew(
    digits, model, others, tmp_path, monkeypatch
):
    def kill(*_):
        raise KeyboardInterrupt

    own = mirrored(digits[1][:20])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(own_digits, "save", kill)
        training_of(own, model, others, tmp_path / "run")
    training_of(own, model, others, tmp_path / "run")
    assert len(own_hand.reopen(tmp_path / "run", quiet=True).own) == 20


def test_a_model_that_has_nothing_to_learn_is_not_trained(digits, model, tmp_path, train_here,
                                                    monkeypatch):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    known = known_digits(digits[0], model)
    own = write_csv_folder(tmp_path / "known", known[:20], known[20:40])
    finished = train_here(
        "--data", own, "--start-from", model, "--run-dir", "run", "--quiet", "--precision", "auto"
    )
    assert finished.returncode == 1, finished.stderr
    assert finished.stdout.splitlines()[-1] == (
        "Nothing to learn: the model already reads all 40 of your digits right, and is sure of them"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["known"]


def test_what_is_told_of_the_images_holds_for_own_digits(digits, model, tmp_path, train_here,
                                                    monkeypatch):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    known = known_digits(digits[0], model)[:10]
    np.savez("few.npz", x=known.images.transpose(0, 2, 1), y=known.labels)
    options = ["--data", "few.npz", "--start-from", model, "--run-dir", "run"]
    finished = train_here(*options, "--transposed")
    assert finished.returncode == 1, finished.stderr
    assert finished.stderr == ""  # nothing had to be found out
    assert finished.stdout == (
        "Nothing to learn: the model already reads all 10 of your digits right, and is sure of "
        "them\n"
    )


def test_a_batch_of_more_digits_than_there_are_is_refused(digits, model, others, tmp_path):
    start = Start.of(model)
    settings = start.settings(others, {"batch_size": 5000})
    folder = RunFolder(tmp_path / "run")
    run = OwnHand(settings, digits[1][:20], "mine", others, start, folder, tmp_path / "out")
    with pytest.raises(UserError, match="try a smaller --batch-size"):
        run.create()
    assert not folder.path.exists()


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04damaged", b"\x93NUMPYdamaged"])
def test_damaged_own_digits_are_one_line(digits, model, others, tmp_path, train_here, content):
    training_of(mirrored(digits[1][:20]), model, others, tmp_path / "run")
    file = tmp_path / "run" / "own_digits.npz"
    file.unlink() if content is None else file.write_bytes(content)
    finished = train_here("--resume", tmp_path / "run")
    assert finished.returncode == 2
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"error: {file}: ")
    assert line.endswith("; start a new run")


def test_a_changed_start_or_changed_digits_are_refused(digits, model, others, tmp_path):
    training_of(mirrored(digits[1][:20]), model, others, tmp_path / "run")
    file = tmp_path / "run" / "config.json"
    config = json.loads(file.read_text())
    change_json(file, start_sha256="another")
    with pytest.raises(UserError, match="have changed; start a new run"):
        own_hand.reopen(tmp_path / "run")
    for field in ("own", "load"):
        change_json(file, **{field: 5, "start_sha256": config["start_sha256"]})
        with pytest.raises(UserError, match="damaged, it cannot be resumed"):
            own_hand.reopen(tmp_path / "run")


def test_validation_digits_are_those_that_the_start_held_out(model, others):
    start = Start.of(model)  # trained on a fifth less than all, with seed 0
    assert start.holds_out(others)
    assert start.settings(others, {"seed": None}).validation_split == 0.2
    all_of_them = replace(start, card={**start.card, "validation_split": 0.0})
    assert not all_of_them.holds_out(others)
    other_data = {**start.card, "data": {**start.card["data"], "training_sha256": "other"}}
    assert not replace(start, card=other_data).holds_out(others)


def test_validation_digits_that_the_start_has_seen_are_not_new(model, others):
    start = Start.of(model)
    assert start.has_not_seen(others, start.settings(others, {}))
    # Another seed draws other validation digits: the start has trained on most of them.
    assert not start.has_not_seen(others, start.settings(others, {"seed": 7}))
    for held_out in (True, False):  # by the version that it started from
        learned = replace(start, card={**start.card, "started_from": {"held_out": held_out}})
        assert learned.has_not_seen(others, learned.settings(others, {})) == held_out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--start-from", "m"], "name them with --data"),
        (["--labels", "l.csv"], "--labels is for --start-from"),
        (["--start-from", "m", "--data", "d", "--network", "dense"], "drop --network"),
        (["--start-from", "m", "--data", "d", "--refit"], "drop --refit"),
        (["--start-from", "m", "--data", "d", "--quantize"], "drop --quantize"),
        (["--start-from", "m", "--data", "mnist"], "--start-from learns digits of your own; name"),
        (
            ["--start-from", "m", "--data", "d", "--labels", "l.csv", "--no-inverted"],
            "--transposed and --inverted are about data files, not pictures; drop --labels or them",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(options, words, capsys):
    with pytest.raises(SystemExit):
        parse_arguments(options)
    assert words in capsys.readouterr().err
