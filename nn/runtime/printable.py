"""Text from files and file names, made harmless for a terminal."""


def printable(text: str) -> str:
    r"""Escapes what a terminal would obey, not show: `\x1b`, `\n`, `\u202e`.

    These are control characters, marks that reverse the direction of text, and bytes of a file name
    that are no text. A file name can hold them, and could otherwise color, move or delete lines.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
