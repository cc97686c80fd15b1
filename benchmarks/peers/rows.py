"""The rows of the table: each job, its contenders with their settings, and the goals."""

from pathlib import Path

from benchmarks.peers.race import OURS, Contender, Row
from nn.prediction.runtimes import LITERT, TENSORFLOW

KERAS, TORCH, SKLEARN, ONNX = "Keras", "PyTorch", "scikit-learn", "ONNX Runtime"
PRODUCT = "a 2048³ product"
HERE = "benchmarks.peers."
CSV = Path("MNIST/digit_xtrain.csv")
# Training digits of a run. `basic_cnn` takes half: with all, one row alone took ten minutes.
COUNT = {"dense": 60_000, "basic_cnn": 30_000}


def ours(function: str, setting: str = "", **options) -> Contender:
    """Makes a contender of this project from a function of benchmarks/peers/ours.py."""
    return Contender(OURS, (f"{HERE}ours", function), options, setting)


def _keras(function: str, setting: str = "", quick: bool = True, **options) -> Contender:
    return Contender(KERAS, (f"{HERE}keras_peer", function), options, setting, quick=quick)


def _torch(function: str, setting: str = "", **options) -> Contender:
    return Contender(TORCH, (f"{HERE}torch_peer", function), options, setting, "torch")


def _onnx(function: str, setting: str = "", **options) -> Contender:
    return Contender(ONNX, (f"{HERE}onnx_peer", function), options, setting, "onnxruntime")


def _runtimes(function: str, **options) -> list[Contender]:
    """Makes a contender of this project for each runtime."""
    return [ours(function, runtime, runtime=runtime, **options) for runtime in (TENSORFLOW, LITERT)]


def rows(shop: str, scripts: dict[tuple[str, str], list[str]], csv: Path) -> dict[str, Row]:
    """Makes every row: short name → row.

    shop: the folder of a Shop. scripts: as __main__.scripts returns them. csv: the file for the row
    that reads CSV.
    """
    return {
        **{f"dense-{size}": _dense(shop, size) for size in (64, 128)},
        "cnn-float32": _cnn(shop, "float32", 2.0, 1.5),
        "cnn-bfloat16": _cnn(shop, "bfloat16", 2.0, 1.5),
        "peak-dense": _peak(shop, "dense", 512, 0.75),
        "peak-cnn": _peak(shop, "basic_cnn", 128, 0.65),
        "to-99": Row(
            "training to 99.0% of the test digits", "trainings/s",
            [ours("sprint", "sprint", shop=shop), _keras("example", "its example", shop=shop),
             _torch("example", "its example", shop=shop)],
            {KERAS: 20, TORCH: 20}, repeats=1, warm_ups=0,
        ),
        "csv": Row(
            "reading digit_xtrain.csv", "MB/s",
            [ours("csv", path=str(csv)),
             *(Contender(name, (f"{HERE}tools", "csv"), {"path": str(csv), "library": name}, call,
                         name)
               for name, call in (("numpy", "loadtxt"), ("pandas", "read_csv"),
                                  ("polars", "read_csv")))],
            {"numpy": 1, "pandas": 1},
        ),
        "start": Row(
            "one picture, the whole process", "processes/s",
            [Contender(name, (f"{HERE}tools", "process"), {"arguments": arguments}, setting,
                       {TORCH: "torch", ONNX: "onnxruntime"}.get(name))
             for (name, setting), arguments in scripts.items()],
            {"import tensorflow": 5, TORCH: 5},
            warm_ups=0,  # making the shop has imported all of these packages
        ),
        "latency-dense": _single(shop, "dense", {TORCH: 1.0, ONNX: 0.5}),
        "latency-cnn": _single(shop, "basic_cnn", {}),
        **{
            f"batches-{network}-{size}": _batches(shop, network, size)
            for network in ("dense", "basic_cnn")
            for size in (32, 1024)
        },
        "folder": Row(
            "reading 28×28 PNG files", "files/s",
            [*_runtimes("folder", shop=shop),
             Contender("OpenCV and ONNX Runtime", (f"{HERE}onnx_peer", "folder"), {"shop": shop},
                       "a loop", "cv2"),
             Contender("Pillow", (f"{HERE}tools", "pillow"), {"shop": shop}, "decoding alone")],
            {"OpenCV and ONNX Runtime": 1},
        ),
    }  # fmt: skip


def _dense(shop: str, size: int) -> Row:
    work = {"shop": shop, "network": "dense", "batch_size": size}
    return Row(
        f"training dense, batch {size}", "images/s",
        [ours("training", **work),
         # --quick leaves out these two: they are by far the slowest, and were never the best.
         _keras("training", "fit", quick=False, **work),
         _keras("training", "fit, 32 steps an execution, XLA", quick=False, steps=32, xla=True,
                **work),
         _keras("training", "fit, 32 steps an execution", steps=32, **work),
         _torch("training", "eager", **work),
         _torch("training", "compiled", compiled=True, **work),
         Contender(SKLEARN, (f"{HERE}sklearn_peer", "training"),
                   {"shop": shop, "batch_size": size}, "MLPClassifier")],
        {KERAS: 4, TORCH: 1.8, SKLEARN: 4},
    )  # fmt: skip


def _cnn(shop: str, precision: str, keras: float, torch: float) -> Row:
    work = {
        "shop": shop, "network": "basic_cnn", "batch_size": 128, "precision": precision,
        "count": COUNT["basic_cnn"],
    }  # fmt: skip
    return Row(
        f"training basic_cnn, batch 128, {precision}", "images/s",
        [ours("training", **work),
         # Without XLA: with it, the second epoch of 7,500 digits took 5.9 s instead of 2.3 s.
         _keras("training", "fit", **work),
         _keras("training", "fit, 32 steps an execution", steps=32, **work),
         _torch("training", "eager", **work),
         _torch("training", "channels-last", channels_last=True, **work),
         _torch("training", "channels-last, compiled", channels_last=True, compiled=True, **work)],
        {KERAS: keras, TORCH: torch},
    )  # fmt: skip


def _peak(shop: str, network: str, size: int, share: float) -> Row:
    work = {"shop": shop, "network": network, "batch_size": size, "count": COUNT[network]}
    return Row(
        f"training {network}, batch {size}, of the peak", "multiply-adds/s",
        [ours("training_in_multiply_adds", **work),
         Contender(PRODUCT, (f"{HERE}ours", "product"), {"precision": "float32"})],
        {PRODUCT: share},
    )  # fmt: skip


def _single(shop: str, network: str, goals: dict[str, float]) -> Row:
    work = {"shop": shop, "network": network}
    return Row(
        f"one image, warm, {network}", "images/s",
        [*_runtimes("single", **work),
         _keras("single", "predict", call=False, **work),
         _keras("single", "model(x)", call=True, **work),
         _torch("single", "eager", **work),
         _torch("single", "compiled", compiled=True, **work),
         _onnx("single", **work)],
        goals,
    )  # fmt: skip


def _batches(shop: str, network: str, size: int) -> Row:
    work = {"shop": shop, "network": network, "batch_size": size}
    goal = round(1 / 1.2, 3)
    return Row(
        f"predicting {network}, batch {size}", "images/s",
        [*_runtimes("batches", **work), _keras("batches", "predict", **work),
         _torch("batches", "eager", **work), _torch("batches", "compiled", compiled=True, **work),
         _onnx("batches", **work)],
        {KERAS: goal, TORCH: goal, ONNX: goal},
    )  # fmt: skip
