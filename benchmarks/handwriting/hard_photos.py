"""Photos with several nuisances at once: surfaces, shadows, glare, motion, little light."""

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from benchmarks.handwriting import camera, marks
from benchmarks.handwriting.boxes import ink_of
from benchmarks.handwriting.kinds import Digit, File
from benchmarks.handwriting.marks import DIGIT, Place
from nn.composition import paper as on


def wood(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Makes a board: long wavy grain in light and dark brown."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    bent = y + 30 * marks.clouds(size, random, 4) + x * random.uniform(-0.1, 0.1)
    rings = np.sin(bent / random.uniform(2, 7)) + 0.6 * np.sin(bent / random.uniform(8, 25))
    fibers = ndimage.gaussian_filter(random.normal(0, 1, size), (0.6, 12)) * 4
    color = np.array(((205, 165, 115), (180, 130, 85), (222, 190, 150))[random.integers(3)])
    return color * (1 + random.uniform(0.02, 0.07) * (rings + fibers))[..., None]


def cloth(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Makes woven cloth: two sets of threads, and folds."""
    spacing = random.uniform(3, 7)
    threads = marks.stripes(size, spacing, 0.5, 0) - marks.stripes(size, spacing, 0.5, 90)
    fold = np.ones(size, np.float32)
    if random.random() < 0.6:
        fold = on.creased(fold, random, random.uniform(0.05, 0.15))
    color = np.array(((215, 210, 200), (190, 200, 215), (225, 205, 190))[random.integers(3)])
    return color * (fold * (1 + random.uniform(0.1, 0.26) * threads))[..., None]


def cardboard(size: tuple[int, int], random: Generator) -> np.ndarray:
    """Makes corrugated cardboard: brown, with flutes and fibers."""
    flutes = np.sin(np.arange(size[1]) * 2 * np.pi / random.uniform(12, 30))
    fibers = ndimage.gaussian_filter(random.normal(0, 1, size), (0.7, 2.5)) * 2.5
    color = np.array((190, 152, 110)) + random.normal(0, 8, 3)
    return color * (1 + random.uniform(0.02, 0.07) * flutes + 0.05 * fibers)[..., None]


def hard_light(picture: np.ndarray, random: Generator, depth=(0.2, 0.5)) -> np.ndarray:
    """Lights a picture from one side, and casts a shadow over a part of most pictures."""
    light = on.lit(np.ones(picture.shape[:2], np.float32), random, random.uniform(0.1, 0.4))
    if random.random() < 0.7:
        light = on.shadowed(light, random, random.uniform(*depth))
    return picture * light[..., None]


def inked(picture: np.ndarray, place: Place, random: Generator, least: float) -> np.ndarray:
    """Writes the digit on a rough surface, which takes the ink unevenly."""
    rough = ndimage.gaussian_filter(random.normal(0, 1, place.size), 0.8) * 1.8
    taken = np.clip(0.5 * (1 + least) + 0.5 * (1 - least) * rough, least, 1)
    return marks.put(picture, place.coverage * taken * random.uniform(0.64, 1), ink_of(random))


def shot(picture: np.ndarray, random: Generator, blur=(0.7, 1.9), noise=(5, 13)) -> File:
    """Takes the photo from the side, in a shaky hand."""
    picture = camera.askew(picture, random, 0.05, 8)
    return camera.taken(picture, random, (60, 220), blur, noise, (20, 70), 0.2)


def on_wood(digit: Digit, random: Generator) -> File:
    """A digit on wood, with shadow, lean, blur and noise."""
    place = marks.written(digit, random, (0.3, 0.8), (0.05, 0.1))
    return shot(hard_light(inked(wood(place.size, random), place, random, 0.55), random), random)


def on_cloth(digit: Digit, random: Generator) -> File:
    """A digit on woven cloth, with folds and a shadow."""
    place = marks.written(digit, random, (0.3, 0.8), (0.05, 0.1))
    return shot(hard_light(inked(cloth(place.size, random), place, random, 0.55), random), random)


def on_cardboard(digit: Digit, random: Generator) -> File:
    """A digit on cardboard, in hard light."""
    place = marks.written(digit, random, (0.3, 0.8), (0.05, 0.1))
    picture = inked(cardboard(place.size, random), place, random, 0.55)
    return shot(hard_light(picture, random), random)


def sticky_note(digit: Digit, random: Generator) -> File:
    """A sticky note on another surface: its edges and its shadow are in the picture."""
    place = marks.written(digit, random, (0.5, 0.9), (0.05, 0.1))
    surface = (wood, cloth, cardboard)[random.integers(3)]
    picture = surface(place.size, random) * random.uniform(0.35, 1)
    gaps = (random.uniform(0.12, 0.6, 4) * DIGIT).astype(int)
    rows = slice(max(0, place.top - gaps[0]), place.bottom + gaps[1])
    columns = slice(max(0, place.left - gaps[2]), place.right + gaps[3])
    note = np.zeros(place.size, np.float32)
    note[rows, columns] = 1
    shadow = ndimage.shift(ndimage.gaussian_filter(note, 5), (5, 4))
    picture = picture * (1 - random.uniform(0.2, 0.6) * shadow)[..., None]
    color = ((245, 232, 120), (250, 170, 190), (160, 225, 180), (150, 205, 240))[random.integers(4)]
    picture = np.where(note[..., None] > 0, np.array(color, np.float32), picture)
    picture = marks.put(picture, place.coverage, ink_of(random))
    return shot(hard_light(picture, random, (0.1, 0.35)), random)


def whiteboard(digit: Digit, random: Generator) -> File:
    """A whiteboard with traces of wiped ink, and the glare of a lamp."""
    place = marks.written(digit, random, (0.3, 0.9), (0.04, 0.09))
    picture = marks.lit(marks.sheet(place.size, (196, 200, 204)), random, 0.3)
    wiped = marks.scrawl(place.size, random, random.uniform(0.2, 1) * place.size[0], 0.5 * DIGIT)
    wiped = ndimage.gaussian_filter(wiped, 4) * random.uniform(0, 0.4)
    picture = marks.put(picture, wiped, (90, 110, 150))
    colors = ((30, 40, 60), (170, 40, 45), (30, 90, 160), (30, 120, 70))
    picture = marks.put(
        picture, place.coverage * random.uniform(0.55, 0.9), colors[random.integers(4)]
    )
    glare = marks.spots(place.size, random, random.integers(1, 3), 0.7 * DIGIT)
    glare = ndimage.gaussian_filter(glare, 12) * random.uniform(0.2, 0.55)
    glare = (glare * (1 - 0.6 * place.coverage))[..., None]  # dark ink reflects less
    picture = picture + glare * (255 - picture)
    return shot(picture, random, (0.6, 1.6), (4, 13))


def in_motion(digit: Digit, random: Generator) -> File:
    """A camera that moved: the strokes are drawn out in one direction."""
    place = marks.written(digit, random, (0.3, 0.8), (0.05, 0.1))
    color = random.uniform(170, 235) + random.normal(0, 5, 3)
    picture = hard_light(marks.sheet(place.size, color), random)
    picture = camera.moved(marks.put(picture, place.coverage, ink_of(random)), random,
                          random.uniform(0.15, 0.31) * DIGIT)  # fmt: skip
    return shot(picture, random, (0.4, 1.0), (5, 14))


def low_light(digit: Digit, random: Generator) -> File:
    """A dark room: little contrast, and the noise of a sensor that is set to its utmost."""
    place = marks.written(digit, random, (0.3, 0.9), (0.05, 0.1))
    color = np.array((215, 195, 165)) + random.normal(0, 8, 3)
    picture = hard_light(marks.sheet(place.size, color), random)
    picture = marks.put(picture, place.coverage, ink_of(random)) * random.uniform(0.19, 0.39)
    blotches = ndimage.gaussian_filter(random.normal(0, 1, picture.shape), (2, 2, 0)) * 12
    return shot(picture + random.uniform(0.1, 0.5) * blotches, random, (0.6, 1.2), (5, 10))


KINDS = (on_wood, on_cloth, on_cardboard, sticky_note, whiteboard, in_motion, low_light)
