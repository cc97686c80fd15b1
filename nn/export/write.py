"""Writes an export: a numbered version that appears whole or not at all.

SavedModel/N/saved_model.pb    the graph, with seven signatures
SavedModel/N/variables/        the weights
SavedModel/N/digits.tflite     the same graph and weights for LiteRT, without what has strings
SavedModel/N/model_card.json   where they come from, how good they are, a hash of each file and of
                               itself

nn/versions.py finds and checks the versions again.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import ModelError, UserError
from nn.export.litert import convert
from nn.export.serving_graph import Signatures, portable
from nn.networks.quantization import INT8_WEIGHTS, Quantized, round_weights
from nn.prediction.tensorflow_session import multiply_adds
from nn.runtime import sealed_json
from nn.runtime.hashes import sha256_of
from nn.runtime.sessions import reason_of
from nn.runtime.whole_files import incomplete_folder, sync, sync_folder
from nn.versions import CARD, LITERT_FILE, file_sha256, numbered_versions


def export(
    graph: tf.Graph,
    signatures: Signatures,
    checkpoint: str,
    folder: Path,
    card: Mapping,
    *,
    is_quantized: bool = False,
    record: Callable[[Path, str], None] = lambda *_: None,
) -> Path:
    """Writes the next version into folder and returns its path, folder/N.

    graph: an inference graph. signatures: name → {"inputs": {...}, "outputs": {...}}. checkpoint:
    the prefix of a checkpoint's files, from which the graph's variables are restored; the files in
    another version's variables/ are one too. card: what the caller knows of the model; the hashes
    of the weights and of the files are added. is_quantized: whether the network's weights are
    rounded to int8 (nn/networks/quantization.py); the card says so. record: gets the path that the
    version is about to have, and the hash of its weights. Raises ModelError, and writes nothing, if
    the card has a hash of the weights already and it is not the hash of these, if the checkpoint is
    damaged, or if the graph has an operation that LiteRT lacks; UserError, and leaves nothing
    behind, if the disk is full.
    """
    with workspace(folder) as temporary:
        version = temporary / "version"
        with tf1.Session(graph=graph) as session:
            _restore(session, checkpoint)
            rounded = _round_weights(session) if is_quantized else []
            write_saved_model(session, signatures, version)
            with graph.as_default():
                write_saved_model(session, portable(signatures), temporary / "portable")
            weights = _weights_sha256(session)
        expected = card.get("weights_sha256", weights)
        if weights != expected:
            raise ModelError(
                f"{checkpoint}: these are not the weights of the card; their SHA-256 is {weights}, "
                f"the card says {expected}"
            )
        convert(temporary / "portable", version / LITERT_FILE, rounded)
        adds = multiply_adds(signatures["serving_default"]["outputs"].values())
        quantized = {"quantized": INT8_WEIGHTS} if is_quantized else {}
        write_card(version, {**card, **quantized, "multiply_adds": adds, "weights_sha256": weights})
        return _rename_to_next(version, folder, lambda path: record(path, weights))


@contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """Yields a temporary folder within a folder, to write in what is then moved up whole; deletes
    it in the end. Raises UserError if the block cannot write there: the disk is full, for example.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with incomplete_folder(folder) as temporary:
            yield temporary
    except (tf.errors.OpError, OSError) as error:
        raise UserError(f"{folder}: cannot export there ({reason_of(error)})") from None


def write_card(folder: Path, card: Mapping) -> None:
    """Writes a card into a folder, with the hashes of all files that are there; then waits until
    the card and the files are on the disk."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    full = {**card, "files": {name: file_sha256(folder / name) for name in names}}
    sealed_json.write(folder / CARD, full)
    sync(folder)


def _restore(session: tf1.Session, checkpoint: str) -> None:
    """Restores all variables of the session's graph. Raises ModelError if they are damaged."""
    try:
        with session.graph.as_default():
            tf1.train.Saver().restore(session, checkpoint)
    except (tf.errors.OpError, ValueError) as error:
        raise ModelError(f"{checkpoint}: cannot be restored ({reason_of(error)})") from None


def write_saved_model(session: tf1.Session, signatures: Signatures, version: Path) -> None:
    """Writes the session's graph and variables as a SavedModel with these signatures, into a new
    folder."""
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


def _round_weights(session: tf1.Session) -> list[Quantized]:
    with session.graph.as_default():
        return round_weights(session, tf1.global_variables())


def _weights_sha256(session: tf1.Session) -> str:
    """SHA-256 of the bytes of all exported variables, in the order of their names."""
    with session.graph.as_default():
        variables = sorted(tf1.global_variables(), key=lambda variable: variable.name)
    return sha256_of(session.run(variables))


def _rename_to_next(version: Path, folder: Path, record: Callable[[Path], None]) -> Path:
    number = max(numbered_versions(folder), default=0) + 1
    while True:
        record(folder / str(number))
        try:
            renamed = version.rename(folder / str(number))
        except OSError:
            if not (folder / str(number)).exists():
                raise
            number += 1  # another export has just taken this number
        else:
            sync_folder(folder)
            return renamed


def check_target(folder: Path) -> None:
    """Raises UserError if a version could not be written into a folder.

    A training calls this before it starts, not hours later.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        found = "a file" if nearest == folder else f"that {nearest} is a file"
        raise UserError(f"{folder}: expected a folder to export to, found {found}")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UserError(f"{folder}: cannot export there, {nearest} is not writable")
