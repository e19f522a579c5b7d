# shellcheck shell=bash
# What dump, load and exchange share: how they fail, how they ask the server, and that one at a time does. Sourced.

set -euo pipefail
umask 077
export PGOPTIONS='--client-min-messages=warning'

fail() { echo "错误：$*" >&2; exit 1; }
sql() { psql --host=/run/postgresql --username=postgres --no-psqlrc -qtA --set=ON_ERROR_STOP=1 "$@"; }
free_kb() { df -Pk /var/lib/postgresql | awk 'NR == 2 {print $4}'; }

exec {lock}>/var/lib/postgresql/.lock
flock --nonblock "$lock" || fail "另一次备份或恢复正在进行"
