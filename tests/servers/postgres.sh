#!/usr/bin/env bash
# PostgreSQL (Debian) on loopback for an Iceberg SQL/JDBC catalog, run as an unprivileged user.
#   postgres.sh install | start DATA_DIR [PORT] | stop DATA_DIR
# PORT defaults to 25432; database, user and password are all "iceberg". Unix socket in DATA_DIR/run.
# The folders above DATA_DIR must be open to the user postgres.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
install() {
  local lock
  exec {lock}>"$CACHE/postgres.lock"; flock "$lock"
  if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    # Others may be installing something.
    apt-get update -qq -o DPkg::Lock::Timeout=600; mkdir -p /etc/postgresql-common
    # Without this line the package makes and may start a cluster of its own.
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=600 postgresql >/dev/null
  fi
  exec {lock}>&-
}
AS_PG=(); [ "$(id -u)" != 0 ] || AS_PG=(setpriv --reuid=postgres --regid=postgres --init-groups --reset-env)
start() {
  local data; install; mkdir -p "$1/run"; data="$(cd "$1" && pwd)"; local port="${2:-25432}"
  local bin; bin="$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)"
  [ "$(id -u)" != 0 ] || chown -R postgres:postgres "$data"
  if [ ! -f "$data/made" ]; then
    "${AS_PG[@]}" bash -c "umask 077; echo iceberg > '$data/pw'; rm -rf '$data/db'"
    "${AS_PG[@]}" "$bin/initdb" -D "$data/db" -U iceberg --pwfile="$data/pw" -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync >"$data/initdb.log" 2>&1 || { cat "$data/initdb.log" >&2; exit 1; }
    touch "$data/made"
  fi
  "${AS_PG[@]}" "$bin/postgres" -D "$data/db" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$data/run" -c shared_buffers=32MB -c fsync="${PG_FSYNC:-off}" ${PG_OPTIONS:-} >>"$data/postgres.log" 2>&1 & echo $! > "$data/pid"
  wait_tcp "$port" "$(cat "$data/pid")" 120 "$data/postgres.log"
  local i; for ((i = 0; i < 1200; i++)); do
    kill -0 "$(cat "$data/pid")" 2>/dev/null || { tail -20 "$data/postgres.log" >&2; exit 1; }
    PGPASSWORD=iceberg "$bin/psql" -qAt -h 127.0.0.1 -p "$port" -U iceberg -d postgres -c "select 'ready' || count(*) from pg_database where datname='iceberg'" >"$data/probe" 2>/dev/null && break; sleep 0.1; done
  grep -q ready "$data/probe" || { echo "no answer to queries" >&2; exit 1; }
  grep -q ready1 "$data/probe" || PGPASSWORD=iceberg "$bin/createdb" -h 127.0.0.1 -p "$port" -U iceberg iceberg
  echo "postgresql ready uri=postgresql+psycopg2://iceberg:iceberg@127.0.0.1:$port/iceberg pid=$(cat "$data/pid") rss=$(rss_mb "$(cat "$data/pid")")MB"
}
# INT: open connections are ended.
stop() {
  [ -f "$1/pid" ] || return 0
  kill -INT "$(cat "$1/pid")" 2>/dev/null || true
  stop_pid "$1/pid" 60
}
case "${1:-}" in install) install;; start) start "${@:2}";; stop) stop "$2";; *) sed -n 2,5p "$0"; exit 2;; esac
