"""Why a picture shows no digit: a number in the graph, words for people.

LiteRT has no strings, so an export answers both: `reason_codes` everywhere, `reasons` from
TensorFlow.
"""

NO_INK = "no ink"
UNDECODABLE = "cannot be decoded"
# A code is a place in it.
REASONS = ("", NO_INK, UNDECODABLE)
A_DIGIT_CODE, NO_INK_CODE, UNDECODABLE_CODE = range(len(REASONS))
