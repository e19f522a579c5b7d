# shellcheck shell=bash
# Making the secrets. Sourced after common.sh.
#
# Compose mounts a secret's file as it is, owner and mode included, and each container runs as a user of its own. So
# the files can be read by all, and the directory by its owner alone.

# 256 bits, in letters and digits that need no quoting in an address
random() { openssl rand -hex 32; }

put() { # FILE, content from standard input
  cat >"$1"
  chmod 0444 "$1"
}

# Passwords and addresses of the services, and the key of the tokens, into a directory.
make_service_secrets() {
  local directory=$1 service password
  random | put "$directory/token_secret"
  for service in "${SERVICES[@]}"; do
    password=$(random)
    printf '%s' "$password" | put "$directory/${service}_database_password"
    printf 'postgresql+psycopg2://%s:%s@postgres:5432/%s' "$service" "$password" "$service" | put "$directory/${service}_database_url"
    password=$(random)
    printf '%s' "$password" | put "$directory/${service}_amqp_password"
    printf 'pyamqp://%s:%s@rabbitmq:5672/hongxia' "$service" "$password" | put "$directory/${service}_amqp_uri"
  done
}

# A certificate authority for this installation, for ten years; clients are given ca.pem.
make_authority() {
  local directory=$1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Hongxia CA $(hostname)" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$directory/ca.key" -out "$directory/ca.pem" 2>/dev/null
  chmod 0400 "$directory/ca.key"
  chmod 0444 "$directory/ca.pem"
}

# The gateway's certificate, for two years, signed by the authority of the same directory.
make_certificate() {
  local directory=$1 name names='DNS:localhost,IP:127.0.0.1'
  for name in $(setting HONGXIA_NAMES "$(hostname)"); do
    if [[ $name =~ ^[0-9.]+$ ]]; then names+=",IP:$name"; else names+=",DNS:$name"; fi
  done
  rm -f "$directory/tls_key" "$directory/tls_certificate"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Hongxia -keyout "$directory/tls_key" \
    -out "$directory/request" 2>/dev/null
  openssl x509 -req -in "$directory/request" -CA "$directory/ca.pem" -CAkey "$directory/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -days 730 -out "$directory/certificate" -extfile <(printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' "$names") 2>/dev/null
  cat "$directory/certificate" "$directory/ca.pem" | put "$directory/tls_certificate"
  rm -f "$directory/request" "$directory/certificate"
  chmod 0444 "$directory/tls_key"
}

# Every secret that docker-compose.yml names must be there, readable and not empty; one line for each that is not.
check_secrets() {
  local name file bad=0
  while read -r name; do
    file=$SECRETS/$name
    if [[ ! -e $file ]]; then
      printf '错误：缺少密钥文件 %s\n' "deploy/secrets/$name" >&2
    elif [[ ! -r $file ]]; then
      printf '错误：密钥文件 %s 无法读取\n' "deploy/secrets/$name" >&2
    elif [[ ! -s $file ]]; then
      printf '错误：密钥文件 %s 是空的\n' "deploy/secrets/$name" >&2
    elif [[ -z $(find "$file" -perm -o=r) ]]; then
      printf '错误：容器中的用户无法读取密钥文件 %s（权限应为 0444）\n' "deploy/secrets/$name" >&2
    else
      continue
    fi
    bad=1
  done < <(sed -n 's#.*file: deploy/secrets/\([a-z_]*\).*#\1#p' "$ROOT/docker-compose.yml")
  return "$bad"
}
