"""ONNX Runtime with the export's weights: alone, and after OpenCV in a plain loop over files."""

import time
from collections.abc import Callable

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.peers.shop import Shop, latency, passes


def single(shop: str, network: str) -> Callable[[], dict]:
    """Returns a function that measures how long one image takes."""
    session, images = _session(shop, network), Shop(shop).digits()[2]
    return lambda: latency(lambda image: session.run(None, {"images": image})[0], images)


def batches(shop: str, network: str, batch_size: int) -> Callable[[], dict]:
    """Returns a function that predicts the test digits batch by batch."""
    session, images = _session(shop, network), Shop(shop).digits()[2]

    def answers() -> np.ndarray:
        starts = range(0, len(images), batch_size)
        return np.concatenate(
            [session.run(None, {"images": images[at : at + batch_size]})[0] for at in starts]
        )

    return lambda: passes(answers, Shop(shop), network)


def folder(shop: str) -> Callable[[], dict]:
    """Returns a function that reads a folder of pictures one by one.

    OpenCV decodes and normalizes a picture; ONNX Runtime predicts its digit. Work is counted in
    files.
    """
    import cv2

    session, paths = _session(shop, "basic_cnn"), Shop(shop).pictures()

    def read(path: str) -> int:
        digit = _normalized(cv2, cv2.imread(path, cv2.IMREAD_GRAYSCALE))
        return int(session.run(None, {"images": digit[None]})[0].argmax())

    def run() -> dict:
        started = time.perf_counter()
        digits = [read(str(path)) for path in paths]
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "work": len(paths), "accuracy": Shop(shop).accuracy(digits)}

    return run


def _normalized(cv2, gray: np.ndarray) -> np.ndarray:
    """Normalizes a picture as MNIST's digits are: uint8 [H, W] → uint8 [28, 28].

    Ink is light on dark, in a box of 20×20, with its center of mass in the middle.
    """
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    if np.median(border) > 127:
        gray = 255 - gray
    _, mask = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    left, top, width, height = cv2.boundingRect(mask)
    ink = gray[top : top + height, left : left + width]
    factor = 20 / max(width, height)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    ink = cv2.resize(ink, size, interpolation=how)
    moments = cv2.moments(ink)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    move = np.float32([[1, 0, 14 - x], [0, 1, 14 - y]])
    return cv2.warpAffine(ink, move, (28, 28))


def save(shop: str, network: str) -> None:
    """Writes the network for a script of its own to load."""
    (Shop(shop).path / f"{network}.onnx").write_bytes(_model(shop, network))


def _session(shop: str, network: str) -> onnxruntime.InferenceSession:
    """A session of the network."""
    return onnxruntime.InferenceSession(_model(shop, network), providers=["CPUExecutionProvider"])


def _model(shop: str, network: str) -> bytes:
    """Builds the network: uint8 [N, 28, 28] → probabilities, float32 [N, 10].

    network: dense or basic_cnn, with the export's weights.
    """
    weights = Shop(shop).weights(network)
    nodes = [
        helper.make_node("Cast", ["images"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["pixels", "scale"], ["scaled"]),
    ]
    constants = {"scale": np.float32(1 / 255)}
    x = "scaled"

    def add(kind: str, *inputs: str, **attributes) -> None:
        nonlocal x
        nodes.append(helper.make_node(kind, [x, *inputs], [f"y{len(nodes)}"], **attributes))
        x = nodes[-1].output[0]

    if network == "basic_cnn":
        constants["rows"] = np.array([-1, 1, 28, 28])
        add("Reshape", "rows")
        for name in ("conv_1", "conv_2"):
            constants[f"{name}/kernel"] = weights[f"{name}/kernel"].transpose(3, 2, 0, 1).copy()
            constants[f"{name}/bias"] = weights[f"{name}/bias"]
            add("Conv", f"{name}/kernel", f"{name}/bias")
            add("Relu")
            add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        add("Transpose", perm=[0, 2, 3, 1])
    add("Flatten")
    names = ["dense_1", "dense_2", "logits"] if network == "dense" else ["dense_1", "logits"]
    for name in names:
        constants |= {f"{name}/{part}": weights[f"{name}/{part}"] for part in ("weights", "bias")}
        add("Gemm", f"{name}/weights", f"{name}/bias")
        if name != "logits":
            add("Relu")
    add("Softmax", axis=1)
    graph = helper.make_graph(
        nodes,
        network,
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", 28, 28])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return model.SerializeToString()
