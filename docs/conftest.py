"""Runs the examples of docs/tf1-on-tf2.md, and compares their output with the page."""

import os
from doctest import ELLIPSIS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS)],
    patterns=["tf1-on-tf2.md"],
).pytest()
