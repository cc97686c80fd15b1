"""Why a request is refused."""


class RequestError(Exception):
    """A request that cannot be answered. status: HTTP's; the message is a line for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
