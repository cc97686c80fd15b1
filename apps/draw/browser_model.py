"""A version's `digits.tflite` for a browser: with fixed shapes, and the first layers as outputs.

LiteRT.js runs a model in the shapes that its file states, and cannot change them. So each signature
gets the shapes of one picture. What is computed stays the same, operation for operation. The
signature `rows` is left out, because the page does not use it.
"""

from itertools import pairwise

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from nn.data.digits import SIDE
from nn.pictures.canvas import CANVAS, PAGE

INPUT_SHAPES = {
    "serving_default": {"images": [1, SIDE, SIDE]},
    "ink": {"ink": [1, CANVAS, CANVAS]},
    "canvases": {"pixels": [1, CANVAS, CANVAS], "sizes": [1, 3]},
    "pages": {"pixels": [1, PAGE, PAGE], "sizes": [1, 3]},
}
OUTPUT_SHAPES = {
    "normalized": [1, SIDE, SIDE],
    "ink": [1, CANVAS, CANVAS],
    "probabilities": [1, 10],
}
LAYERED = "serving_default"  # the signature that shows its first layers
MAX_LAYERS = 2
_FILE_IDENTIFIER = b"TFL3"
_WITH_WEIGHTS = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED)


def browser_model(content: bytes) -> bytes:
    """`digits.tflite` → the same model for a browser.

    The signature LAYERED also has the outputs `layer_1` and `layer_2`, float32 [1, ...]: what the
    second and the third layer with weights take in.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for signature in [each for each in model.signatureDefs if _name(each) not in INPUT_SHAPES]:
        _leave_out(signature, model)
    codes = [code.builtinCode for code in model.operatorCodes]
    for signature in model.signatureDefs:
        graph = model.subgraphs[signature.subgraphIndex]
        name = _name(signature)
        if name == LAYERED:
            _add_layers(signature, graph, codes)
        for each in signature.inputs:
            _fix(graph.tensors[each.tensorIndex], INPUT_SHAPES[name][each.name.decode()])
        for each in signature.outputs:
            tensor = graph.tensors[each.tensorIndex]
            _fix(tensor, OUTPUT_SHAPES.get(each.name.decode(), [1, *tensor.shape[1:]]))
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), _FILE_IDENTIFIER)
    return bytes(builder.Output())


def _name(signature: schema.SignatureDefT) -> str:
    return signature.signatureKey.decode()


def _leave_out(signature: schema.SignatureDefT, model: schema.ModelT) -> None:
    """Takes out a signature, its graph, and the constants that no other graph uses."""
    gone = signature.subgraphIndex
    model.signatureDefs.remove(signature)
    del model.subgraphs[gone]
    for each in model.signatureDefs:
        each.subgraphIndex -= each.subgraphIndex > gone
    for graph in model.subgraphs:
        for operator in graph.operators:  # a condition names the graphs of its branches
            options = operator.builtinOptions
            for name in ("thenSubgraphIndex", "elseSubgraphIndex"):
                if hasattr(options, name):
                    place = getattr(options, name)
                    setattr(options, name, place - (place > gone))
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    used |= {each.buffer for each in model.metadata}
    for place, buffer in enumerate(model.buffers):
        if place not in used:
            buffer.data = None


def _fix(tensor: schema.TensorT, shape: list[int]) -> None:
    tensor.shape = np.array(shape, np.int32)
    tensor.shapeSignature = None  # which would leave the axes of -1 open


def _add_layers(signature: schema.SignatureDefT, graph: schema.SubGraphT, codes: list[int]) -> None:
    """Makes outputs of what the layers behind the first one take in."""
    weighted = [each for each in graph.operators if codes[each.opcodeIndex] in _WITH_WEIGHTS]
    taken = [after.inputs[0] for _, after in pairwise(weighted)][:MAX_LAYERS]
    for number, tensor_index in enumerate(taken, start=1):
        output = schema.TensorMapT()
        output.name, output.tensorIndex = f"layer_{number}".encode(), int(tensor_index)
        signature.outputs.append(output)
        graph.outputs = np.append(graph.outputs, np.int32(tensor_index))
