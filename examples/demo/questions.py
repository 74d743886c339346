# SPDX-License-Identifier: Apache-2.0
"""Three questions to the tables, as queries."""

from iceframe import IceFrame, QueryBuilder, col
from iceframe.functions import avg, count, rank, sum, when


def snowstorm(ice: IceFrame) -> QueryBuilder:
    """The weekend of the snowstorm Nemo: how many flights were cancelled on each day?"""
    cancelled = when(col("dep_time").is_null(), 1).otherwise(0)
    return (
        ice.query("nyc.flights")
        .filter("time_hour >= TIMESTAMPTZ '2013-02-08 05:00:00Z'")  # midnight in New York
        .filter("time_hour < TIMESTAMPTZ '2013-02-11 05:00:00Z'")
        .with_column("cancelled", cancelled)
        .group_by("month", "day")
        .select(
            "month",
            "day",
            count().alias("flights"),
            sum("cancelled").alias("cancelled"),
            avg("dep_delay").alias("mean delay, min"),
        )
        .order_by("month", "day")
    )


def most_seats(ice: IceFrame) -> QueryBuilder:
    """Which airlines flew the most seats out of New York in July, and how late were they?"""
    return (
        ice.query("nyc.flights")
        .filter("time_hour >= TIMESTAMPTZ '2013-07-01 04:00:00Z'")
        .filter("time_hour < TIMESTAMPTZ '2013-08-01 04:00:00Z'")
        .filter("arr_time IS NOT NULL")
        .join("nyc.planes", "tailnum")
        .join("nyc.airlines", "carrier")
        .group_by("name")
        .select(
            col("name").alias("airline"),
            count().alias("flights"),
            sum("seats").alias("seats"),
            avg("arr_delay").alias("mean delay, min"),
        )
        .order_by("seats", descending=True)
        .limit(5)
    )


def longest_waits(ice: IceFrame) -> QueryBuilder:
    """Who waited longest: of the flights that left 15 hours late or more, two per airport?"""
    place = rank().over(partition_by="origin", order_by=col("dep_delay").desc())
    return (
        ice.query("nyc.flights")
        .filter(col("dep_delay") >= 900)
        .join("nyc.airports", left_on="dest", right_on="faa")
        .with_column("place", place)
        .filter("place <= 2")
        .select(
            col("origin").alias("from"),
            "place",
            col("dep_delay").alias("minutes"),
            "carrier || ' ' || flight AS flight",
            col("name").alias("to"),
            col("time_hour").alias("hour"),
        )
        .order_by("from", "place")
    )


QUESTIONS = (snowstorm, most_seats, longest_waits)
