"""Damages each file that the project writes and reads again: flips a bit, cuts it, empties it,
removes it.

The reader of the file must then refuse it in one line, or read the same values as before. It reads
them from elsewhere, with one warning, or the damage has changed no value: a space in a JSON file,
for example. Anything else counts as accepted silently.

A training in a process of its own makes the files. Most are judged by calling their readers in this
process: that is what the scripts do first. Some are judged by a script itself, in a new process.
"""

import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.faults.drill import Row
from benchmarks.faults.readers import Reader, readers_of, warnings_of
from nn.errors import UserError

SEED = 20261130
ROOT = Path(__file__).parent.parent.parent
DIGIT = ROOT / "samples" / "3_pen.webp"

REFUSED, FELL_BACK, UNCHANGED, SILENT, TRACEBACK = OUTCOMES = (
    "refused in one line", "equal after one warning", "the same result", "ACCEPTED SILENTLY",
    "A TRACEBACK",
)  # fmt: skip
Damage = Callable[[Path], None]


class Made(NamedTuple):
    """What the trainings wrote."""

    run: Path
    version: Path
    comparison: Path


def damage(scale: float, folder: Path) -> Iterator[Row]:
    """A Drill: a row for each file, then one for the scripts as processes."""
    print(f"damage: seed {SEED}", flush=True)
    made = _make(folder)
    bits = random.Random(SEED)
    for reader in readers_of(made.run, made.version, made.comparison, folder):
        assert _judge(reader, lambda file: None) == UNCHANGED, reader.name
        damages = [_cut, _empty, Path.unlink]
        damages += [_flip(bits) for _ in range(max(1, round(scale * reader.flips)))]
        outcomes = Counter(_judge(reader, each) for each in damages)
        happens = ", ".join(f"{outcomes[name]} {name}" for name in OUTCOMES if outcomes[name])
        survived = len(damages) - outcomes[SILENT] - outcomes[TRACEBACK]
        yield Row(f"{reader.name} damaged", len(damages), survived, happens)
    yield _scripts(made, bits)


def _make(folder: Path) -> Made:
    made = Made(folder / "run", folder / "out" / "1", folder / "comparison")
    options = ["--data", "bundled", "--epochs", 2, "--saved-model", folder / "out", "--quiet"]
    for arguments in (
        ["--network", "tiny", "--run-dir", made.run],
        ["--compare", "tiny", "--seeds", 2, "--run-dir", made.comparison],
    ):
        finished = _script("train_neural_network.py", *arguments, *options)
        assert finished.returncode == 0, finished.stderr
    return made


def _judge(reader: Reader, damage: Damage) -> str:
    """Damages the reader's file, reads it, and puts it back. Returns which of OUTCOMES it was."""
    with reader.put_back_afterwards(), warnings_of() as warnings:
        damage(reader.file)
        try:
            is_equal = reader.reads_the_same()
        except UserError as error:
            return REFUSED if "\n" not in str(error) else TRACEBACK
        except Exception:
            return TRACEBACK
    if not is_equal or len(warnings) > 1 or any("\n" in each for each in warnings):
        return SILENT
    return FELL_BACK if warnings else UNCHANGED


def _flip(bits: random.Random) -> Damage:
    """A damage that flips one bit of a file; which one is drawn now."""
    place = bits.random()

    def flip(file: Path) -> None:
        content = bytearray(file.read_bytes())
        bit = int(place * 8 * len(content))
        content[bit // 8] ^= 1 << bit % 8
        file.write_bytes(content)

    return flip


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _scripts(made: Made, bits: random.Random) -> Row:
    """Damages files, and starts the script that reads them."""
    predict = ["load_saved_model.py", DIGIT, "--runtime", "litert", "--model"]
    resume = ["train_neural_network.py", "--resume"]
    cases: list[tuple[list, Path, str]] = [
        (predict, made.version, name)
        for name in (
            "model_card.json",
            "saved_model.pb",
            "digits.tflite",
            "variables/variables.index",
        )
    ]
    cases += [(resume, made.run, "config.json"), (resume, made.comparison, "comparison.json")]
    survived = 0
    for number, (command, folder, name) in enumerate(cases):
        copy = shutil.copytree(folder, folder.with_name(f"{folder.name}-{number}"))
        _flip(bits)(copy / name)
        finished = _script(*command, copy)
        is_one_line = finished.stderr.startswith("error: ") and finished.stderr.count("\n") == 1
        survived += finished.returncode == 2 and is_one_line and not finished.stdout
        shutil.rmtree(copy)
    return Row("a script starts with a damaged file", len(cases), survived, "one line, status 2")


def _script(name: str, *arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / name, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
