"""Signs between digits, and what looks like one: dots, commas, dashes and colons.

Limits are shares of the digits' height where they say nothing else. Signs are told by their size
and place; 0 is the top of the digits beside them, 1 the line that these stand on.
"""

from collections.abc import Sequence

from nn.prediction.number_ink import Component

MAX_SPECK = 0.06  # both ways
MAX_DOT_WIDTH, MAX_DOT_HEIGHT = 0.4, 0.3
MAX_COMMA_HEIGHT = 0.55
COMMA_RISE, COMMA_DROP = 0.3, 0.08  # how far above and below the line that digits stand on
MAX_DOT_SHAPE = 2.2  # width to height
MIN_COMMA_SHAPE = 1.35  # height to width: a dot is as high as wide
LOW = 0.68
MIN_DASH_SHAPE = 1.7  # width to height
MAX_DASH_HEIGHT = 0.3
DASH_MIDDLE = (0.25, 0.75)


def find_signs(
    rest: Sequence[Component], digits: Sequence[Component]
) -> list[tuple[str, list[Component]]]:
    """Finds the signs between digits among components of no digit. Specks are left out, and what
    lies before the first digit or after the last. digits: their boxes, left to right."""
    gaps: dict[int, list[Component]] = {}
    for each in rest:
        middle = (each.left + each.right) / 2
        before = sum((digit.left + digit.right) / 2 < middle for digit in digits)
        if 0 < before < len(digits):
            gaps.setdefault(before, []).append(each)
    signs = []
    for place, parts in sorted(gaps.items()):
        left, right = digits[place - 1], digits[place]
        top, base = (left.top + right.top) / 2, (left.bottom + right.bottom) / 2
        size = max(base - top, 1)
        parts = [p for p in parts if max(p.height, p.width) > MAX_SPECK * size]
        if parts:
            signs.append((_sign(parts, top, size), parts))
    return signs


def _sign(parts: Sequence[Component], top: float, size: float) -> str:
    """Which sign some components between two digits are: one of .,-: or empty. top: of the digits
    beside them; size: their height."""
    middles = [((part.top + part.bottom) / 2 - top) / size for part in parts]
    if len(parts) == 2 and all(is_dot(part, size) for part in parts):
        upper, lower = sorted(middles)
        aligned = abs(parts[0].left + parts[0].right - parts[1].left - parts[1].right) < size
        return ":" if aligned and lower - upper > 0.2 and lower < 1.05 else ""
    if len(parts) > 1:
        return ""
    (part,), (middle,) = parts, middles
    if middle > LOW and part.width < MAX_DOT_WIDTH * size:
        is_comma = part.height > MIN_COMMA_SHAPE * part.width or part.height > MAX_DOT_HEIGHT * size
        return "," if is_comma else "."
    return "-" if part.height < MAX_DASH_HEIGHT * size and _is_flat(part, middle) else ""


def is_dot(part: Component, size: float) -> bool:
    """Whether a component is as small as a dot. size: the digits' height."""
    is_small = part.width < MAX_DOT_WIDTH * size and part.height < MAX_DOT_HEIGHT * size
    return is_small and part.width < MAX_DOT_SHAPE * part.height


def may_be_sign(mark: Component, digits: Sequence[Component], height: float) -> bool:
    """Whether a mark lies between two digits where a sign would, or one of a colon's dots."""
    texts = [text for text, _ in find_signs([mark], digits)]
    return bool(texts) and (texts[0] in (".", ",", "-") or is_dot(mark, height))


def looks_like_a_sign(component: Component, digit: Component, height: float) -> bool:
    """Whether a component looks like a dot, or like a dash at the height of a digit's middle."""
    return is_dot(component, height) or is_dash(component, digit)


def is_dash(component: Component, digit: Component) -> bool:
    """Whether a component is flat, and lies at the height of a digit's middle."""
    return _is_flat(component, ((component.top + component.bottom) / 2 - digit.top) / digit.height)


def _is_flat(part: Component, middle: float) -> bool:
    """Whether a component is flat and lies halfway up. middle: where it lies, 0 to 1."""
    is_wide = part.width > MIN_DASH_SHAPE * part.height
    return is_wide and DASH_MIDDLE[0] < middle < DASH_MIDDLE[1]


def is_comma(component: Component, digits: Sequence[Component], height: float) -> bool:
    """Whether a component is as small as a comma, and begins near the line that the digit on its
    left stands on, and reaches below."""
    is_small = _has_size_of_comma(component, height)
    before = [each for each in digits if each.left < component.left]
    if not is_small or not before:
        return False
    base = max(before, key=lambda each: each.right).bottom
    is_low = component.top > base - COMMA_RISE * height
    return is_low and component.bottom > base + COMMA_DROP * height


def is_comma_behind(component: Component, digit: Component, height: float) -> bool:
    """Whether a component is as small as a comma, and lies below the right end of a digit."""
    is_small = _has_size_of_comma(component, height)
    is_below = component.top + component.bottom > 2 * digit.bottom
    return is_small and is_below and component.right >= digit.right


def _has_size_of_comma(component: Component, height: float) -> bool:
    return max(component.width / MAX_DOT_WIDTH, component.height / MAX_COMMA_HEIGHT) <= height
