# SPDX-License-Identifier: Apache-2.0
"""Random predicates over the random table, in text that DuckDB and we read alike."""

import datetime
import random

from expression_table import DATES, INT_EDGES, STAMPS, STRINGS


def quoted(text: str) -> str:
    """Returns a string literal."""
    return "'" + text.replace("'", "''") + "'"


class Predicates:
    """Writes random predicates in text that both engines read alike."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def boolean(self, depth: int = 3) -> str:
        """Returns a condition."""
        if depth == 0 or self.rng.random() < 0.3:
            return self.leaf()
        kind = self.rng.choice(["and", "or", "not", "not", "is", "isnull", "equal"])
        if kind in ("and", "or"):
            parts = [self.boolean(depth - 1) for _ in range(self.rng.randint(2, 3))]
            return "(" + f" {kind.upper()} ".join(parts) + ")"
        inner = self.boolean(depth - 1)
        if kind == "not":
            return f"NOT ({inner})"
        if kind == "is":
            return (
                f"({inner}) IS {self.rng.choice(['', 'NOT '])}{self.rng.choice(['TRUE', 'FALSE'])}"
            )
        if kind == "isnull":
            return f"({inner}) IS {self.rng.choice(['', 'NOT '])}NULL"
        return f"({inner}) {self.rng.choice(['=', '<>'])} ({self.boolean(depth - 1)})"

    def op(self) -> str:
        return self.rng.choice(["=", "<>", "!=", "<", "<=", ">", ">="])

    def leaf(self) -> str:
        return self.rng.choice(
            [
                self.number,
                self.number,
                self.number,
                self.text,
                self.text,
                self.moment,
                self.moment,
                self.other,
            ]
        )()

    def whole_literal(self) -> str:
        return str(
            self.rng.choice([*INT_EDGES, 2**31, -(2**31) - 1, 2**40, self.rng.randint(-20, 20)])
        )

    def literal(self) -> str:
        return self.rng.choice(
            [
                self.whole_literal(),
                self.rng.choice(
                    ["2.5", "-0.01", "0.1", "7.0", "1.505", "-99999.99", "123456789.125"]
                ),
                self.rng.choice(["2.5e0", "1e300", "-1e10", "0e0", "-0e0", "1e-3"]),
            ]
        )

    def double_literal(self) -> str:
        return self.rng.choice(["2.5e0", "1e300", "-1e10", "0e0", "-0e0", "1e-3"])

    def number_operand(self) -> str:
        plain = ["i", "j", "l", "f", "d", "e", "dec", "big", "k"]
        computed = [
            "j + 1",
            "j * 2 - k % 3",
            "j * j",
            "j / 2",
            "j / 0",
            "i / 3",
            "l / 7",
            "f / 2",
            "d / e",
            "dec / 4",
            "j % 3",
            "j % 0",
            "e % 2",
            "e % 0",
            "dec % 0.7",
            "dec + 1",
            "dec * 1.5",
            "dec - j",
            "dec + dec",
            "f + 1",
            "f * 0.5",
            "d + e",
            "d * 2",
            "e - f",
            "-j",
            "-(dec)",
            "-e",
            "abs(j)",
            "abs(dec)",
            "abs(d)",
            "floor(f)",
            "ceil(d)",
            "floor(dec)",
            "ceil(dec)",
            "floor(j)",
            "round(dec)",
            "round(dec, 1)",
            "round(e)",
            "round(f, 1)",
            "round(j, -1)",
            "round(dec, -1)",
            "coalesce(i, 7)",
            "coalesce(dec, 1.5)",
            "coalesce(d, f)",
            "length(s)",
            "length(city)",
            "octet_length(bin)",
            "year(dt)",
            "month(ts)",
            "day(dt)",
            "hour(ts)",
            "minute(ts)",
            "second(t)",
            "greatest(i, j, 3)",
            "least(l, d)",
            "greatest(d, e)",
            "least(f, 0.5e0, e)",
            "greatest(dec, j, NULL)",
            "nullif(j, 2)",
            "nullif(d, e)",
            "CASE WHEN b THEN i WHEN j > 0 THEN l END",
            "CASE WHEN j = 0 THEN 0 ELSE i / j END",
            "CASE WHEN s LIKE 'a%' THEN dec ELSE 1.5 END",
            "CASE k WHEN 1 THEN j WHEN 2 THEN -j WHEN NULL THEN 100 ELSE d END",
            "CASE WHEN i BETWEEN -100 AND 100 THEN i * 1000000 ELSE j END",
            "CASE WHEN NULL THEN 1 ELSE f END",
            "year(tz)",
            "CAST(j AS double)",
            "CAST(dec AS int)",
            "CAST(j AS decimal(9,3))",
            "CAST(dec AS double)",
            "f::double",
            "CAST(b AS int)",
            "CAST(i AS bigint) + 1",
            "CAST(dec AS decimal(12,1))",
            "CAST('12' AS int)",
            "CAST(j AS varchar)::int",
        ]
        return self.rng.choice(plain if self.rng.random() < 0.6 else computed)

    def number(self) -> str:
        operand = self.number_operand()
        kind = self.rng.choice(
            ["compare", "compare", "compare", "columns", "between", "in", "null", "flip"]
        )
        if kind == "compare":
            return f"{operand} {self.op()} {self.literal()}"
        if kind == "flip":
            return f"{self.literal()} {self.op()} {operand}"
        if kind == "columns":
            return f"{operand} {self.op()} {self.number_operand()}"
        negated = self.rng.choice(["", "NOT "])
        if kind == "between":
            low, high = (
                self.rng.choice([self.whole_literal, self.double_literal, self.literal])()
                for _ in range(2)
            )
            return f"{operand} {negated}BETWEEN {low} AND {high}"
        if kind == "in":
            items = [
                self.whole_literal() if self.rng.random() < 0.9 else "NULL"
                for _ in range(self.rng.randint(1, 6))
            ]
            return f"{operand} {negated}IN ({', '.join(items)})"
        return self.rng.choice(
            [
                f"{operand} IS {negated}NULL",
                f"{negated}isnan({self.rng.choice(['f', 'd', 'e', 'd + e'])})",
            ]
        )

    def text_operand(self) -> str:
        return self.rng.choice(
            [
                "s",
                "s",
                "city",
                "city",
                "lower(city)",
                "upper(s)",
                "s || city",
                "concat(s, city, 'x')",
                "trim(s)",
                "ltrim(city)",
                "rtrim(city)",
                "substring(s, 2, 2)",
                "substring(city, -2)",
                "substr(city, 2)",
                "substring(city, 0, 2)",
                "coalesce(s, 'none')",
                "greatest(s, city)",
                "least(s, 'b', city)",
                "nullif(s, city)",
                "CASE WHEN b THEN s WHEN b IS NULL THEN city ELSE 'no' END",
                "CASE city WHEN 'Oslo' THEN 'Norway' WHEN 'Öl' THEN s END",
                "CAST(j AS varchar)",
                "CAST(b AS varchar)",
                "CAST(dec AS varchar)",
                "CAST(dt AS varchar)",
                "CAST(e AS varchar)",
            ]
        )

    def text(self) -> str:
        operand = self.text_operand()
        negated = self.rng.choice(["", "NOT "])
        value = quoted(self.rng.choice(STRINGS))
        kind = self.rng.choice(
            [
                "compare",
                "compare",
                "columns",
                "in",
                "like",
                "like",
                "like",
                "prefix",
                "null",
                "call",
            ]
        )
        if kind == "compare":
            return f"{operand} {self.op()} {value}"
        if kind == "columns":
            return f"{operand} {self.op()} {self.text_operand()}"
        if kind == "in":
            return f"{operand} {negated}IN ({', '.join(quoted(self.rng.choice(STRINGS)) for _ in range(3))}{self.rng.choice(['', ', NULL'])})"  # noqa: E501
        if kind == "like":
            pattern = "".join(
                self.rng.choices(
                    ["%", "_", "a", "b", "é", "o", "s", "日", "\\", "O"], k=self.rng.randint(0, 5)
                )
            )
            escape = ""
            if self.rng.random() < 0.3:
                pattern, escape = pattern.replace("_", "!_"), " ESCAPE '!'"
            return (
                f"{operand} {negated}{self.rng.choice(['LIKE', 'ILIKE'])} {quoted(pattern)}{escape}"
            )
        if kind == "prefix":
            return (
                f"{negated}starts_with({operand}, {quoted(self.rng.choice(['a', 'O', 'é', '']))})"
            )
        if kind == "call":
            return f"{self.rng.choice(['contains', 'ends_with', 'starts_with'])}({operand}, {self.rng.choice(['city', quoted('a'), quoted('é')])})"  # noqa: E501
        return f"{operand} IS {negated}NULL"

    def moment(self) -> str:
        negated = self.rng.choice(["", "NOT "])
        date = f"DATE '{self.rng.choice([*DATES, datetime.date(2024, 6, 1)]).isoformat()}'"
        stamp = f"TIMESTAMP '{self.rng.choice([*STAMPS, datetime.datetime(2024, 6, 1)]).isoformat(sep=' ')}'"  # noqa: E501
        unit = self.rng.choice(["year", "quarter", "MONTH", "week", "day", "hour", "minute"])
        zoned = f"TIMESTAMPTZ '{self.rng.choice(['1970-01-01 01:00:00+01:00', '2024-06-01 00:00:00Z', '1969-12-31 23:59:59.999999+00:00'])}'"  # noqa: E501
        return self.rng.choice(
            [
                f"dt {self.op()} {date}",
                f"dt {self.op()} {stamp}",
                f"ts {self.op()} {date}",
                f"ts {self.op()} {stamp}",
                f"dt {self.op()} ts",
                f"tz {self.op()} {zoned}",
                f"dt {negated}BETWEEN {date} AND DATE '2024-06-01'",
                f"ts {negated}IN ({stamp}, {stamp})",
                f"dt {negated}IN ({date}, NULL)",
                "dt = '2024-02-29'",
                "ts >= '2024-03-01 12:00:00'",
                f"CAST(ts AS date) {self.op()} {date}",
                f"CAST(dt AS timestamp) {self.op()} ts",
                f"t {self.op()} TIME '12:30:00'",
                f"coalesce(dt, {date}) {self.op()} {date}",
                f"ts IS {negated}NULL",
                f"date_trunc('{unit}', ts) {self.op()} {stamp}",
                f"date_trunc('{unit}', dt) {self.op()} ts",
                f"date_trunc('{unit}', tz) {self.op()} {zoned}",
                f"greatest(ts, {stamp}) {self.op()} ts",
                f"least(dt, {date}) {self.op()} {date}",
                f"CASE WHEN b THEN dt ELSE {date} END {self.op()} {date}",
                f"CAST('2024-02-29' AS date) {self.op()} dt",
                f"CAST(dt AS varchar)::date {self.op()} dt",
            ]
        )

    def other(self) -> str:
        negated = self.rng.choice(["", "NOT "])
        return self.rng.choice(
            [
                "b",
                "NOT b",
                f"b IS {negated}NULL",
                f"b IS {negated}TRUE",
                "b = TRUE",
                "b <> FALSE",
                "b < TRUE",
                "coalesce(b, FALSE)",
                "TRUE",
                "FALSE",
                "i = NULL",
                "NULL IS NULL",
                "bin = 'a'",
                "bin < '\\xFF'",
                "bin IN ('a', 'ab')",
                "bin IS NULL",
                "j = i OR TRUE",
                "1 = 1",
                "2 < 1",
                "'a' < 'b'",
                "1 + 1 = 2",
                "CAST(k AS boolean)",
                "CASE WHEN j > 2 THEN b WHEN j > 0 THEN NOT b END",
                "CASE WHEN j <> 0 THEN 100 / j > 20 ELSE FALSE END",
                "greatest(b, j > 0)",
                "least(bin, 'ab'::blob) = bin",
                "nullif(b, j > 0) IS NULL",
            ]
        )
