"""Why a request is refused."""


class RequestError(Exception):
    """A request that cannot be answered. status: HTTP's; the message is a line for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ClientGoneError(RequestError):
    """The client has closed the connection: nobody waits for the answer. nginx has the status too,
    for its log."""

    def __init__(self) -> None:
        super().__init__(499, "the client has closed the connection")
