"""How much a graph has to compute for one image."""

from collections.abc import Iterable

import tensorflow as tf


def multiply_adds(outputs: Iterable[tf.Tensor]) -> int:
    """Of the dense products and convolutions that the outputs come from, for one image of a batch.

    All else counts nothing, nor does an op whose shapes are not known but for the batch.
    """
    seen, waiting, total = set(), [output.op for output in outputs], 0
    while waiting:
        op = waiting.pop()
        if op in seen:
            continue
        seen.add(op)
        waiting += [tensor.op for tensor in op.inputs]
        if op.type in ("MatMul", "Conv2D"):
            weights = op.inputs[1].shape.num_elements() or 0
            places = op.outputs[0].shape[1:-1].num_elements() or 0  # of a dense product: 1
            total += weights * places
    return total
