#!/bin/bash
# A table that PyIceberg purges from S3 leaves an empty object for each of its folders.
#
# pyiceberg 0.12.0 with its default FileIO for s3:// (pyarrow 25.0.1); the store is moto 5.1.18.
# S3 has no folders, yet Arrow's S3 file system looks after them: having deleted or moved a file, it
# asks whether its folder is still there, and where no object is left below it puts an empty one
# named "folder/". So each file that is deleted as the last of its folder adds an object, and a
# purge of a table, or a rename of a single file, ends with keys that nobody wrote: a bucket can't
# be removed then, and what lists a table's location finds objects that no snapshot knows.
# For a cleaner of orphan files: keys of 0 bytes that end with "/" are no data, and may go.
# For a writer: a delete by the request of S3 itself leaves nothing.
# Expected output: deleted: t/data/; moved: u/; purged: wh/n/t/data/ wh/n/t/metadata/; bytes: 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check 'moto[server,s3]==5.1.18' boto3==1.44.8 \
  'pyiceberg[sql-sqlite,pyarrow]==0.12.0' pyarrow==25.0.1
"$work/env/bin/python" - "$work" 2>"$work/errors" <<'PYTHON' || { tail -5 "$work/errors" >&2; exit 1; }
import sys

import boto3
import pyarrow as pa
from moto.server import ThreadedMotoServer
from pyarrow.fs import S3FileSystem
from pyiceberg.catalog.sql import SqlCatalog

server = ThreadedMotoServer(port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url, region = f"http://127.0.0.1:{port}", "us-east-1"
client = boto3.client(
    "s3", endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b", region_name=region
)
client.create_bucket(Bucket="lake")


def objects(prefix: str) -> dict[str, int]:
    listed = client.list_objects_v2(Bucket="lake", Prefix=prefix)
    return {one["Key"]: one["Size"] for one in listed.get("Contents", [])}


system = S3FileSystem(access_key="a", secret_key="b", endpoint_override=url, region=region)
client.put_object(Bucket="lake", Key="t/data/file", Body=b"x")
system.delete_file("lake/t/data/file")
client.put_object(Bucket="lake", Key="u/file", Body=b"x")
system.move("lake/u/file", "lake/v/file")

catalog = SqlCatalog(
    "c",
    uri=f"sqlite:///{sys.argv[1]}/c.db",
    warehouse="s3://lake/wh",
    **{"s3.endpoint": url, "s3.access-key-id": "a", "s3.secret-access-key": "b", "s3.region": region},
)
catalog.create_namespace("n")
catalog.create_table("n.t", pa.schema([("id", pa.int64())])).append(pa.table({"id": [1]}))
assert not any(key.endswith("/") for key in objects("wh/"))
catalog.purge_table("n.t")

left = {**objects("t/"), **objects("u/"), **objects("wh/")}
seen = (
    f"deleted: {' '.join(objects('t/'))}; moved: {' '.join(objects('u/'))}; "
    f"purged: {' '.join(objects('wh/'))}; bytes: {sum(left.values())}"
)
print(seen)
server.stop()
expected = "deleted: t/data/; moved: u/; purged: wh/n/t/data/ wh/n/t/metadata/; bytes: 0"
sys.exit(0 if seen == expected else f"expected {expected}")
PYTHON
