"""What Spark reports, as the one line that says what happened."""

from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException, PythonException

from nn.errors import UserError


@contextmanager
def spark_errors_told() -> Iterator[None]:
    """Raises UserError, one line, in place of an error of Spark's."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise UserError(f"Spark stopped: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, PythonException):  # a traceback of a worker, whose last line names it
        return str(error).strip().splitlines()[-1]
    text = str(error)
    if isinstance(error, Py4JJavaError):
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        text = cause.toString()
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
