"""Errors that the user can correct. Each message is one line; the scripts show no traceback."""


class UserError(Exception):
    """An error that the user can correct. The scripts print its one line and exit with status 2."""


class DataError(UserError):
    """Data cannot be used. The message says which file and line, what was expected and found."""


class DivergedError(UserError):
    """The loss or the logits of a training are no longer finite; the same settings repeat it."""


class ModelError(UserError):
    """A model is missing or damaged, or was not exported by this project."""


class PictureError(UserError):
    """One picture cannot be read; the others still can."""
