"""Scalars to JSON and back, the form of errors, and the edges of CEL that no Plan of the emitter's tests reaches."""

import datetime as dt
import json
import math
import unittest
from decimal import Decimal

from _conductor import cel, cel_time, ids, scalars
from _conductor.errors import (
    ExpressionError,
    ResultError,
    WorkflowError,
    workflow_error,
)
from _conductor.form import cause_of, error_form
from _conductor.history import History
from _conductor.jsontext import byte_size, dumps


class Scalars(unittest.TestCase):
    def test_durations(self) -> None:
        for value, text in (
            (dt.timedelta(), "0s"),
            (dt.timedelta(hours=1, milliseconds=1), "3600.001s"),
            (dt.timedelta(microseconds=-1), "-0.000001s"),
            (dt.timedelta.min, "-86399999913600s"),
        ):
            self.assertEqual(scalars.encode_timedelta(value), text)
            self.assertEqual(scalars.decode_timedelta(text), value)

    def test_wrong_values_are_refused(self) -> None:
        for decode, value in (
            (scalars.decode_int, True),
            (scalars.decode_int, 2**63),
            (scalars.decode_int, 1.5),
            (scalars.decode_float, "1"),
            (scalars.decode_bool, 1),
            (scalars.decode_decimal, 1.5),
            (scalars.decode_decimal, "one"),
            (scalars.decode_bytes, "*"),
            (scalars.decode_date, "2026-13-01"),
            (scalars.decode_timedelta, "1"),
            (scalars.decode_uuid, "x"),
            (scalars.decode_list, {}),
        ):
            with self.assertRaises(ResultError, msg=f"{decode.__name__} {value!r}"):
                decode(value)

    def test_plain_json_is_nested_as_deep_as_others_can_read(self) -> None:
        def nested(depth: int) -> object:
            return [nested(depth - 1)] if depth else 0

        scalars.encode_any(nested(99))
        with self.assertRaises(ResultError):
            scalars.encode_any(nested(100))

    def test_plain_json_is_copied(self) -> None:
        value = {"a": [1, {"b": None}]}
        copy = scalars.encode_any(value)
        self.assertEqual(copy, value)
        self.assertIsNot(copy["a"][1], value["a"][1])
        surrogates = ("\ud800", {"\udc00": 1})
        for wrong in (
            {1: 2},
            (1,),
            {1},
            Decimal(1),
            float("nan"),
            object(),
            *surrogates,
        ):
            with self.assertRaises(ResultError):
                scalars.encode_any([wrong])


class Texts(unittest.TestCase):
    def test_a_text_is_as_long_as_its_bytes(self) -> None:
        for value, size in (("abc", 5), ("é", 4), ("\U0001f600", 6), ("\u2028\n", 7)):
            text = dumps(value)
            self.assertEqual(json.loads(text), value)
            self.assertEqual(byte_size(text), size)
            self.assertEqual(len(text.encode()), size)

    def test_half_a_character_is_written_as_nothing_else_can_be(self) -> None:
        self.assertEqual(dumps("é\ud800"), '"\\u00e9\\ud800"')


class Odd(Exception):
    """An error that resists being looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.code = "E7"
        self.detail = {"n": 1}
        self.itself = [self]
        self.endless: list[object] = []
        self.endless.append(self.endless)
        self.text = "\ud800"
        self.huge = "x" * 300_000
        self.handle = object()
        self._secret = "no"

    def __str__(self) -> str:
        raise RuntimeError


class Forms(unittest.TestCase):
    def test_an_error_is_plain_json(self) -> None:
        try:
            raise Odd
        except Odd as error:
            form = error_form(error)
        json.dumps(form)
        self.assertEqual(form["types"], [f"{__name__}.Odd", "builtins.Exception"])
        self.assertEqual(
            (form["code"], form["fields"]), ("E7", {"code": "E7", "detail": {"n": 1}})
        )
        self.assertIn("no text", str(form["message"]))
        self.assertIn("raise Odd", str(form["stack"]))
        failure = workflow_error("w", "r", "s", 1, Odd())
        self.assertIn("Odd: it has no text", str(failure))

    def test_a_message_is_text_that_can_be_written(self) -> None:
        message = error_form(ValueError("a\ud800b"))["message"]
        self.assertEqual(message, "a\\ud800b")

    def test_a_code_that_cannot_be_read_is_none(self) -> None:
        class Broken(Exception):
            @property
            def code(self) -> str:
                raise RuntimeError

        self.assertNotIn("code", error_form(Broken()))

    def test_the_cause_of_a_child_is_the_user_s_own(self) -> None:
        inner = ValueError("v")
        outer = WorkflowError("m", workflow="w", run="r")
        outer.__cause__ = inner
        self.assertIs(cause_of(outer), inner)


class Past(unittest.TestCase):
    def test_records_are_folded(self) -> None:
        history = History()
        history.add([{"run_started": {"input": {"n": 1}}}])
        history.add([{"step_started": {"key": "a", "attempt": 1, "deadline_at": 9}}])
        history.add(
            [{"attempt_failed": {"key": "a", "attempt": 1, "retry_at": 5, "at": 2}}]
        )
        history.add([{"step_started": {"key": "a", "attempt": 2}}])
        past = history.past("a")
        self.assertEqual((past.attempt, past.failures, past.is_open), (2, 1, True))
        self.assertEqual((past.deadline_at, past.retry_at, past.outcome), (9, 5, None))
        history.add(
            [
                {"step_succeeded": {"key": "a", "output": 3}},
                {"chosen": {"key": "b", "value": "x"}},
            ]
        )
        self.assertEqual(
            (past.outcome, past.output, past.is_open), ("succeeded", 3, False)
        )
        self.assertEqual((history.input, history.chosen), ({"n": 1}, {"b": "x"}))


class Cel(unittest.TestCase):
    def test_numbers_compare_across_types_and_nothing_else_does(self) -> None:
        self.assertTrue(cel.equal(1, 1.0))
        self.assertFalse(cel.equal(True, 1))
        self.assertFalse(cel.equal([1], [True]))
        self.assertTrue(cel.equal({"a": [1]}, {"a": [1.0]}))
        self.assertTrue(cel.less(1, 1.5))
        with self.assertRaises(ExpressionError):
            cel.less(True, 2)
        with self.assertRaises(ExpressionError):
            cel.less("a", b"a")

    def test_nan_is_unordered(self) -> None:
        nan = float("nan")
        for compare in (cel.less, cel.less_or_equal, cel.greater, cel.greater_or_equal):
            self.assertFalse(compare(nan, 1.0), compare.__name__)

    def test_moments(self) -> None:
        noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
        self.assertEqual(cel_time.subtract(noon, noon), dt.timedelta())
        self.assertEqual(cel_time.add(noon, dt.timedelta(hours=1)).hour, 13)
        for left, right in ((noon, noon), (dt.datetime.max, dt.timedelta(1))):
            with self.assertRaises(ExpressionError):
                cel_time.add(left, right)

    def test_text(self) -> None:
        for value, text in (
            (True, "true"),
            (1.0, "1"),
            (1e300, "1e+300"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e21, "1.5e+21"),
            (0.0001, "0.0001"),
            (1e-5, "1e-05"),
            (-0.0, "-0"),
            (5e-324, "5e-324"),
            (-math.inf, "-Infinity"),
            (None, "null"),
            (b"a", "a"),
        ):
            self.assertEqual(cel.text(value), text)
        with self.assertRaises(ExpressionError):
            cel.text(b"\xff")


class Ids(unittest.TestCase):
    def test_uuid_7(self) -> None:
        first, second = ids.new_run_id(), ids.new_run_id()
        self.assertRegex(
            first,
            r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        )
        self.assertNotEqual(first, second)
        self.assertLessEqual(first[:13], second[:13])


if __name__ == "__main__":
    unittest.main()
