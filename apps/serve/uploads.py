"""What a client uploads to /read → files, in memory alone."""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from apps.serve.errors import RequestError
from apps.serve.signatures import MAX_PICTURES

MULTIPART = b"multipart/form-data"
BODY_NAME = "-"  # as standard input is called: a picture without a name
HOW = (
    "send files, as in: curl -F file=@my_seven.jpg, or the bytes of one with its Content-Type, as "
    "in: curl --data-binary @my_seven.jpg -H 'Content-Type: image/jpeg'"
)


def files_of(body: bytes, content_type: str | None) -> list[tuple[str, bytes]]:
    """The name and the content of each file in a request's body. A file is only named in an answer:
    nothing is opened by its name. Raises RequestError."""
    kind, options = parse_options_header(content_type)
    if kind.startswith(b"image/") or kind == b"application/octet-stream":
        return [(BODY_NAME, body)]
    if kind != MULTIPART:
        raise RequestError(415, f"found {kind.decode('latin-1') or 'no Content-Type'}; {HOW}")
    boundary = options.get(b"boundary")
    found: list[tuple[str, bytes]] = []

    def add(file: File) -> None:
        if len(found) == MAX_PICTURES:
            raise RequestError(400, f"over {MAX_PICTURES:,} files: send several requests")
        file.file_object.seek(0)
        name = (file.file_name or b"").decode("utf-8", "backslashreplace")
        found.append((name or f"<file {len(found) + 1}>", file.file_object.read()))

    def refuse(field: Field) -> None:
        name = (field.field_name or b"").decode("utf-8", "backslashreplace")
        raise RequestError(400, f"the part {name!r} is not a file; {HOW}")

    try:
        parser = FormParser(
            MULTIPART.decode(), refuse, add, boundary=boundary,
            config={"MAX_MEMORY_FILE_SIZE": len(body) + 1},  # never a file on disk
        )  # fmt: skip
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise RequestError(400, f"not multipart/form-data ({error}); {HOW}") from None
    if not found:
        raise RequestError(400, f"found no file; {HOW}")
    if b"--" + boundary + b"--" not in body:  # a file may be missing
        raise RequestError(400, f"the body is cut off after {found[-1][0]}; {HOW}")
    return found
