# SPDX-License-Identifier: Apache-2.0
"""A process that streams a topic into a table, to be killed: kafka_ingester.py CATALOG TOPIC CONFIG
OPTIONS, each but the topic in JSON. Prints "running", then a line of JSON for its summary."""

import json
import sys

from iceframe import IceFrame
from iceframe.kafka import stream_from_kafka


def main() -> None:
    catalog, topic, config, options = sys.argv[1:]
    ice = IceFrame(json.loads(catalog))
    print("running", flush=True)
    summary = stream_from_kafka(ice, topic, "events", json.loads(config), **json.loads(options))
    print(json.dumps(summary), flush=True)


if __name__ == "__main__":
    main()
