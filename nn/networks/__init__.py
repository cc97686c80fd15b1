"""The networks. Importing this package registers all of them, in the order that lists show."""

from nn.networks import dense  # noqa: F401, I001 - registers its networks, and so does the next
from nn.networks import convolutional  # noqa: F401
from nn.networks import residual  # noqa: F401
from nn.networks import finder  # noqa: F401
from nn.networks import row_reader  # noqa: F401
