"""The code that is changed, and the table of how many changes the tests notice."""

from collections.abc import Iterator
from typing import Any

AREAS = {
    "data": ("nn/data/*.py",),
    "training": ("nn/training/trainer.py", "nn/training/graph.py", "nn/training/checkpoints.py"),
    "prediction": ("nn/prediction/*.py",),
    "normalization": ("nn/normalization/*.py",),
}


def table(found: dict[str, Any]) -> Iterator[str]:
    """Yields the Markdown table of a result file, line by line."""
    yield "code | changes | noticed at first | noticed now"
    yield "--- | ---: | ---: | ---:"
    for area, row in found["areas"].items():
        code = ", ".join(f"`{pattern}`" for pattern in AREAS[area])
        shares = (f"{row[key]} ({row[key] / row['changes']:.0%})"
                  for key in ("noticed_at_first", "noticed"))  # fmt: skip
        yield " | ".join([code, str(row["changes"]), *shares])
