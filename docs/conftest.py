"""Runs the examples of tf1-on-tf2.md, and compares what they print with what the page says."""

import os
from doctest import ELLIPSIS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS)],
    patterns=["tf1-on-tf2.md"],
).pytest()
