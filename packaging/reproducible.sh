#!/usr/bin/env bash
# Builds the program twice, as two people would: in other folders, with other copies of the crates, at another time of
# another zone, with other settings. Fails unless both come to the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build FOLDER NAME=VALUE…: the sources as they lie here, committed or not
build() {
  local folder=$work/$1
  mkdir -p "$folder/source"
  git ls-files -z | tar --create --null --files-from=- | tar --extract --directory "$folder/source"
  echo "building in $folder" >&2
  env CARGO_HOME="$folder/cargo" CARGO_TARGET_DIR="$folder/target" "${@:2}" "$folder/source/packaging/release.sh" | cut -d ' ' -f 1
}
first=$(build one TZ=UTC LC_ALL=C)
second=$(build "two/of another length" TZ=Asia/Tokyo LC_ALL=C.UTF-8 RUSTFLAGS=-Cdebuginfo=1 CARGO_PROFILE_RELEASE_OPT_LEVEL=1)
echo "$first"
echo "$second"
if [ "$first" != "$second" ]; then
  diff <(strings -n 12 "$work/one/target/release/rackform") <(strings -n 12 "$work/two/of another length/target/release/rackform") | head -n 40 || true
  echo "packaging/reproducible.sh: two builds of the same sources differ" >&2
  exit 1
fi
echo "both builds are the same"
