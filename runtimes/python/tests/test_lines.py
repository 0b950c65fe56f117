"""Acknowledgements, read without a parser: the same as with one, or left to it."""

import unittest

from _conductor.jsontext import loads
from _conductor.lines import acknowledged


def ack(run: str, seq: object = 7) -> bytes:
    head = '{"jsonrpc":"2.0","method":"run.ack","params":'
    return f'{head}{{"run":"{run}","seq":{seq}}}}}'.encode()


class LinesTest(unittest.TestCase):
    def test_an_acknowledgement_says_what_a_parser_finds(self) -> None:
        for run in ("order-1", "käse/0", "a b"):
            params = loads(ack(run))["params"]
            self.assertEqual(acknowledged(ack(run)), (params["run"], params["seq"]))

    def test_what_is_written_otherwise_is_left_to_the_parser(self) -> None:
        for line in (
            ack("a\\nb"),
            ack("a", "1.0"),
            ack("a").replace(b'"seq":', b'"seq": '),
            ack("a").replace(b"ack", b"refused"),
            ack("a") + b"}",
        ):
            self.assertIsNone(acknowledged(line), line)
