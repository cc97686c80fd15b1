"""The export for LiteRT: one file, for machines without TensorFlow, phones and browsers.

https://ai.google.dev/edge/litert/conversion/tensorflow/convert_tf describes the converter.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from nn.errors import ModelError
from nn.export.litert_int8 import store_int8
from nn.networks.quantization import Quantized


def convert(saved_model: Path, file: Path, rounded: Sequence[Quantized] = ()) -> None:
    """Writes a SavedModel without strings as one file, with all its signatures, in float32.

    rounded: the weights that the SavedModel holds rounded; the file holds them as int8.

    It has LiteRT's builtin operations alone, which every runtime brings. Half precision or int8 in
    all of it would round the coordinates of the normalization: the network would see other pixels,
    and the thresholds would not hold. Raises ModelError, which names the operations, if the graph
    has others.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    # Nothing reads the converter's notes on how it converted, and they take half a second.
    converter.exclude_conversion_metadata = True
    try:
        content = converter.convert()
    except Exception as error:  # the converter's own class is private to TensorFlow
        others = sorted(set(re.findall(r"'tf\.(\w+)' op is neither", str(error))))
        if not others:
            raise
        raise ModelError(
            f"{file.name} cannot be written: LiteRT has no operation for {', '.join(others)}; "
            "build the graph without it (nn/export/litert.py)"
        ) from None
    file.write_bytes(store_int8(content, rounded) if rounded else content)
