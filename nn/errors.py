"""The errors that are a user's to mend: one line each, no traceback."""


class UserError(Exception):
    """Something the user can mend; the scripts print its one line and exit with 2."""


class DataError(UserError):
    """Data that cannot be used: says which file, which line, what was expected and found."""


class DivergedError(UserError):
    """A training whose loss is no longer a finite number; the same settings do it again."""


class ModelError(UserError):
    """A model that is missing, damaged or no model of this project."""


class PictureError(UserError):
    """One picture that cannot be read; other pictures can be read all the same."""
