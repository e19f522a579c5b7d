# shellcheck shell=bash
# Finding the Debian mirror to build from. Sourced after common.sh.

# Set DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR (the latter may stay empty) if the operator did not.
find_mirrors() {
  local targets
  if [[ -z ${DEBIAN_MIRROR:-} ]] && command -v apt-get >/dev/null 2>&1; then
    # apt expands the fields of this format, not the shell
    # shellcheck disable=SC2016
    targets=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 2>/dev/null || true)
    DEBIAN_MIRROR=$(awk '$1 !~ /security/ {print $2; exit}' <<<"$targets")
    DEBIAN_SECURITY_MIRROR=${DEBIAN_SECURITY_MIRROR:-$(awk '$1 ~ /security/ {print $2; exit}' <<<"$targets")}
  fi
  [[ -n ${DEBIAN_MIRROR:-} ]] || fail "不知道从哪个 Debian 镜像站构建：请设置 DEBIAN_MIRROR"
  export DEBIAN_MIRROR DEBIAN_SECURITY_MIRROR=${DEBIAN_SECURITY_MIRROR:-}
}

# The sources.list of the build stages.
sources_list() {
  printf 'deb %s %s main\ndeb %s %s-updates main\n' "$DEBIAN_MIRROR" "$DEBIAN_SUITE" "$DEBIAN_MIRROR" "$DEBIAN_SUITE"
  [[ -z $DEBIAN_SECURITY_MIRROR ]] || printf 'deb %s %s-security main\n' "$DEBIAN_SECURITY_MIRROR" "$DEBIAN_SUITE"
}
