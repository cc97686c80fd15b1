"""A script as a user of Keras writes it: loads a model, reads a picture, prints its digit."""

import sys

import keras
import numpy as np
from PIL import Image

model = keras.saving.load_model(sys.argv[1])
pixels = 1 - np.asarray(Image.open(sys.argv[2]).convert("L").resize((28, 28)), "float32") / 255
print(model.predict(pixels[None, ..., None], verbose=0).argmax())
