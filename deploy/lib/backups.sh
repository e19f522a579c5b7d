# shellcheck shell=bash
# How backups are sealed: signed by this installation, and encrypted to a recipient whose private key is kept elsewhere.
# Sourced by secrets.sh, after common.sh.
#
# deploy/secrets holds what a backup needs: backup_recipient.pem (a certificate), backup_signer.pem and its key. What a
# restore needs is in backup_open.pem: the recipient's private key and both certificates. Move that file to another place.
# Whoever has openssl can open a backup without these commands: docs/operations.md says how.

# Print the names of the files without which no backup can be made.
backup_files() { printf '%s\n' backup_recipient.pem backup_signer.pem backup_signer.key; }

# Make the keys of backups in a directory, all together: a certificate alone is of no use.
make_backup_keys() {
  local directory=$1 name missing=0
  while read -r name; do [[ -e $directory/$name ]] || missing=1; done < <(backup_files)
  ((missing)) || return 0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=Hongxia backups $(hostname)" \
    -keyout "$directory/backup.key" -out "$directory/recipient" 2>/dev/null || fail "openssl 无法生成备份的加密密钥"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=Hongxia $(hostname)" \
    -keyout "$directory/signer.key" -out "$directory/signer" 2>/dev/null || fail "openssl 无法生成备份的签名密钥"
  rm -f "$directory"/backup_{recipient.pem,signer.pem,signer.key,open.pem}
  cat "$directory/backup.key" "$directory/recipient" "$directory/signer" >"$directory/backup_open.pem"
  chmod 0400 "$directory/backup_open.pem"
  install -m 0400 "$directory/signer.key" "$directory/backup_signer.key"
  put "$directory/backup_signer.pem" <"$directory/signer"
  put "$directory/backup_recipient.pem" <"$directory/recipient"
  rm -f "$directory"/{backup.key,recipient,signer,signer.key}
}

# Sign and encrypt standard input to standard output.
seal_backup() { # DIRECTORY of the secrets
  openssl cms -sign -binary -nodetach -stream -outform DER -md sha256 -signer "$1/backup_signer.pem" -inkey "$1/backup_signer.key" |
    openssl cms -encrypt -binary -stream -outform DER -aes-256-gcm "$1/backup_recipient.pem"
}

# Open a backup into a file. Fails for one that was not signed by the installation of the key, or was changed.
open_backup() { # BACKUP KEY FILE
  openssl cms -decrypt -binary -inform DER -in "$1" -inkey "$2" -recip "$2" -out "$3.signed" 2>/dev/null ||
    { rm -f "$3.signed"; return 1; }
  openssl cms -verify -binary -inform DER -in "$3.signed" -CAfile "$2" -certfile "$2" -nointern -purpose any -no_check_time \
    -out "$3" 2>/dev/null || { rm -f "$3.signed" "$3"; return 1; }
  rm -f "$3.signed"
}

# What stands behind the databases' tar file in a backup, because the records are of no use without it: the services' data
# keys, and the installation's secret. The database's container never sees it.
KEPT_WITH_DATA=("${SERVICES[@]/%/_data_keys}" installation_secret)

# Print those secrets as a tar file.
secrets_as_tar() { tar -C "$SECRETS" -cf - --mode=0400 "${KEPT_WITH_DATA[@]}"; }

# Put a secret of a backup in the place of ours, if it differs; ours stays as *.before.
take_secret() { # OPENED BACKUP, NAME
  local file=$SECRETS/$2
  tar -i -xOf "$1" "$2" >"$file.backup" 2>/dev/null && [[ -s $file.backup ]] || { rm -f "$file.backup"; return 1; }
  # also where both are the same: what an earlier restore replaced is not what this one would put back
  [[ ! -e $file ]] || cp -pf "$file" "$file.before"
  cmp -s "$file" "$file.backup" || put "$file" <"$file.backup"
  rm -f "$file.backup"
}

# Put a secret back that take_secret replaced; the one in use stays as *.before.
put_secret_back() { # NAME
  local file=$SECRETS/$1
  [[ -e $file.before ]] || return 0
  mv "$file" "$file.other"
  mv "$file.before" "$file"
  mv "$file.other" "$file.before"
}
