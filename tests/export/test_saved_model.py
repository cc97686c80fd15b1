"""Exports: what any TensorFlow client finds in one, and that it appears whole or not at all."""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from conftest import ROOT, leave_out_plots_and_litert, run_script
from PIL import Image
from signatures import MAX_ROUNDED_PIXELS, some_strips
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

import load_saved_model
from nn import versions
from nn.confidence.scaling import Scaling
from nn.errors import UserError
from nn.export import serving_graph, write
from nn.export.serving_graph import build_serving_graph
from nn.networks.recipe import Recipe
from nn.networks.registry import get_network, readers
from nn.normalization.decoding import decode_canvases
from nn.normalization.pipeline import Normalized
from nn.pictures.canvas import CANVAS, PAGE, place
from nn.pictures.files import read_canvas
from nn.prediction.predictor import RowOutputs
from nn.training.checkpoints import Checkpoints, checkpoint_prefixes
from nn.training.evaluation import evaluate
from nn.training.graph import build_training_graph
from nn.training.run_folder import RunFolder
from nn.versions import LITERT_FILE, find_version

tf1 = tf.compat.v1

BATCHES = (1, 7, 40)
# `photos` reads no TIFF, and does not know of EXIF.
SAMPLES = sorted(
    path
    for path in (ROOT / "samples").iterdir()
    if path.suffix in (".png", ".jpg", ".webp", ".gif", ".bmp") and path.name != "1_turned.jpg"
)
# With digits that are small on their pictures: these are read by a closer look.
FAR = [path for path in SAMPLES if path.name in ("3_page.jpg", "9_far.jpg")]
SAMPLES = [path for path in SAMPLES if path not in FAR]
COUNT = len(SAMPLES)
PROBABILITIES, DIGITS = ("float32", [None, 10]), ("int64", [None])
NORMALIZED, REASONS = ("uint8", [None, 28, 28]), ("string", [None])
LIGHT, CERTAINTIES, CODES = ("bool", [None]), ("float32", [None]), ("int32", [None])
SIGNATURES = {  # as docs/saved_model.md has them
    "serving_default": (
        {"images": ("uint8", [None, 28, 28])},
        {"probabilities": PROBABILITIES, "digits": DIGITS},
    ),
    "ink": (
        {"ink": ("uint8", [None, None, None])},
        {"probabilities": PROBABILITIES, "digits": DIGITS, "normalized": NORMALIZED},
    ),
    "canvases": (
        {"pixels": ("uint8", [None, None, None]), "sizes": ("int32", [None, 3])},
        {"probabilities": PROBABILITIES, "digits": DIGITS, "normalized": NORMALIZED,
         "reasons": REASONS, "ink": ("uint8", [None, None, None]), "light_on_dark": LIGHT,
         "certainties": CERTAINTIES, "reason_codes": CODES},
    ),
    "pages": (
        {"pixels": ("uint8", [None, None, None]), "sizes": ("int32", [None, 3])},
        {"probabilities": PROBABILITIES, "digits": DIGITS, "normalized": NORMALIZED,
         "reasons": REASONS, "ink": ("uint8", [None, 64, 64]), "light_on_dark": LIGHT,
         "certainties": CERTAINTIES, "reason_codes": CODES},
    ),
    "photos": (
        {"image_bytes": ("string", [None])},
        {"probabilities": PROBABILITIES, "digits": DIGITS, "normalized": NORMALIZED,
         "reasons": REASONS, "ink": ("uint8", [None, 64, 64]), "light_on_dark": LIGHT,
         "certainties": CERTAINTIES, "reason_codes": CODES},
    ),
    "read": (
        {"image_bytes": ("string", [None])},
        {"probabilities": PROBABILITIES, "digits": DIGITS, "reasons": REASONS},
    ),
    "rows": (
        {"strips": ("uint8", [None, 40, None, 2])},
        {"log_probabilities": ("float32", [None, None, 16])},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def version(model) -> Path:
    return find_version(model)


@pytest.fixture(scope="module")
def card(version) -> dict:
    return json.loads((version / "model_card.json").read_text())


@pytest.fixture(scope="module")
def meta_graph(version):
    """The one MetaGraphDef of the export, parsed by nothing of TensorFlow's loaders."""
    (meta_graph,) = SavedModel.FromString((version / "saved_model.pb").read_bytes()).meta_graphs
    return meta_graph


@pytest.fixture(scope="module")
def serve(version):
    """A function that runs a signature, in a session of this process: arrays by name."""
    session = tf1.Session(graph=tf.Graph())
    with session.graph.as_default():
        signatures = tf1.saved_model.load(session, ["serve"], str(version)).signature_def

    def run(signature: str, **arrays) -> dict[str, np.ndarray]:
        definition = signatures[signature]
        feed = {definition.inputs[name].name: array for name, array in arrays.items()}
        return session.run({k: v.name for k, v in definition.outputs.items()}, feed)

    yield run
    session.close()


def encode(image: Image.Image, picture_format: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, picture_format, **options)
    return file.getvalue()


def sample_canvases() -> dict[str, np.ndarray]:
    """The feed of `canvases`, as the script makes it of the samples."""
    pixels, sizes = zip(*(read_canvas(path) for path in SAMPLES), strict=True)
    return {"pixels": np.stack(pixels), "sizes": np.stack(sizes)}


# The export, loaded by three clients: eagerly and by TensorFlow's command saved_model_cli, both in
# a fresh process, and in a session of this process. To run `photos` for the first time takes each
# client some seconds.

CLIENTS_PROGRAM = """
import json
import sys
import numpy as np
import tensorflow as tf
from tensorflow.python.tools import saved_model_cli
version, given, asked, result = sys.argv[1:]
given, asked, answers = np.load(given, allow_pickle=True), json.loads(asked), {}

signatures = tf.saved_model.load(version).signatures
for name, batch, inputs in asked["v2"]:
    feed = {i: tf.constant(given[i][:batch].tolist() if i == "image_bytes" else given[i][:batch])
            for i in inputs}
    for key, value in signatures[name](**feed).items():
        answers[f"v2/{name}/{batch}/{key}"] = value.numpy()

for name, batch, (key,) in asked["cli"]:
    np.save("given.npy", given[key][:batch])
    sys.argv = ["saved_model_cli", "run", "--dir", version, "--tag_set", "serve",
                "--signature_def", name, "--inputs", f"{key}=given.npy",
                "--outdir", f"out/{name}/{batch}"]
    try:
        saved_model_cli.main()
    except SystemExit as end:
        assert not end.code, end.code
np.savez(result, **answers)
"""
CLIENTS = ("v2", "v1", "cli")
FAST = {"TF_USE_LEGACY_KERAS": "1"}  # imports TensorFlow in half the time


@pytest.fixture(scope="module")
def pictures(digits, tmp_path_factory) -> list[Path]:
    """40 bundled digits as PNG files, too large for the small canvas."""
    folder = tmp_path_factory.mktemp("pictures")
    paths = [folder / f"{number}.png" for number in range(BATCHES[-1])]
    for image, path in zip(digits[0].images, paths, strict=False):
        Image.fromarray(np.pad(image, 6)).save(path)
    return paths


@pytest.fixture(scope="module")
def given(digits, pictures) -> dict[str, np.ndarray]:
    """The inputs of all signatures, 40 of each."""
    pixels, sizes = zip(*map(read_canvas, pictures), strict=True)
    return {
        "images": digits[0].images[: BATCHES[-1]],
        "ink": np.pad(digits[0].images[: BATCHES[-1]], ((0, 0), (3, 20), (9, 2))),
        "pixels": np.stack(pixels),
        "sizes": np.stack(sizes),
        "image_bytes": np.array([path.read_bytes() for path in pictures], object),
        "strips": np.concatenate([some_strips(digits[0].images[:40])] * 7)[: BATCHES[-1]],
    }


def cases(*signatures: str) -> list[tuple[str, str, int]]:
    """(client, signature, batch) of every call; the command takes long for each."""
    return [
        (client, signature, batch)
        for client in CLIENTS
        for signature in signatures
        for batch in BATCHES
        if client != "cli" or (signature, batch) in (("serving_default", 7), ("photos", 40))
    ]


@pytest.fixture(scope="module")
def answers(version, given, serve, tmp_path_factory) -> dict[str, np.ndarray]:
    """ "client/signature/batch/output" → array."""
    folder = tmp_path_factory.mktemp("clients")
    np.savez(folder / "given.npz", **given)
    asked, found = {"v2": [], "cli": []}, {}
    for client, signature, batch in cases(*SIGNATURES):
        names = list(SIGNATURES[signature][0])
        if client == "v1":
            answer = serve(signature, **{name: given[name][:batch] for name in names})
            found |= {f"v1/{signature}/{batch}/{key}": value for key, value in answer.items()}
        else:
            asked[client].append((signature, batch, names))
    finished = run_script(
        "-c", CLIENTS_PROGRAM, version, folder / "given.npz", json.dumps(asked),
        folder / "answers.npz", cwd=folder, PYTHONPATH="", **FAST,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    found |= np.load(folder / "answers.npz", allow_pickle=True)
    for path in folder.glob("out/*/*/*.npy"):
        name = path.relative_to(folder / "out").with_suffix("").as_posix()
        found[f"cli/{name}"] = np.load(path, allow_pickle=True)
    return found


@pytest.mark.parametrize(("client", "signature", "batch"), cases("serving_default"))
def test_every_client_predicts_as_the_predictor(
    answers, predictor, given, client, signature, batch
):
    expected = predictor.predict(given["images"][:batch])
    found = {
        key: answers[f"{client}/{signature}/{batch}/{key}"] for key in SIGNATURES[signature][1]
    }
    assert found["probabilities"].shape == (batch, 10)
    np.testing.assert_allclose(found["probabilities"], expected.probabilities, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found["digits"], expected.digits)


@pytest.mark.parametrize(("client", "signature", "batch"), cases("rows"))
def test_every_client_reads_rows_as_the_predictor(
    answers, predictor, given, client, signature, batch
):
    expected = predictor.signature("rows", RowOutputs)(given["strips"][:batch]).log_probabilities
    found = answers[f"{client}/{signature}/{batch}/log_probabilities"]
    assert found.shape == (batch, 56, 16)
    np.testing.assert_allclose(np.exp(found), np.exp(expected), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.exp(found).sum(-1), 1, atol=1e-5)


@pytest.fixture(scope="module")
def readings(predictor, pictures):
    return list(predictor.read(pictures))


@pytest.mark.parametrize(("client", "signature", "batch"), cases("canvases", "photos", "read"))
def test_every_client_reads_as_the_predictor(answers, readings, client, signature, batch):
    found = {
        key: answers[f"{client}/{signature}/{batch}/{key}"] for key in SIGNATURES[signature][1]
    }
    assert {len(array) for array in found.values()} == {batch}
    expected = readings[:batch]
    assert not {reading.digit for reading in expected} & {None}
    np.testing.assert_allclose(
        found["probabilities"], [r.probabilities for r in expected], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(found["digits"], [r.digit for r in expected])
    assert set(found["reasons"].tolist()) == {b""}


@pytest.mark.parametrize("signature", ["ink", "pages", "photos"])
def test_every_client_gets_the_same_normalized_digits(answers, serve, given, signature):
    feed = {name: given[name] for name in SIGNATURES[signature][0]}
    expected = serve(signature, **feed)["normalized"]
    assert expected.any(axis=(1, 2)).all()
    for client in CLIENTS:
        for batch in BATCHES:
            if (client, signature, batch) in cases(signature):
                found = answers[f"{client}/{signature}/{batch}/normalized"]
                # Other threads add up in another order: a level halfway between two may be rounded
                # to the other one (docs/parity.md).
                differences = np.abs(found.astype(int) - expected[:batch])
                assert differences.max() <= 1
                assert np.count_nonzero(differences) <= MAX_ROUNDED_PIXELS


# What is in the export.


def described(tensors) -> dict[str, tuple[str, list[int | None]]]:
    return {
        name: (
            tf.as_dtype(info.dtype).name,
            [None if axis.size == -1 else axis.size for axis in info.tensor_shape.dim],
        )
        for name, info in tensors.items()
    }


def test_there_are_these_signatures_and_no_others(meta_graph):
    assert set(meta_graph.signature_def) == set(SIGNATURES)
    assert list(meta_graph.meta_info_def.tags) == ["serve"]


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_has_the_names_types_and_shapes_of_the_design(meta_graph, signature):
    definition = meta_graph.signature_def[signature]
    inputs, outputs = SIGNATURES[signature]
    assert described(definition.inputs) == inputs
    assert described(definition.outputs) == outputs


def of_training(graph_def) -> set[str]:
    """The nodes, functions' included, that only training has need of."""
    nodes = [*graph_def.node, *(n for f in graph_def.library.function for n in f.node_def)]
    words = ("adam", "gradient", "apply", "dropout", "global_step", "epoch")
    return {n.name for n in nodes if any(word in f"{n.name} {n.op}".lower() for word in words)}


def test_nothing_of_training_is_in_the_graph(meta_graph):
    assert of_training(meta_graph.graph_def) == set()
    assert "train_op" not in meta_graph.collection_def


def test_the_training_graph_would_have_been_noticed():
    training = build_training_graph(get_network("dense"), Recipe(epochs=1), count=8, seed=0)
    names = " ".join(of_training(training.graph.as_graph_def())).lower()
    assert all(word in names for word in ("adam", "gradient"))


def test_the_variables_are_the_networks_and_no_more(version, card):
    variables = dict(tf.train.list_variables(str(version / "variables" / "variables")))
    graph, _ = build_serving_graph(get_network("dense"))
    with graph.as_default():
        assert set(variables) == {v.op.name for v in tf1.trainable_variables()}
    assert sum(int(np.prod(shape)) for shape in variables.values()) == card["parameters"]


# Pictures: `canvases` and `photos`.


@pytest.fixture(scope="module")
def samples(serve) -> tuple[dict, dict]:
    """The samples the script's way and as bytes: what `canvases` and what `photos` answer."""
    files = [path.read_bytes() for path in SAMPLES]
    return serve("canvases", **sample_canvases()), serve("photos", image_bytes=files)


@pytest.mark.parametrize("number", range(len(SAMPLES)), ids=lambda number: SAMPLES[number].name)
def test_photos_answers_as_the_script(samples, number):
    canvases, photos = ({k: v[number] for k, v in answer.items()} for answer in samples)
    np.testing.assert_allclose(photos["probabilities"], canvases["probabilities"], atol=0.02)
    assert photos["digits"] == canvases["digits"]
    assert photos["reasons"] == canvases["reasons"]


@pytest.fixture(scope="module")
def far(serve) -> dict[str, dict[str, np.ndarray]]:
    """What each signature answers to the samples with small digits."""
    looks = {}
    for signature, side in (("canvases", CANVAS), ("pages", PAGE)):
        pixels, sizes = map(np.stack, zip(*(read_canvas(path, side) for path in FAR), strict=True))
        looks[signature] = serve(signature, pixels=pixels, sizes=sizes)
    files = [path.read_bytes() for path in [SAMPLES[0], *FAR, SAMPLES[1]]]
    return {**looks, "photos": serve("photos", image_bytes=files)}


def test_where_digits_are_small_the_script_gives_what_pages_answers(far, predictor):
    readings = list(predictor.read(FAR))
    assert [reading.digit for reading in readings] == [3, 9]
    found = [reading.probabilities for reading in readings]
    np.testing.assert_allclose(found, far["pages"]["probabilities"], rtol=1e-5, atol=1e-6)
    # Which is another answer, of other ink than that of a first look.
    assert np.abs(far["canvases"]["probabilities"] - found).max(1).min() > 1e-3
    amounts = [far[look]["ink"].sum((1, 2), dtype=int) for look in ("canvases", "pages")]
    assert (amounts[1] > 2 * amounts[0]).all()


def test_where_digits_are_small_photos_looks_closer_among_others_too(far, samples):
    closer = {name: values[1:-1] for name, values in far["photos"].items()}
    np.testing.assert_allclose(closer["probabilities"], far["pages"]["probabilities"], atol=0.02)
    assert closer["digits"].tolist() == [3, 9]
    assert closer["reasons"].tolist() == [b""] * 2
    for name in ("probabilities", "ink"):  # the others stay what they are without them
        np.testing.assert_allclose(far["photos"][name][[0, -1]], samples[1][name][:2], atol=1e-5)


def test_photos_makes_the_canvas_that_the_script_makes():
    lossless = [path for path in SAMPLES if path.suffix == ".png"]  # JPEG decoders differ
    canvases = [read_canvas(path) for path in lossless]
    with tf.Graph().as_default(), tf1.Session() as session:
        decoded = decode_canvases(tf.constant([path.read_bytes() for path in lossless]))
        pixels, sizes, _ = session.run(decoded)
    np.testing.assert_array_equal(sizes, [canvas.size for canvas in canvases])
    expected = np.array([canvas.pixels for canvas in canvases], int)
    np.testing.assert_allclose(pixels, expected, rtol=0, atol=2)


def test_the_script_gives_what_canvases_answers(samples, predictor):
    readings = list(predictor.read(SAMPLES))
    assert [reading.digit for reading in readings] == samples[0]["digits"].tolist()
    found = [reading.probabilities for reading in readings]
    np.testing.assert_allclose(found, samples[0]["probabilities"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("number", [0, 1])
def test_outputs_have_the_types_and_shapes_of_the_design(samples, number):
    found = {name: (array.dtype.name, array.shape) for name, array in samples[number].items()}
    assert found == {
        "probabilities": ("float32", (COUNT, 10)),
        "digits": ("int64", (COUNT,)),
        "normalized": ("uint8", (COUNT, 28, 28)),
        "ink": ("uint8", (COUNT, 64, 64)),
        "reasons": ("object", (COUNT,)),
        "light_on_dark": ("bool", (COUNT,)),
        "certainties": ("float32", (COUNT,)),
        "reason_codes": ("int32", (COUNT,)),
    }


def test_normalized_digits_predict_what_canvases_predicts(samples, predictor):
    again = predictor.predict(samples[0]["normalized"])
    np.testing.assert_allclose(
        again.probabilities, samples[0]["probabilities"], rtol=1e-5, atol=1e-6
    )


def test_ink_reads_a_digit_wherever_it_lies_and_takes_all_of_it(digits, predictor, serve):
    images = digits[0].images[:50]
    found = serve("ink", ink=np.pad(images, ((0, 0), (30, 1), (2, 60))))
    assert found["normalized"].shape == (50, 28, 28)
    again = predictor.predict(found["normalized"])
    np.testing.assert_allclose(found["probabilities"], again.probabilities, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found["digits"], again.digits)
    large = np.kron(images, np.ones((3, 3), np.uint8))
    np.testing.assert_allclose(
        serve("ink", ink=large)["normalized"].astype(int), found["normalized"], atol=60
    )
    # Two digits side by side stay two: the finder does not choose one of them.
    pair = np.concatenate([images[:25], images[25:]], 2)
    used = (serve("ink", ink=pair)["normalized"] > 64).any(1)
    first, last = used.argmax(1), 27 - used[:, ::-1].argmax(1)
    assert (last - first >= 17).all()


def test_canvases_of_another_size_are_accepted_and_read_alike(samples, serve):
    feed = sample_canvases()
    feed["pixels"] = np.pad(feed["pixels"], [(0, 0), (16, 16), (16, 16)])
    larger = serve("canvases", **feed)
    assert larger["ink"].shape == (COUNT, 96, 96)
    # With room around it the finder sees more of a stroke along the border.
    alike = np.array([path.name != "2_runs_off.png" for path in SAMPLES])
    np.testing.assert_array_equal(larger["digits"][alike], samples[0]["digits"][alike])


def test_a_small_picture_reads_the_same_on_a_smaller_canvas(digits, serve):
    canvases = [place(image) for image in digits[0].images[:50]]
    pixels, sizes = (np.stack(part) for part in zip(*canvases, strict=True))
    large = serve("canvases", pixels=pixels, sizes=sizes)
    small = serve("canvases", pixels=pixels[:, 16:48, 16:48], sizes=sizes)
    assert small["ink"].shape == (50, 32, 32)
    np.testing.assert_array_equal(small["ink"], large["ink"][:, 16:48, 16:48])
    np.testing.assert_array_equal(small["normalized"], large["normalized"])


def test_where_there_is_no_ink_reasons_says_so(serve):
    pixels = np.full((2, 64, 64), 200, np.uint8)
    pixels[1, 12:52, 30:34] = 20
    answer = serve("canvases", pixels=pixels, sizes=np.full((2, 3), 64, np.int32))
    assert answer["reasons"].tolist() == [b"no ink", b""]
    assert answer["reason_codes"].tolist() == [1, 0]
    assert [ink.any() for ink in answer["ink"]] == [False, True]


@pytest.mark.parametrize("signature", ["photos", "read"])
def test_bytes_that_are_no_picture_fail_no_other_picture(serve, samples, signature):
    damaged = [b"", b"no picture", SAMPLES[0].read_bytes()[:100]]
    files = [damaged[0], SAMPLES[0].read_bytes(), *damaged[1:], SAMPLES[1].read_bytes()]
    answer = serve(signature, image_bytes=files)
    reasons = [b"cannot be decoded", b"", *[b"cannot be decoded"] * 2, b""]
    assert answer["reasons"].tolist() == reasons
    np.testing.assert_allclose(
        answer["probabilities"][[1, 4]], samples[1]["probabilities"][:2], atol=1e-5
    )


def test_only_bytes_that_are_no_pictures_are_answered_too(serve):
    answer = serve("photos", image_bytes=[b"no picture"])
    assert answer["reasons"].tolist() == [b"cannot be decoded"]
    assert answer["reason_codes"].tolist() == [2]
    assert not answer["ink"].any()


def test_no_photos_get_no_answers(serve):
    answer = serve("photos", image_bytes=[])
    assert {len(values) for values in answer.values()} == {0}


@pytest.fixture(scope="module")
def seven() -> Image.Image:
    """A gray picture, dark on light, that is smaller than a canvas: no decoder shrinks it."""
    return Image.open(ROOT / "samples" / "7_pencil.jpg").convert("L").resize((50, 60))


def dark_on_transparent(image: Image.Image, mode: str) -> Image.Image:
    """The ink in black on a paper that is transparent and, unseen, black."""
    ink = image.point(lambda v: max(0, min(255, (200 - v) * 2)))
    black = Image.new("L", image.size)
    return Image.merge("LA", (black, ink)).convert(mode)


PICTURES = {
    **{name: lambda image, f=name: encode(image.convert("RGB"), f) for name in ("PNG", "BMP")},
    "JPEG": lambda image: encode(image.convert("RGB"), "JPEG", quality=95),
    "GIF": lambda image: encode(image, "GIF"),
    "WebP": lambda image: encode(image.convert("RGB"), "WEBP", lossless=True),
    "gray PNG": lambda image: encode(image, "PNG"),
    "gray JPEG": lambda image: encode(image, "JPEG", quality=95),
    "palette PNG": lambda image: encode(image.convert("P"), "PNG"),
    "RGBA PNG": lambda image: encode(dark_on_transparent(image, "RGBA"), "PNG"),
    "LA PNG": lambda image: encode(dark_on_transparent(image, "LA"), "PNG"),
    "RGBA WebP": lambda image: encode(
        dark_on_transparent(image, "RGBA"), "WEBP", lossless=True, exact=True
    ),
    "GIF of two frames": lambda image: encode(
        image, "GIF", save_all=True, append_images=[Image.new("L", image.size, 255)]
    ),
    "BMP of 32 bits, the last 8 unused": lambda image: encode(
        Image.merge("RGBA", (image, image, image, Image.new("L", image.size))), "BMP"
    ),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_photos_reads_this_kind_of_picture_as_the_script_does(
    serve, predictor, seven, tmp_path, kind
):
    (tmp_path / "picture").write_bytes(PICTURES[kind](seven))
    (reading,) = predictor.read([tmp_path / "picture"])
    answer = serve("photos", image_bytes=[(tmp_path / "picture").read_bytes()])
    assert reading.digit == 7
    assert answer["reasons"].tolist() == [b""]
    assert answer["digits"].tolist() == [7]
    np.testing.assert_allclose(answer["probabilities"][0], reading.probabilities, atol=0.02)


# The card.


def test_the_card_has_the_hash_of_every_file(version, card):
    files = [path for path in version.rglob("*") if path.is_file()]
    assert card["files"] == {
        path.relative_to(version).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != "model_card.json"
    }


def test_the_card_has_the_hash_of_the_weights(version, card):
    weights = tf.train.load_checkpoint(str(version / "variables" / "variables"))
    digest = hashlib.sha256()
    for name in sorted(weights.get_variable_to_shape_map(), key=lambda name: f"{name}:0"):
        digest.update(weights.get_tensor(name).tobytes())
    assert card["weights_sha256"] == digest.hexdigest()


def test_the_card_has_the_hashes_of_the_data(card, digits):
    training, test = digits
    assert card["data"]["training_sha256"] == training.sha256()
    assert card["data"]["test_sha256"] == test.sha256()


def test_the_cards_accuracy_is_what_the_script_computes(
    version, card, digits, tmp_path, monkeypatch, capfd
):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")  # the script would leave it set
    pixels, labels = tmp_path / "pixels.csv", tmp_path / "labels.csv"
    np.savetxt(pixels, digits[1].images.reshape(297, -1), "%d", ",")
    np.savetxt(labels, digits[1].labels, "%d")
    arguments = [pixels, "--labels", labels, "--model", version]
    assert load_saved_model.main([*map(str, arguments)]) == 0
    test = card["test"]
    assert test["accuracy"] == (297 - test["errors"]) / 297
    assert (
        f"Accuracy {test['accuracy']:.2%}: {297 - test['errors']} of 297 right, "
        f"{test['errors']} wrong\n"
    ) in capfd.readouterr().out


# Exporting.


@pytest.fixture(scope="module")
def export_again(model) -> Callable[..., Path]:
    """A function that exports the trained model's checkpoint into a folder."""
    checkpoint = checkpoint_prefixes(RunFolder(model.parent / "run"))[-1]
    serving = build_serving_graph(get_network("dense"))

    def export(folder: Path, **card) -> Path:
        with pytest.MonkeyPatch.context() as patch:
            leave_out_plots_and_litert(patch)
            return write.export(*serving, checkpoint, folder, card)

    return export


@pytest.fixture(scope="module")
def two_exports(export_again, card, tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("exports") / "new"
    return [export_again(folder, **{**card, "seed": seed}) for seed in (5, 6)]


def test_two_exports_get_different_numbers(two_exports):
    assert [version.name for version in two_exports] == ["1", "2"]
    assert sorted(path.name for path in two_exports[0].parent.iterdir()) == ["1", "2"]
    assert [versions.read_card(version)["seed"] for version in two_exports] == [5, 6]


def test_every_export_has_the_weights_of_its_checkpoint(two_exports, card):
    hashes = {versions.read_card(version)["weights_sha256"] for version in two_exports}
    assert hashes == {card["weights_sha256"]}


def test_an_export_can_be_read_by_everyone(two_exports):
    assert two_exports[0].stat().st_mode & 0o777 == 0o755
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in two_exports[0].rglob("*"))


EVERY_EXPORT = """
import sys
import numpy as np
import tensorflow.compat.v1 as tf
given, answers = np.load(sys.argv[1]), {}
for version in sys.argv[3:]:
    with tf.Session(graph=tf.Graph()) as session:
        signatures = tf.saved_model.load(session, ["serve"], version).signature_def
        signature = signatures["serving_default"]
        feed = {signature.inputs["images"].name: given}
        answers[version] = session.run(signature.outputs["probabilities"].name, feed)
np.savez(sys.argv[2], **answers)
"""


def blank(pixels: tf.Tensor, sizes: tf.Tensor) -> Normalized:
    """In place of the normalization, which is the same for every network and takes long to build:
    empty digits."""
    count = tf.shape(pixels)[0]
    images, ink = (tf.zeros([count, side, side], tf.uint8) for side in (28, CANVAS))
    none = tf.zeros([count], tf.int32)
    return Normalized(
        tf.reshape(images, [-1, 28, 28]), ink, none, none > 0,
        tf.cast(none, tf.float32),
    )  # fmt: skip


def test_every_network_predicts_in_a_fresh_process_and_in_litert_as_when_it_was_trained(
    digits, tmp_path, monkeypatch
):
    for name in ("normalization", "page_normalization"):
        monkeypatch.setattr(serving_graph, name, lambda _: blank)
    few, test = digits[0][:96], digits[1]
    expected, versions = {}, []
    for name in readers():
        folder = RunFolder(tmp_path / name)
        folder.create({})
        recipe = Recipe(epochs=3, batch_size=32, learning_rate=0.01)
        graph = build_training_graph(get_network(name), recipe, count=96, seed=0)
        with tf1.Session(graph=graph.graph) as session:
            session.run(graph.initialize)
            session.run(graph.load, {graph.feed.images: few.images, graph.feed.labels: few.labels})
            session.run(graph.train, {graph.feed.steps: 3})
            Checkpoints(folder, graph).save(session, 3)
            scores = replace(evaluate(session, graph, test), scaling=Scaling(1.5, 1.2))
        serving = build_serving_graph(get_network(name), scores.scaling)
        checkpoint = checkpoint_prefixes(folder)[-1]
        versions.append(write.export(*serving, checkpoint, folder.path / "export", {}))
        expected[str(versions[-1])] = scores
    np.save(tmp_path / "given.npy", test.images)
    finished = run_script("-c", EVERY_EXPORT, tmp_path / "given.npy", tmp_path / "answers.npz",
                          *versions, **FAST)  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    answers = np.load(tmp_path / "answers.npz")
    for version, scores in expected.items():
        litert = Interpreter(f"{version}/{LITERT_FILE}").get_signature_runner("serving_default")
        found = litert(images=test.images)["probabilities"]
        np.testing.assert_array_equal(found.argmax(1), scores.predictions)
        np.testing.assert_allclose(found.max(1), scores.confidences, rtol=1e-4)
        np.testing.assert_array_equal(answers[version].argmax(1), scores.predictions)
        np.testing.assert_allclose(answers[version].max(1), scores.confidences, rtol=1e-5)


def test_an_export_gives_the_probabilities_that_its_card_was_scored_with(predictor, digits):
    test, card = digits[1], predictor.card
    stated = predictor.predict(test.images).probabilities[np.arange(len(test)), test.labels]
    assert card["calibration"]["temperature"] != 1
    assert -np.log(stated).mean() == pytest.approx(card["test"]["loss"], rel=1e-4)


def test_an_export_is_numbered_after_the_highest(export_again, tmp_path):
    for name in ("9", "10", "bundled", "12.old"):
        (tmp_path / name).mkdir()
    assert export_again(tmp_path) == tmp_path / "11"


def test_a_number_that_another_export_takes_meanwhile_is_left_alone(
    export_again, tmp_path, monkeypatch
):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_text("another's")
    monkeypatch.setattr(write, "numbered_versions", lambda folder: [])
    assert export_again(tmp_path) == tmp_path / "2"
    assert (tmp_path / "1" / "saved_model.pb").read_text() == "another's"


@pytest.mark.parametrize(
    ("owner", "step", "error"),
    [
        (tf1.saved_model.Builder, "save", OSError("disk full")),
        (write, "file_sha256", KeyboardInterrupt()),
        (Path, "rename", OSError("disk full")),
    ],
    ids=["variables are written", "files are hashed", "the version is renamed"],
)
def test_an_export_that_fails_half_way_leaves_nothing(
    export_again, tmp_path, monkeypatch, owner, step, error
):
    def fail(*arguments):
        assert any(tmp_path.rglob("*"))  # half of the work is done
        raise error

    monkeypatch.setattr(owner, step, fail)
    # A full disk is the user's to mend: one line that names the folder.
    expected = UserError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected, match="cannot export there" if expected is UserError else None):
        export_again(tmp_path)
    assert list(tmp_path.iterdir()) == []
