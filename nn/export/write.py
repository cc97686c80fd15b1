"""Exports: numbered, atomic, self-sufficient; and finding and checking them again.

SavedModel/N/saved_model.pb    the graph, with four signatures
SavedModel/N/variables/        the weights
SavedModel/N/model_card.json   where they come from, how good they are, a hash of each file
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from nn.confidence.thresholds import Threshold
from nn.errors import ModelError

tf1 = tf.compat.v1

CARD = "model_card.json"
TRAIN_FIRST = "train one first: python train_neural_network.py"
BUNDLED = "bundled"  # the folder of models that were trained on the bundled digits


def export(
    graph: tf.Graph,
    signatures: Mapping[str, Mapping[str, Mapping[str, tf.Tensor]]],
    checkpoint: str,
    folder: Path,
    card: Mapping,
) -> Path:
    """Writes the next version into folder and returns its path, folder/N.

    graph: an inference graph; its variables are read from the checkpoint. signatures: name →
    {"inputs": {...}, "outputs": {...}}. card: what the caller knows of the model; hashes are
    added. The version appears whole, by a rename.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".incomplete-", dir=folder))
    try:
        version = temporary / "version"
        with tf1.Session(graph=graph) as session:
            with graph.as_default():
                tf1.train.Saver().restore(session, checkpoint)
            _write_saved_model(session, signatures, version)
            weights = _weights_sha256(session)
        full = {
            **card,
            "weights_sha256": weights,
            "files": {name: _sha256(version / name) for name in _files(version)},
        }
        (version / CARD).write_text(json.dumps(full, indent=2) + "\n", encoding="utf-8")
        return _rename_to_next(version, folder)
    finally:
        shutil.rmtree(temporary)


def find_version(folder: Path) -> Path:
    """The version to use: folder itself, its highest-numbered one, or that of its bundled/.

    Raises ModelError where there is none.
    """
    if (folder / "saved_model.pb").exists() or (folder / CARD).exists():
        return folder
    for candidate in (folder, folder / BUNDLED):
        if versions := _versions(candidate):
            return versions[max(versions)]
    if not folder.exists():
        raise ModelError(f"{folder}: no such model; {TRAIN_FIRST}")
    raise ModelError(
        f"{folder}: expected a SavedModel, or numbered versions, found neither; {TRAIN_FIRST}"
    )


def read_card(version: Path) -> dict:
    """The card of a version, after every file has been checked against its hash.

    Raises ModelError where a file is missing or damaged.
    """
    try:
        card = json.loads((version / CARD).read_text(encoding="utf-8"))
        files = card["files"].items()
        describe(version, card), thresholds(card)  # the card has all that they speak of
    except FileNotFoundError:
        raise ModelError(f"{version}: no {CARD}; not exported by train_neural_network.py") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise ModelError(
            f"{version / CARD}: damaged, or of another version of this project; export the model "
            "again"
        ) from None
    for name, expected in files:
        path = version / name
        if not path.is_file():
            raise ModelError(f"{path}: missing; export the model again")
        if _sha256(path) != expected:
            raise ModelError(f"{path}: damaged (its SHA-256 is not the card's); export it again")
    return card


def describe(version: Path, card: Mapping) -> str:
    """One line: which model, trained on what, how accurate."""
    test = card["test"]
    return (
        f"Model {version}: {card['network']}, trained on {card['trained_on']:,} digits "
        f"({card['data']['source']}), test accuracy {test['accuracy']:.2%} "
        f"({test['errors']:,} of {test['images']:,} wrong)"
    )


def thresholds(card: Mapping) -> list[Threshold]:
    """The thresholds of a card; none where there were no digits to fit them to."""
    return [Threshold.of(row) for row in card["calibration"]["thresholds"]]


def _write_saved_model(session: tf1.Session, signatures: Mapping, version: Path) -> None:
    builder = tf1.saved_model.Builder(str(version))
    definitions = {
        name: tf1.saved_model.build_signature_def(
            {key: tf1.saved_model.build_tensor_info(t) for key, t in signature["inputs"].items()},
            {key: tf1.saved_model.build_tensor_info(t) for key, t in signature["outputs"].items()},
            tf1.saved_model.signature_constants.PREDICT_METHOD_NAME,
        )
        for name, signature in signatures.items()
    }
    with session.graph.as_default():
        builder.add_meta_graph_and_variables(
            session, [tf1.saved_model.tag_constants.SERVING], definitions, strip_default_attrs=True
        )
    builder.save()


def _weights_sha256(session: tf1.Session) -> str:
    """Over the bytes of all exported variables, in the order of their names."""
    with session.graph.as_default():
        variables = sorted(tf1.global_variables(), key=lambda variable: variable.name)
    digest = hashlib.sha256()
    for value in session.run(variables):
        digest.update(np.ascontiguousarray(value))
    return digest.hexdigest()


def _rename_to_next(version: Path, folder: Path) -> Path:
    number = max(_versions(folder), default=0) + 1
    while True:
        try:
            return version.rename(folder / str(number))
        except OSError:
            if not (folder / str(number)).exists():
                raise
            number += 1  # another training has just taken this number


def _versions(folder: Path) -> dict[int, Path]:
    try:
        names = [path for path in folder.iterdir() if path.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ModelError(f"{folder}: cannot be read ({error.strerror})") from None
    return {int(path.name): path for path in names if path.name.isascii() and path.name.isdigit()}


def _files(version: Path) -> list[str]:
    return sorted(p.relative_to(version).as_posix() for p in version.rglob("*") if p.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
