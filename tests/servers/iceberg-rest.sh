#!/usr/bin/env bash
# The Apache Iceberg REST catalog fixture (Java, reference implementation) on loopback; JdbcCatalog on SQLite behind it.
#   iceberg-rest.sh install | start DATA_DIR [PORT [key=value...]] | stop DATA_DIR
# PORT defaults to 0: one that is free. Without keys: SQLite at DATA_DIR/catalog.db, warehouse file://DATA_DIR/warehouse. Keys: see java/RestServer.java, e.g.
#   warehouse=s3://bucket/wh io-impl=org.apache.iceberg.aws.s3.S3FileIO s3.endpoint=http://127.0.0.1:28333 s3.path-style-access=true \
#   s3.access-key-id=K s3.secret-access-key=S client.region=us-east-1 include-credentials=true      (credential vending)
#   uri=jdbc:postgresql://127.0.0.1:25432/iceberg jdbc.user=iceberg jdbc.password=iceberg          (PostgreSQL behind it)
#   server.token=T  server.latency-ms=50  server.async-planning=true  server.tasks-per-plan=2
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
V="${ICEBERG_REST_VERSION:-1.11.0}"   # the newest whose test jars are published; 1.12.0 publishes none
DIR="$CACHE/iceberg-rest-$V"
install() {
  mvn_libs "iceberg-rest-$V" "$(pom org.apache.iceberg:iceberg-core:$V org.apache.iceberg:iceberg-core:$V:tests org.apache.iceberg:iceberg-open-api:$V:test-fixtures \
    org.apache.iceberg:iceberg-aws:$V org.apache.iceberg:iceberg-aws-bundle:$V org.apache.hadoop:hadoop-client-api:3.4.2 org.apache.hadoop:hadoop-client-runtime:3.4.2 \
    org.xerial:sqlite-jdbc:3.50.3.0 org.postgresql:postgresql:42.7.7 org.eclipse.jetty:jetty-server:12.1.5 org.eclipse.jetty.ee10:jetty-ee10-servlet:12.1.5 org.slf4j:slf4j-simple:2.0.17)"
  local lock sum; exec {lock}>"$DIR/lock"; flock "$lock"
  sum="$(sha256sum <"$HERE/java/RestServer.java")"
  if [ "$(cat "$DIR/classes/.ok" 2>/dev/null || true)" != "$sum" ]; then
    rm -rf "$DIR/classes"; mkdir -p "$DIR/classes"; javac -proc:none -nowarn -cp "$DIR/lib/*" -d "$DIR/classes" "$HERE/java/RestServer.java" && printf '%s' "$sum" >"$DIR/classes/.ok"
  fi
  exec {lock}>&-
}
start() {
  local data; mkdir -p "$1/warehouse"; data="$(cd "$1" && pwd)"; local port="${2:-0}"; shift; shift || true; install
  local args=("$@"); case " $* " in *" uri="*) ;; *) args+=("uri=jdbc:sqlite:$data/catalog.db?journal_mode=WAL&busy_timeout=30000");; esac
  case " $* " in *" warehouse="*) ;; *) args+=("warehouse=file://$data/warehouse");; esac
  : >"$data/rest.log"
  java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx${REST_HEAP:-384m} -Dorg.slf4j.simpleLogger.defaultLogLevel=${REST_LOG:-warn} \
    -cp "$DIR/classes:$DIR/lib/*" org.apache.iceberg.rest.RestServer "$port" "${args[@]}" >>"$data/rest.log" 2>&1 & echo $! > "$data/pid"
  local i uri=""
  for ((i = 0; i < 1200; i++)); do
    uri="$(sed -n 's/^READY //p' "$data/rest.log")"; [ -z "$uri" ] || break
    kill -0 "$(cat "$data/pid")" 2>/dev/null || { echo "server died; end of $data/rest.log:" >&2; tail -20 "$data/rest.log" >&2; return 1; }
    sleep 0.1
  done
  [ -n "$uri" ] || { echo "not ready after 120 s; end of $data/rest.log:" >&2; tail -20 "$data/rest.log" >&2; return 1; }
  echo "iceberg REST catalog $V ready uri=$uri pid=$(cat "$data/pid") rss=$(rss_mb "$(cat "$data/pid")")MB"
}
case "${1:-}" in install) install;; start) start "${@:2}";; stop) stop_pid "$2/pid";; *) sed -n 2,8p "$0"; exit 2;; esac
