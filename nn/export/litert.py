"""The export for LiteRT: one file, for machines without TensorFlow, phones and browsers.

https://ai.google.dev/edge/litert/conversion/tensorflow/convert_tf describes the converter.
"""

import re
from pathlib import Path

import tensorflow as tf

from nn.errors import ModelError


def convert(saved_model: Path, file: Path) -> None:
    """Writes a SavedModel without strings as one file, with all its signatures, in float32.

    It has LiteRT's builtin operations alone, which every runtime brings. Half precision or int8
    would round the coordinates of the normalization: the network would see other pixels, and the
    thresholds would not hold. Raises ModelError, which names the operations, if the graph has
    others.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
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
    file.write_bytes(content)
