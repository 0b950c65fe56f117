"""Backoff to the number, and which errors are tried again."""

import unittest
from unittest import mock

from _conductor import policy
from _conductor.errors import (
    GrpcError,
    HttpError,
    OutcomeUnknown,
    RecordedError,
    ResultError,
)


class Status(Exception):
    """An error with a status, as HTTP clients have."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class Special(Status):
    """A subclass."""


class Backoff(unittest.TestCase):
    def test_exact_delays(self) -> None:
        self.assertEqual([policy.constant(0.1, 30.0, "none")] * 3, [0.1] * 3)
        linear = [policy.linear(retry, 0.1, 0.25, "none") for retry in (1, 2, 3)]
        self.assertEqual(linear, [0.1, 0.2, 0.25])
        growing = [
            policy.exponential(retry, 0.1, 3.0, 2.0, "none") for retry in (1, 2, 3, 4)
        ]
        for got, wanted in zip(growing, (0.1, 0.3, 0.9, 2.0), strict=True):
            self.assertAlmostEqual(got, wanted)

    def test_a_huge_number_of_retries_overflows_nothing(self) -> None:
        self.assertEqual(policy.exponential(100_000, 0.1, 2.0, 30.0, "none"), 30.0)

    def test_jitter(self) -> None:
        cases: list[tuple[float, float, policy.Jitter]] = [
            (0.0, 1.0, "full"),
            (0.5, 1.0, "equal"),
        ]
        for low, high, jitter in cases:
            with mock.patch("random.uniform", side_effect=lambda one, other: one):
                self.assertEqual(policy.constant(1.0, 30.0, jitter), low)
            with mock.patch("random.uniform", side_effect=lambda one, other: other):
                self.assertEqual(policy.constant(1.0, 30.0, jitter), high)


class Matching(unittest.TestCase):
    def test_what_a_service_refuses_is_not_asked_again(self) -> None:
        cases = [
            (GrpcError("UNAVAILABLE", "down", {}), True),
            (GrpcError("NOT_FOUND", "no such user", {}), False),
            (HttpError("404", "Not Found", {}, "NoSuchUser"), False),
            (HttpError("429", "Too Many Requests", {}), True),
            (HttpError("503", "Service Unavailable", {}), True),
            (RecordedError({"types": ["HttpError"], "code": "404"}), False),
            (Status(404), True),
        ]
        for error, expected in cases:
            self.assertEqual(policy.is_retryable(error), expected, repr(error))

    def test_a_class_of_codes_is_one_of_http(self) -> None:
        error = HttpError("404", "Not Found", {}, "NoSuchUser")
        for pattern in ("4xx", "404", "NoSuchUser", "HttpError"):
            self.assertTrue(policy.is_retryable(error, retry_on=(pattern,)), pattern)
        for pattern in ("5xx", "xxx", "40x"):
            self.assertFalse(policy.is_retryable(error, retry_on=(pattern,)), pattern)
        grpc = GrpcError("UNAVAILABLE", "down", {})
        self.assertFalse(policy.is_retryable(grpc, retry_on=("4xx", "Uxx")))

    def test_by_default_all_but_programming_errors(self) -> None:
        self.assertTrue(policy.is_retryable(ConnectionError()))
        for error in (
            TypeError(),
            AttributeError(),
            NotImplementedError(),
            ModuleNotFoundError(),
        ):
            self.assertFalse(policy.is_retryable(error), error)

    def test_by_name_base_and_code(self) -> None:
        error = Special(503)
        for pattern in ("Special", "Status", f"{__name__}.Status", "503", "Exception"):
            self.assertTrue(policy.is_retryable(error, retry_on=(pattern,)), pattern)
            self.assertFalse(policy.is_retryable(error, abort_on=(pattern,)), pattern)
        self.assertFalse(policy.is_retryable(error, retry_on=("tatus", "50", "504")))
        self.assertTrue(policy.is_retryable(TypeError(), retry_on=("TypeError",)))
        self.assertFalse(
            policy.is_retryable(error, retry_on=("Special",), abort_on=("503",))
        )

    def test_what_another_attempt_cannot_mend(self) -> None:
        for error in (OutcomeUnknown(), ResultError()):
            self.assertFalse(policy.is_retryable(error, retry_on=("Exception",)))

    def test_a_recorded_error_goes_by_its_own_names(self) -> None:
        error = RecordedError(
            {"types": ["shop.Busy", "builtins.Exception"], "message": "m", "code": "7"}
        )
        self.assertTrue(policy.is_retryable(error, retry_on=("Busy",)))
        self.assertTrue(policy.is_retryable(error, retry_on=("7",)))


if __name__ == "__main__":
    unittest.main()
