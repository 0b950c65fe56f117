"""JSON by orjson and by the standard library: the same values, whichever writes and whichever reads."""

import enum
import json
import random
import subprocess
import sys
import unittest
from datetime import datetime
from unittest import mock

from _conductor import jsontext


class Colour(str, enum.Enum):
    RED = "red"


class Text(str):
    __slots__ = ()


def drawn(draw: random.Random, depth: int = 4) -> object:
    """Any value that codecs let through."""
    kind = draw.randrange(9 if depth else 6)
    if kind == 0:
        return draw.choice((None, True, False, "", "null", "NaN", -0.0, 0, 1e308))
    if kind == 1:
        return draw.randrange(-(2**63), 2**63)
    if kind == 2:
        return draw.uniform(-1, 1) * 10.0 ** draw.randrange(-300, 300)
    if kind == 3:
        return draw.random()
    if kind in (4, 5):
        letters = (
            "a",
            '"',
            "\\",
            "\n",
            "\x00",
            "\x7f",
            "é",
            "\u2028",
            "\U0001f600",
            "9",
        )
        return "".join(draw.choices(letters, k=draw.randrange(30)))
    items = [drawn(draw, depth - 1) for _ in range(draw.randrange(5))]
    if kind == 6:
        return items
    return {f"k{number}é": item for number, item in enumerate(items)}


class Both(unittest.TestCase):
    def setUp(self) -> None:
        self.assertIsNotNone(
            jsontext._orjson, "orjson is one of the tools of the tests"
        )

    def test_what_one_writes_the_other_reads(self) -> None:
        draw = random.Random(2026)
        for _ in range(3000):
            value = drawn(draw)
            text = jsontext.dumps(value)
            with mock.patch.object(jsontext, "_orjson", None):
                plain = jsontext.dumps(value)
                self.assertEqual(repr(jsontext.loads(text.encode())), repr(value))
            self.assertEqual(repr(jsontext.loads(plain.encode())), repr(value))

    def test_numbers_are_never_rounded(self) -> None:
        for text in (
            b"18446744073709551616",
            b"-9223372036854775809",
            b"[1234567890123456789012345678901234567890]",
            b'{"n":9223372036854775807,"m":-9223372036854775808}',
            b"0.30000000000000004",
            b"1e400",
            b"-0",
        ):
            self.assertEqual(repr(jsontext.loads(text)), repr(json.loads(text)), text)
        self.assertEqual(jsontext.dumps(2**64), "18446744073709551616")

    def test_odd_texts_are_read_as_json_reads_them(self) -> None:
        for text in (b'"\\ud800"', b'{"a":1,"a":2}', b"NaN", b" [1 , 2]\n"):
            self.assertEqual(repr(jsontext.loads(text)), repr(json.loads(text)), text)
        for broken in (b"", b"{", b"[1,]", b"nul"):
            with self.assertRaises(ValueError):
                jsontext.loads(broken)

    def test_what_json_takes_is_written_alike(self) -> None:
        for value in (Colour.RED, Text("t"), "\ud800", {1: 2}, (1, 2)):
            text = jsontext.dumps(value)
            with mock.patch.object(jsontext, "_orjson", None):
                self.assertEqual(text, jsontext.dumps(value))
        for refused in (datetime.now(), {1, 2}, object()):
            with self.assertRaises(TypeError):
                jsontext.dumps(refused)


class Without(unittest.TestCase):
    def test_nothing_needs_orjson(self) -> None:
        code = (
            "import sys; sys.modules['orjson'] = None\n"
            "from _conductor import jsontext\n"
            "assert jsontext._orjson is None\n"
            "print(jsontext.dumps(jsontext.loads(b'[1, null]')))"
        )
        told = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        self.assertEqual(told.stdout, "[1,null]\n")


if __name__ == "__main__":
    unittest.main()
