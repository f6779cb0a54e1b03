#!/usr/bin/env bash
# Makes repositories with a key that is thrown away, and installs from them.
#   tests/packages/repo.sh [DIR]   DIR has the packages (build/packages)
# In a bare Debian 12, apt installs from a file: source that is signed, and refuses it when a byte
# of it is changed. dnf reads the other one, verifies it, and refuses it in the same way. Skipped
# without root.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages/installed.sh

installed_begin "${RHUMB_REPO_ROOT:-/var/tmp/rhumb-repo-root}"
packages="$(cd "${1:-build/packages}" && pwd)"
bare_root_make "$root" ca-certificates
GNUPGHOME="$(mktemp -d)"
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"; installed_end' EXIT
key=repository@rhumb.invalid
gpg --batch --quiet --passphrase '' --quick-generate-key "Rhumb test <$key>" rsa3072 sign never \
  2>/dev/null
packaging/repo.sh "$root/repo" "$key" "$packages"

# apt
install -D -m 644 "$root/repo/rhumb.gpg" "$root/etc/apt/keyrings/rhumb.gpg"
echo "deb [signed-by=/etc/apt/keyrings/rhumb.gpg] file:/repo/apt bookworm main" \
  >"$root/etc/apt/sources.list.d/rhumb.list"
quietly apt-get update
quietly apt-get install -y --no-install-recommends rhumb
inside apt-cache policy rhumb | grep -q 'file:/repo/apt bookworm/main' ||
  fail "it is from elsewhere"
start
python3 tests/packages/answers.py "$url" write || fail "wrong answers"
stop
quietly apt-get install -y --no-install-recommends rhumb-dbgsym rhumb-cli-dbgsym rhumb-sdk
sed -i 's/^Label: Rhumb$/Label: Rhomb/' "$root/repo/apt/dists/bookworm/InRelease"
! inside apt-get update -o APT::Update::Error-Mode=any >"$root.log" 2>&1 ||
  fail "apt takes a changed repository"
grep -q 'invalid\|BADSIG' "$root.log" ||
  { cat "$root.log" >&2; fail "apt complains of other things"; }
echo "apt installs from the repository, and refuses it when it is changed"

# dnf
dnf="$root/repo/dnf"
gpg --batch --verify "$dnf/repodata/repomd.xml.asc" "$dnf/repodata/repomd.xml" 2>/dev/null ||
  fail "repomd.xml is not signed"
mkdir "$root/rpmdb" "$root/dnf"
rpmkeys --dbpath "$root/rpmdb" --import "$root/repo/rhumb.asc"
for package in "$dnf"/*.rpm; do
  rpmkeys --dbpath "$root/rpmdb" --checksig "$package" | grep -q 'digests signatures OK' ||
    fail "$package is not signed"
done
command -v dnf >/dev/null || { echo "SKIPPED: dnf is missing (apt install dnf)" >&2; exit 0; }
cat >"$root/dnf/rhumb.repo" <<TEXT
[rhumb]
name=Rhumb
baseurl=file://$dnf
gpgkey=file://$root/repo/rhumb.asc
gpgcheck=1
repo_gpgcheck=1
TEXT
ask_dnf() {
  dnf --assumeyes --installroot "$root/dnf" --releasever 1 \
    --setopt reposdir="$root/dnf" --setopt cachedir=/cache --refresh "$@" 2>"$root.log"
}
found="$(ask_dnf --quiet repoquery --queryformat '%{name}' | sort | paste -sd ' ')" ||
  { cat "$root.log" >&2; fail "dnf reads no repository"; }
[ "$found" = "rhumb rhumb-cli rhumb-debuginfo rhumb-sdk" ] || fail "dnf finds: $found"
echo >>"$dnf/repodata/repomd.xml"
ask_dnf clean all >/dev/null
# dnf says so, leaves the repository out, and ends with status 0.
found="$(ask_dnf repoquery)"
grep -q 'Bad GPG signature' "$root.log" && ! grep -q 'rhumb-cli' <<<"$found" ||
  { cat "$root.log" >&2; fail "dnf takes a changed repository"; }
echo "dnf reads the repository, and refuses it when it is changed"
