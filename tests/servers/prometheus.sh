#!/usr/bin/env bash
# Prometheus and promtool (Debian's package, unpacked and not installed: no service) on loopback.
#   prometheus.sh install | promtool ARGUMENTS... | start DATA_DIR RULES_FILE TARGET_HOST:PORT... | stop DATA_DIR
# It scrapes the targets each second. Its port is a free one; DATA_DIR/endpoint holds "http://127.0.0.1:PORT".
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
ROOT="$CACHE/prometheus"
install() {
  local lock
  # Tests side by side wait for the one that downloads.
  exec {lock}>"$CACHE/prometheus.lock"; flock "$lock"
  if [ ! -x "$ROOT/usr/bin/prometheus" ] || [ ! -x "$ROOT/usr/bin/promtool" ]; then
    rm -rf "$ROOT" "$ROOT.new"; mkdir -p "$ROOT.new"; cd "$ROOT.new"
    # The lists of packages may be there, and then be too old.
    apt-get -o APT::Sandbox::User=root download -qq prometheus 2>/dev/null || {
      apt-get update -qq -o DPkg::Lock::Timeout=600
      apt-get -o APT::Sandbox::User=root download -qq prometheus; }
    dpkg-deb -x prometheus_*.deb .; rm -f prometheus_*.deb; cd /; mv "$ROOT.new" "$ROOT"
  fi
  exec {lock}>&-
}
# Prints a port that was free a moment ago.
free_port() { python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])'; }
launch() {
  local data="$1" port; port="$(free_port)"
  "$ROOT/usr/bin/prometheus" --config.file="$data/prometheus.yml" --storage.tsdb.path="$data/tsdb" \
    --web.listen-address="127.0.0.1:$port" >"$data/prometheus.log" 2>&1 & echo $! > "$data/pid"
  echo "http://127.0.0.1:$port" > "$data/endpoint"
  wait_tcp "$port" "$(cat "$data/pid")" 120 "$data/prometheus.log"
}
start() {
  local data rules i; mkdir -p "$1"; data="$(cd "$1" && pwd)"; rules="$(realpath "$2")"; shift 2; install
  { echo "global: {scrape_interval: 1s, evaluation_interval: 1s}"; echo "rule_files: [\"$rules\"]"
    echo "scrape_configs:"; echo "- job_name: iceframe"; echo "  static_configs:"
    echo "  - targets: [$(printf '"%s",' "$@")]"; } > "$data/prometheus.yml"
  # A port may have been taken in between.
  for i in 1 2 3 4 5; do launch "$data" && break; stop_pid "$data/pid" 3; [ "$i" -lt 5 ] || exit 1; done
  echo "prometheus ready $(cat "$data/endpoint") pid=$(cat "$data/pid") rss=$(rss_mb "$(cat "$data/pid")")MB"
}
case "${1:-}" in install) install;; promtool) install; exec "$ROOT/usr/bin/promtool" "${@:2}";; start) start "${@:2}";; stop) stop_pid "$2/pid" 5;; *) sed -n 2,4p "$0"; exit 2;; esac
