# Functions that make a bare Debian 12 root, to be sourced. The sources of its packages are those of
# this machine's apt.

# bare_root_needs: ends the script with status 2 if this machine cannot make a root.
bare_root_needs() {
  [ "$(id -u)" -eq 0 ] || { echo "$0: a root is made by root only" >&2; exit 2; }
  command -v debootstrap >/dev/null ||
    { echo "$0: debootstrap is missing (apt install debootstrap)" >&2; exit 2; }
}

bare_root_named() { case "$1" in /*/*) ;; *) return 1 ;; esac; }

# bare_root_leave ROOT: nothing of the machine may be mounted when the root is deleted.
bare_root_leave() {
  local mounted
  bare_root_named "$1" || return 0
  for mounted in $(awk -v root="$1/" 'index($2, root) == 1 {print $2}' /proc/mounts | sort -r)
  do
    umount -l "$mounted"
  done
}

# bare_root_copy ROOT PATH...: what the clients of this machine are set up with.
bare_root_copy() {
  local root="$1" path
  shift
  for path in "$@"; do
    [ -e "$path" ] || continue
    mkdir -p "$root$(dirname "$path")"
    cp -aL "$path" "$root$(dirname "$path")/" 2>/dev/null || true
  done
}

# bare_root_make ROOT PACKAGES: replaces ROOT by a minimal system with these packages, and mounts
# /proc and /dev there. bare_root_leave ROOT has to follow. An archive of the minimal system serves
# all tests of one day.
bare_root_make() {
  local root="$1" source archive
  bare_root_named "$root" ||
    { echo "$0: the root is $root, and has to be an absolute path below a folder" >&2; exit 2; }
  source="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' |
    head -1)"
  [ -n "$source" ] || { echo "$0: apt here knows no source of bookworm" >&2; exit 2; }
  bare_root_leave "$root"
  rm -rf --one-file-system "$root"
  archive="/var/tmp/rhumb-bare-root.$2.$(date +%Y%m%d).tar"
  if [ -f "$archive" ]; then
    mkdir -p "$root"
    tar -C "$root" --numeric-owner --xattrs -xf "$archive"
  else
    rm -f "/var/tmp/rhumb-bare-root.$2".*.tar
    debootstrap --variant=minbase --include="$2" bookworm "$root" "$source" >"$root.log" 2>&1 ||
      { tail -5 "$root.log" >&2; exit 1; }
    tar -C "$root" --numeric-owner --xattrs --one-file-system -cf "$archive.new" .
    mv "$archive.new" "$archive"
  fi
  bare_root_copy "$root" /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d \
    /etc/apt/auth.conf.d /etc/apt/keyrings /usr/share/keyrings /etc/resolv.conf /etc/hosts \
    /etc/ssl/certs /usr/local/share/ca-certificates
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
}
