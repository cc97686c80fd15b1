"""Stores rounded weights in a LiteRT file as the 8-bit integers that they are.

A layer's weights become int8, and a DEQUANTIZE before the layer makes them float32 again, once. The
layer computes in float32 as before, so its answers stay those of the SavedModel. With int8 weights
alone, LiteRT would take its "dynamic range" layers. These also round what a layer takes in, and so
give other answers than TensorFlow.
"""

from collections.abc import Iterator, Mapping, Sequence

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from nn.errors import ModelError
from nn.networks.quantization import LARGEST, Quantized

FILE_IDENTIFIER = b"TFL3"
LAYERS = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED)
WEIGHTS_INPUT = 1  # of a layer's inputs: what it takes in, the weights, the bias
DEQUANTIZE_VERSION = 5  # the first with a scale for each channel
NO_BUFFER = 0  # the buffer of tensors that are no constants


def store_int8(content: bytes, rounded: Sequence[Quantized]) -> bytes:
    """A LiteRT file in float32 → the same file, with the rounded weights as int8.

    Raises ModelError if the file holds none of them.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    found = _find(model, rounded)
    if not found:
        raise ModelError(
            "LiteRT's file has none of the rounded weights: its converter has changed "
            "(nn/export/litert_int8.py)"
        )
    model.operatorCodes.append(_dequantize_code())
    for graph in model.subgraphs:
        _dequantize(graph, found, len(model.operatorCodes) - 1)
    for number, weights in found.items():
        model.buffers[number].data = weights.integers.reshape(-1).view(np.uint8)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


def _find(model: schema.ModelT, rounded: Sequence[Quantized]) -> dict[int, Quantized]:
    """The rounded weights by the numbers of their buffers, which the subgraphs share. LiteRT has
    the outputs on the first axis.

    The converter multiplies a layer's weights by the factors of a batch norm behind it, one for
    each output. This changes the scales, and the integers at most in sign. So the sizes of the
    integers tell which weights these are. Weights right behind a batch norm, without a ReLU between
    them, are multiplied by a factor for each input too. They stay float32, rounded as they are. Of
    the networks here, only dense_batchnorm has such weights: those of its last layer.
    """
    sizes = [np.abs(np.moveaxis(each.integers, -1, 0)) for each in rounded]
    found = {}
    for tensor in _weights(model):
        data = model.buffers[tensor.buffer].data
        if data is None or tensor.type != schema.TensorType.FLOAT32:
            continue
        weights = _split(np.frombuffer(data.tobytes(), np.float32).reshape(tensor.shape))
        if any(np.array_equal(np.abs(weights.integers), each) for each in sizes):
            found[tensor.buffer] = weights
    return found


def _weights(model: schema.ModelT) -> Iterator[schema.TensorT]:
    """The weights of every layer of every subgraph."""
    for graph in model.subgraphs:
        for operator in graph.operators:
            if model.operatorCodes[operator.opcodeIndex].builtinCode in LAYERS:
                yield graph.tensors[operator.inputs[WEIGHTS_INPUT]]


def _split(weights: np.ndarray) -> Quantized:
    """Weights, float32 [outputs, ...], as integers and scales."""
    sizes = np.abs(weights.astype(np.float64)).max(axis=tuple(range(1, weights.ndim)))
    scales = np.where(sizes > 0, sizes, LARGEST) / LARGEST
    integers = np.rint(weights / scales.reshape(-1, *[1] * (weights.ndim - 1)))
    return Quantized(integers.astype(np.int8), scales.astype(np.float32))


def _dequantize_code() -> schema.OperatorCodeT:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    code.version = DEQUANTIZE_VERSION
    return code


def _dequantize(graph: schema.SubGraphT, found: Mapping[int, Quantized], code: int) -> None:
    """Makes a subgraph's weights int8; float32 tensors take their place as inputs of the layers."""
    for place, tensor in enumerate(list(graph.tensors)):
        if tensor.buffer not in found:
            continue
        graph.tensors.append(_dequantized(tensor))
        tensor.type = schema.TensorType.INT8
        tensor.quantization = _quantization(found[tensor.buffer].scales)
        operator = schema.OperatorT()
        operator.opcodeIndex = code
        operator.inputs = np.array([place], np.int32)
        operator.outputs = np.array([len(graph.tensors) - 1], np.int32)
        for layer in graph.operators:
            if layer.inputs is not None:
                layer.inputs = np.where(layer.inputs == place, operator.outputs[0], layer.inputs)
        graph.operators.insert(0, operator)


def _dequantized(tensor: schema.TensorT) -> schema.TensorT:
    """The float32 tensor that a DEQUANTIZE makes of a constant."""
    made = schema.TensorT()
    made.type, made.shape, made.buffer = schema.TensorType.FLOAT32, tensor.shape, NO_BUFFER
    made.name = tensor.name + b"/dequantized"
    made.hasRank = True
    return made


def _quantization(scales: np.ndarray) -> schema.QuantizationParametersT:
    """Symmetric, with a scale for each output."""
    quantization = schema.QuantizationParametersT()
    quantization.scale = scales
    quantization.zeroPoint = np.zeros(len(scales), np.int64)
    quantization.quantizedDimension = 0
    return quantization
