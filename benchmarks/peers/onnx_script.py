"""A script as a user of ONNX Runtime writes it: loads a model, reads a picture, prints a digit."""

import sys

import numpy as np
import onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
pixels = 255 - np.asarray(Image.open(sys.argv[2]).convert("L").resize((28, 28)), "uint8")
print(session.run(None, {"images": pixels[None]})[0].argmax())
