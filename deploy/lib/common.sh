# shellcheck shell=bash
# What the commands in deploy/ share: where things are, and how they speak. Sourced, never run.

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

# The value that a variable has for compose: the environment first, then .env, then the default given.
setting() {
  local name=$1 default=${2:-} line
  if [[ -n ${!name:-} ]]; then
    printf '%s' "${!name}"
    return
  fi
  line=$(sed -n "s/^$name=//p" "$ROOT/.env" 2>/dev/null | tail -n 1)
  line=${line%\"} line=${line#\"}
  printf '%s' "${line:-$default}"
}

has_profile() { [[ ,$(setting COMPOSE_PROFILES), == *,$1,* ]]; }
