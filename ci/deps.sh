#!/usr/bin/env bash
# Checks what the manifests promise of other packages: the library crates build with the oldest versions that they name,
# and no Cargo.lock is tracked (users of a library never see it).
#
# Works on a copy: neither the checkout nor its Cargo.lock changes.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

say "no Cargo.lock is tracked"
locks=$(git ls-files -- 'Cargo.lock' '**/Cargo.lock')
[[ -z $locks ]] || fail "tracked: $locks (git rm --cached it)"

need python3 "apt-get install python3"
need_nightly
say "oldest versions of direct dependencies"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard |
    tar --create --null --files-from - --ignore-failed-read 2>/dev/null | tar --extract --directory "$copy"
# The benches compare with others' newest; they promise nothing to users. So do the examples and tests, whose packages
# are dev-dependencies.
python3 - "$copy" <<'PYTHON'
import pathlib, re, shutil, sys
copy = pathlib.Path(sys.argv[1])
shutil.rmtree(copy / "benches")
root = (copy / "Cargo.toml").read_text()
(copy / "Cargo.toml").write_text(re.sub(r', *"benches"', "", root))
for manifest in copy.glob("**/Cargo.toml"):
    text = re.sub(r"(?ms)^\[dev-dependencies\]$.*?(?=^\[|\Z)", "", manifest.read_text())
    manifest.write_text(text)
PYTHON
cd "$copy"
run cargo +nightly generate-lockfile -Zdirect-minimal-versions
CARGO_TARGET_DIR="$target/oldest-dependencies" run cargo check --locked --lib --all-features \
    -p gmp-executor -p gmp-sync -p gmp-net -p gmp-macros -p gmp
