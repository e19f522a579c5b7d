# shellcheck shell=bash
# What dump, load and exchange share: how they fail, how they query the server, how a dump is restored, and the lock
# that lets one of them run at a time. Sourced.

set -euo pipefail
umask 077
export PGOPTIONS='--client-min-messages=warning'

fail() { echo "错误：$*" >&2; exit 1; }
export PGHOST=/run/postgresql PGUSER=postgres
sql() { psql --no-psqlrc -qtA --set=ON_ERROR_STOP=1 "$@"; }
free_kb() { df -Pk /var/lib/postgresql | awk 'NR == 2 {print $4}'; }

# Restores FILE, a dump of DATABASE, into a new database TARGET beside it.
restore_dump() { # DATABASE TARGET FILE
  sql --command="DROP DATABASE IF EXISTS $2" --command="CREATE DATABASE $2 OWNER $1 TEMPLATE template0" \
    --command="REVOKE ALL ON DATABASE $2 FROM PUBLIC" &&
    pg_restore --role="$1" --no-owner --no-privileges --exit-on-error --single-transaction --dbname="$2" "$3"
}

exec {lock}>/var/lib/postgresql/.lock
flock --nonblock "$lock" || fail "另一次备份或恢复正在进行"
