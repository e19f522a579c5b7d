# shellcheck shell=bash
# Making the secrets. Sourced after common.sh.
#
# Compose mounts a secret's file with its owner and mode, and each container runs as a user of its own. So everybody
# may read the files, but only the owner may enter the directory.

# 256 bits, in letters and digits that need no quoting in an address
random() { openssl rand -hex 32; }

put() { # FILE, content from standard input; written whole or not at all
  cat >"$1.new"
  chmod 0444 "$1.new"
  mv -f "$1.new" "$1"
}

# The same for a file that running containers read again when it changes: a mount follows the file, not its name.
put_in_place() {
  local content
  content=$(cat)
  [[ -e $1 ]] || printf '' | put "$1"
  chmod u+w "$1"
  printf '%s\n' "$content" >"$1"
  chmod 0444 "$1"
}

# Whoever has a signing key: each service, and the operator, who signs people's tokens.
OWNERS=("${SERVICES[@]}" operator)

base64url() { base64 -w 0 | tr '+/' '-_' | tr -d '='; }

# Print the public part of a private key as a JWK with its owner; the kid is its thumbprint (RFC 7638, RFC 8037).
jwk() { # OWNER FILE
  local x kid
  x=$(openssl pkey -in "$2" -pubout -outform DER 2>/dev/null | tail -c 32 | base64url)
  ((${#x} == 43)) || fail "$2 不是 Ed25519 私钥"
  kid=$(printf '{"crv":"Ed25519","kty":"OKP","x":"%s"}' "$x" | openssl dgst -sha256 -binary | base64url)
  printf '{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"%s","x":"%s","owner":"%s"}\n' "$kid" "$x" "$1"
}

# Write the public keys that belong to a directory's private ones, next ones included; with --keep also those that are
# there already.
write_public_keys() { # DIRECTORY [--keep]
  local directory=$1 owner key keys=''
  for owner in "${OWNERS[@]}"; do
    for key in "$directory/${owner}_signing_key" "$directory/${owner}_signing_key.next"; do
      [[ ! -e $key ]] || keys+=$(jwk "$owner" "$key")$'\n'
    done
  done
  if [[ ${2:-} == --keep && -e $directory/public_keys ]]; then
    keys+=$(sed -n 's/^\({"kty".*}\),\{0,1\}$/\1/p' "$directory/public_keys")$'\n'
  fi
  keys=$(sort -u <<<"$keys" | sed '/^$/d; $!s/$/,/')
  printf '{"keys":[\n%s\n]}\n' "$keys" | put_in_place "$directory/public_keys"
}

make_signing_key() { # FILE
  local key
  key=$(openssl genpkey -algorithm ed25519 2>/dev/null) || fail "openssl 无法生成 Ed25519 密钥"
  put "$1" <<<"$key"
  # no container holds the operator's; deploy/token lends it to one while it signs
  if [[ ${1##*/} == operator_* ]]; then chmod 0400 "$1"; fi
}

# Make the signing keys that are missing, the public keys of all, and the list of revoked tokens.
complete_keys() {
  local directory=$1 owner made=false
  for owner in "${OWNERS[@]}"; do
    [[ ! -e $directory/${owner}_signing_key ]] || continue
    make_signing_key "$directory/${owner}_signing_key"
    made=true
  done
  if $made || [[ ! -e $directory/public_keys ]]; then write_public_keys "$directory" --keep; fi
  if [[ ! -e $directory/revoked_tokens ]]; then
    put "$directory/revoked_tokens" <<<'# 吊销的令牌：用 deploy/token revoke 添加，不要用编辑器改'
    chmod 0644 "$directory/revoked_tokens"
  fi
}

# Make what is missing in a directory: passwords and addresses of the services, and the keys that sign.
complete_service_secrets() {
  local directory=$1 service
  complete_keys "$directory"
  # Every id derives from it: it is made once, and rotation leaves it alone.
  [[ -e $directory/installation_secret ]] || random | put "$directory/installation_secret"
  for service in "${SERVICES[@]}"; do
    complete_login "$directory/${service}_database_password" "$directory/${service}_database_url" \
      "postgresql+psycopg2://$service:" "@postgres:5432/$service"
    complete_login "$directory/${service}_amqp_password" "$directory/${service}_amqp_uri" \
      "pyamqp://$service:" "@rabbitmq:5672/hongxia"
  done
}

# Make a password and the address that holds it; if one is missing, it is made from the other.
complete_login() {
  local password=$1 address=$2 before=$3 after=$4 known
  if [[ ! -e $password ]]; then
    known=$(sed -n 's#^[a-z0-9+]*://[^:/@]*:\([^@]*\)@.*#\1#p' "$address" 2>/dev/null || true)
    printf '%s' "${known:-$(random)}" | put "$password"
  fi
  [[ -e $address ]] || printf '%s%s%s' "$before" "$(<"$password")" "$after" | put "$address"
}

# Make a certificate authority for this installation, valid for ten years; clients get ca.pem.
make_authority() {
  local directory=$1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Hongxia CA $(hostname)" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$directory/ca.key" -out "$directory/authority" 2>/dev/null || fail "openssl 无法生成证书机构"
  chmod 0400 "$directory/ca.key"
  put "$directory/ca.pem" <"$directory/authority"
  rm -f "$directory/authority"
}

# Print the names of the gateway in a certificate's format. Fails for what is neither a name nor an address.
alternative_names() {
  local name names='DNS:localhost,IP:127.0.0.1' listed
  read -ra listed <<<"$(setting HONGXIA_NAMES "$(hostname)" | tr ',' ' ')"
  for name in "${listed[@]}"; do
    if [[ $name =~ ^[0-9]+(\.[0-9]+){3}$ || $name =~ ^[0-9a-fA-F]*:[0-9a-fA-F:.]+$ ]]; then
      names+=",IP:$name"
    elif [[ $name =~ ^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$ ]]; then
      names+=",DNS:$name"
    else
      fail "HONGXIA_NAMES 中的 $name 不是主机名或地址"
    fi
  done
  printf '%s' "$names"
}

# Make the gateway's certificate, valid for two years, signed by the authority of the same directory.
make_certificate() {
  local directory=$1 names
  names=$(alternative_names)
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Hongxia -keyout "$directory/key" \
    -out "$directory/request" 2>/dev/null || fail "openssl 无法生成证书请求"
  openssl x509 -req -in "$directory/request" -CA "$directory/ca.pem" -CAkey "$directory/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -days 730 -out "$directory/signed" -extfile <(printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' "$names") 2>/dev/null ||
    fail "openssl 无法签发证书（HONGXIA_NAMES：$names）"
  rm -f "$directory/tls_certificate" # so that after an interruption both are made again
  put "$directory/tls_key" <"$directory/key"
  cat "$directory/signed" "$directory/ca.pem" | put "$directory/tls_certificate"
  rm -f "$directory/request" "$directory/signed" "$directory/key"
}

# Make whatever is missing in a directory of secrets. An operator's own certificate (without ca.key) is left alone.
complete_secrets() {
  local directory=$1
  complete_service_secrets "$directory"
  if [[ ! -e $directory/tls_certificate || ! -e $directory/tls_key ]]; then
    [[ -e $directory/ca.key && -e $directory/ca.pem ]] || make_authority "$directory"
    make_certificate "$directory"
  fi
}

# Print the running containers of services that see another content of a file in deploy/secrets than there is.
behind() { # FILE [SECRET]: the file, and as what the containers see it
  local id
  for id in $(compose ps --quiet --status running "${SERVICES[@]}" 2>/dev/null); do
    docker exec "$id" cat "/run/secrets/${2:-${1##*/}}" 2>/dev/null | cmp -s - "$1" ||
      docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}' "$id"
  done
}

# Put the old secrets back if an interrupted rotation left no others.
recover_secrets() {
  if [[ ! -e $SECRETS && -e $SECRETS.old ]]; then
    mv "$SECRETS.old" "$SECRETS"
    warn "上次更换密钥没有完成，已恢复原来的密钥"
  fi
}

# Print the secrets that docker-compose.yml names, and the one that deploy/token lends.
named_secrets() {
  sed -n 's#.*file: deploy/secrets/\([a-z_]*\).*#\1#p' "$ROOT/docker-compose.yml"
  printf 'operator_signing_key\n'
}

# Print those of them that are missing.
missing_secrets() {
  local name
  while read -r name; do
    [[ -e $SECRETS/$name ]] || printf '%s\n' "$name"
  done < <(named_secrets)
}

# Every secret that docker-compose.yml names must be there, readable and not empty; one line for each that is not.
check_secrets() {
  local name file bad=0
  while read -r name; do
    file=$SECRETS/$name
    if [[ ! -e $file ]]; then
      printf '错误：缺少密钥文件 %s：请运行 deploy/setup\n' "deploy/secrets/$name" >&2
    elif [[ ! -r $file ]]; then
      printf '错误：密钥文件 %s 无法读取\n' "deploy/secrets/$name" >&2
    elif [[ ! -s $file ]]; then
      printf '错误：密钥文件 %s 是空的\n' "deploy/secrets/$name" >&2
    elif [[ $name != operator_signing_key && -z $(find "$file" -perm -o=r) ]]; then
      printf '错误：容器中的用户无法读取密钥文件 %s（权限应为 0444）\n' "deploy/secrets/$name" >&2
    else
      continue
    fi
    bad=1
  done < <(named_secrets)
  return "$bad"
}
