"""The export for ONNX Runtime and other engines: a file for each signature, as ONNX has none.

DIR/serving_default.onnx   and ink.onnx, canvases.onnx, pages.onnx, rows.onnx: graph and weights
DIR/model_card.json        the card of the version that they are made from, with their own hashes

https://github.com/onnx/tensorflow-onnx describes the converter, requirements/onnx.txt has it.
"""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import onnx
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf2onnx
from tqdm import tqdm

from nn.errors import ModelError, UserError
from nn.export.model_card import exported_from, made_now
from nn.export.serving_graph import Signatures, without_strings
from nn.export.write import check_target, workspace, write_card
from nn.prediction.restored_model import damaged
from nn.runtime.whole_files import sync_folder
from nn.versions import find_version, read_card

OPSET = 15  # the default of tf2onnx; ONNX Runtime has it since 1.10, of 2021
OPEN_DIMENSIONS = "NHW"  # of all inputs and outputs, in this order, where they are not fixed


def export_onnx(model: Path, folder: Path) -> Path:
    """Writes a version's signatures without strings as ONNX files, in float32; returns the folder.

    model: a version, or a folder of versions; it takes the highest. folder: a new one, which
    appears whole or not at all. A file's inputs and outputs have the names, dtypes and shapes of
    its signature. Raises ModelError if there is no such version, it is damaged, or ONNX lacks one
    of its operations; UserError if there is such a folder, or it cannot be written.
    """
    version = find_version(model)
    card = read_card(version)
    if folder.exists():
        raise UserError(f"{folder}: exists already; ONNX files go to a new folder")
    check_target(folder.parent)
    with workspace(folder.parent) as temporary, tf1.Session(graph=tf.Graph()) as session:
        files = temporary / "files"
        files.mkdir()
        signatures = without_strings(_load(session, version))
        for name, signature in tqdm(sorted(signatures.items()), disable=None, leave=False):
            convert(session, signature, files / f"{name}.onnx")
        now = made_now()
        libraries = {"tf2onnx": tf2onnx.__version__, "onnx": onnx.__version__}
        new_card = {
            **card,
            "date": now["date"],
            "versions": now["versions"] | libraries,
            "exported_from": exported_from(version, card),
        }
        write_card(files, new_card)
        files.rename(folder)
        sync_folder(folder.parent)
        return folder


def convert(
    session: tf1.Session, signature: Mapping[str, Mapping[str, tf.Tensor]], file: Path
) -> None:
    """Writes one signature, and the variables of the session that it needs, as an ONNX file.

    signature: {"inputs": {name: placeholder}, "outputs": {name: tensor}}. Raises ModelError, which
    names the operation, if ONNX has none for it.
    """
    inputs, outputs = (
        {tensor.name: name for name, tensor in sorted(signature[part].items())}
        for part in ("inputs", "outputs")
    )
    operations = [tensor.op.name for tensor in signature["outputs"].values()]
    frozen = tf1.graph_util.convert_variables_to_constants(
        session, session.graph.as_graph_def(), operations
    )
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # what it prints is raised below
    model, _ = tf2onnx.convert.from_graph_def(
        frozen,
        name=file.stem,
        input_names=[*inputs],
        output_names=[*outputs],
        tensors_to_rename=inputs | outputs,
        opset=OPSET,
    )
    for node in model.graph.node:
        if node.op_type == "Conv":
            _pad_explicitly(node)
    for value in (*model.graph.input, *model.graph.output):
        shape = value.type.tensor_type.shape.dim
        for letter, dimension in zip(OPEN_DIMENSIONS, shape, strict=False):
            if not dimension.HasField("dim_value"):
                dimension.dim_param = letter
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        other = re.match(r"No Op registered for (\w+)", str(error))
        if not other:
            raise
        raise ModelError(
            f"{file.name} cannot be written: ONNX has no operation for {other[1]}; "
            "build the graph without it (nn/export/onnx.py)"
        ) from None
    onnx.save(model, file)


def _pad_explicitly(convolution: onnx.NodeProto) -> None:
    """States the padding of a dilated convolution with stride 1 in pixels: ONNX Runtime finds SAME
    padding only for others (https://onnx.ai/onnx/operators/onnx__Conv.html)."""
    attributes = {
        each.name: onnx.helper.get_attribute_value(each) for each in convolution.attribute
    }
    dilations, sides = attributes.get("dilations", ()), attributes.get("kernel_shape", ())
    if not attributes.get("auto_pad", b"").startswith(b"SAME") or max(dilations, default=1) == 1:
        return
    reach = [(side - 1) * dilation for side, dilation in zip(sides, dilations, strict=True)]
    before, after = [each // 2 for each in reach], [each - each // 2 for each in reach]
    kept = [each for each in convolution.attribute if each.name != "auto_pad"]
    del convolution.attribute[:]
    convolution.attribute.extend([*kept, onnx.helper.make_attribute("pads", before + after)])


def _load(session: tf1.Session, version: Path) -> Signatures:
    """Restores a version into a session. Raises ModelError if it is damaged."""
    try:
        with session.graph.as_default():
            tags = [tf1.saved_model.tag_constants.SERVING]
            definitions = tf1.saved_model.load(session, tags, str(version)).signature_def
    except (tf.errors.OpError, OSError, ValueError) as error:
        raise damaged(version, error) from None
    tensor = session.graph.get_tensor_by_name
    return {
        name: {
            "inputs": {key: tensor(info.name) for key, info in definition.inputs.items()},
            "outputs": {key: tensor(info.name) for key, info in definition.outputs.items()},
        }
        for name, definition in definitions.items()
    }
