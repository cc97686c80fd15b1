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
import tensorflow.compat.v1 as tf1

from nn.versions import CARD, file_sha256, numbered_versions


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
            "files": {name: file_sha256(version / name) for name in _files(version)},
        }
        (version / CARD).write_text(json.dumps(full, indent=2) + "\n", encoding="utf-8")
        return _rename_to_next(version, folder)
    finally:
        shutil.rmtree(temporary)


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
    number = max(numbered_versions(folder), default=0) + 1
    while True:
        try:
            return version.rename(folder / str(number))
        except OSError:
            if not (folder / str(number)).exists():
                raise
            number += 1  # another training has just taken this number


def _files(version: Path) -> list[str]:
    return sorted(p.relative_to(version).as_posix() for p in version.rglob("*") if p.is_file())
