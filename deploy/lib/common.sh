# shellcheck shell=bash
# What the commands in deploy/ share: paths, messages, settings, the lock. Sourced, never run.

set -euo pipefail
umask 077

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# read by the scripts that source this file
# shellcheck disable=SC2034
SECRETS=$ROOT/deploy/secrets
# shellcheck disable=SC2034
SERVICES=(registry outreach activities finance reporting)

say() { printf '%s\n' "$*"; }
warn() { printf '注意：%s\n' "$*" >&2; }
fail() {
  printf '错误：%s\n' "$*" >&2
  exit 1
}

compose() { docker compose --project-directory "$ROOT" "$@"; }

need() {
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null 2>&1 || fail "缺少命令 $command，请先安装"
  done
}

# Print the value of a setting as compose sees it: from the environment, else .env, else the given default.
setting() {
  local name=$1 default=${2:-} line
  if [[ -n ${!name:-} ]]; then
    printf '%s' "${!name}"
    return
  fi
  line=$(sed -n "s/^$name=//p" "$ROOT/.env" 2>/dev/null | tail -n 1)
  case $line in # compose reads a quoted value, or up to a comment
    \"*) line=${line#\"} line=${line%%\"*} ;;
    \'*) line=${line#\'} line=${line%%\'*} ;;
    *) line=$(sed 's/[[:space:]]#.*//; s/[[:space:]]*$//' <<<"$line") ;;
  esac
  printf '%s' "${line:-$default}"
}

# The version of this checkout.
own_version() { sed -n 's/^version = "\(.*\)"$/\1/p' "$ROOT/pyproject.toml"; }

# Whether the first version is newer than the second.
is_newer() { [[ $1 != "$2" && $(printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1) == "$1" ]]; }

# Take the lock that a command which changes the installation holds until it ends.
exclusively() {
  exec {lock}>"$ROOT/deploy/.lock"
  flock -n "$lock" || fail "另一个 deploy 命令正在运行，请等它结束"
}

has_profile() { [[ ,$(setting COMPOSE_PROFILES), == *,$1,* ]]; }
