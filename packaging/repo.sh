#!/usr/bin/env bash
# Makes signed repositories of packages: packaging/repo.sh DIR KEY [PACKAGES]. KEY is a secret key
# of gpg here (its id or address; GNUPGHOME says where it lies). PACKAGES is build/packages if it is
# not given.
#   DIR/apt   for apt:  deb [signed-by=/etc/apt/keyrings/rhumb.gpg] URL/apt bookworm main
#   DIR/dnf   for dnf:  baseurl=URL/dnf  gpgkey=URL/rhumb.asc  gpgcheck=1  repo_gpgcheck=1
#   DIR/rhumb.gpg, DIR/rhumb.asc   the public key for apt and for dnf
# DIR is replaced.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 DIR KEY [PACKAGES]" >&2; exit 2; }
packages="$(cd "${3:-$(dirname "$0")/../build/packages}" && pwd)"
key="$2"
rm -rf "$1"
mkdir -p "$1"
cd "$1"

gpg --batch --export "$key" >rhumb.gpg
[ -s rhumb.gpg ] || { echo "$0: gpg has no key $key" >&2; exit 1; }
gpg --batch --armor --export "$key" >rhumb.asc
sign() { gpg --batch --yes --local-user "$key" --output "$2" "${@:3}" "$1"; }

architecture="$(dpkg --print-architecture)"
index="dists/bookworm/main/binary-$architecture"
mkdir -p "apt/pool/main" "apt/$index"
cp "$packages"/rhumb*.deb apt/pool/main/
(
  cd apt
  apt-ftparchive packages pool >"$index/Packages"
  gzip -9nk "$index/Packages"
  cd dists/bookworm
  apt-ftparchive -o APT::FTPArchive::Release::Origin=Rhumb \
    -o APT::FTPArchive::Release::Label=Rhumb -o APT::FTPArchive::Release::Suite=bookworm \
    -o APT::FTPArchive::Release::Codename=bookworm -o APT::FTPArchive::Release::Components=main \
    -o APT::FTPArchive::Release::Architectures="$architecture" release . >../Release
  mv ../Release Release
  sign Release InRelease --clearsign
  sign Release Release.gpg --armor --detach-sign
)

mkdir -p dnf
cp "$packages"/rhumb*.rpm dnf/
# rpmsign of Debian does not look for gpg.
rpmsign --define "__gpg $(command -v gpg)" --define "_gpg_name $key" --addsign dnf/*.rpm >/dev/null
createrepo_c --quiet --no-database dnf
sign dnf/repodata/repomd.xml dnf/repodata/repomd.xml.asc --armor --detach-sign
