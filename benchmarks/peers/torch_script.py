"""A script as a user of PyTorch writes it: loads a model, reads a picture, prints its digit."""

import sys

import numpy as np
import torch
from PIL import Image

model = torch.jit.load(sys.argv[1])
pixels = 1 - np.asarray(Image.open(sys.argv[2]).convert("L").resize((28, 28)), "float32") / 255
with torch.inference_mode():
    print(model(torch.from_numpy(pixels)[None, None]).argmax().item())
