#!/usr/bin/env bash
# The program as it is shipped: the same bytes from the same sources, whoever builds it, where and when.
# What remains to agree on is the system, the version of Rust, the C compiler and the linker.
#   packaging/release.sh          builds target/shipped/release/rackform, and says its SHA-256
#   CARGO_TARGET_DIR=… packaging/release.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target/shipped}
mkdir -p "$target"
target=$(cd "$target" && pwd)
home=${CARGO_HOME:-$HOME/.cargo}
# The profile and the system of the person who builds are none of the program's. (Flags: what is set below goes first.)
unset CARGO_BUILD_TARGET "${!CARGO_PROFILE_@}"
cargo fetch --locked --quiet

# Messages of panics name the file they come from, by its path on this machine. The last prefix that fits counts.
flags=(
  "--remap-path-prefix=$PWD=/rackform"
  "--remap-path-prefix=$target=/target"
  "--remap-path-prefix=$(rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')"
)
for crates in "$home"/registry/src/*/; do # named after the registry, or after a mirror of it
  flags+=("--remap-path-prefix=${crates%/}=/crates")
done
# The allocator is C, and so is a digest, with some assembly.
unset CC HOST_CC TARGET_CC "${!CC_@}" HOST_CFLAGS TARGET_CFLAGS "${!CFLAGS_@}"
export SOURCE_DATE_EPOCH=0 # the allocator holds the time at which it was compiled
export CC_SHELL_ESCAPED_FLAGS=1 # or a folder with a space in its name would be two flags
CFLAGS=$(printf '%q ' "-ffile-prefix-map=$home/registry/src=/crates" "-ffile-prefix-map=$target=/target")
export CFLAGS
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf '%s' "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS CARGO_INCREMENTAL=0
# It is built once and run often: seen as a whole it takes twice as long to build, and an eighth less to run.
whole=(--config 'profile.release.lto="fat"' --config profile.release.codegen-units=1)
cargo build --release --locked --bin rackform --target-dir "$target" "${whole[@]}"

program=$target/release/rackform
if grep -aqF -e "$HOME/" -e "$home" -e "$PWD" "$program"; then
  echo "packaging/release.sh: $program names a path of this machine" >&2
  exit 1
fi
if grep -aqF "$(LC_ALL=C date '+%b %e %Y')" "$program"; then # as __DATE__ has it
  echo "packaging/release.sh: $program names the day on which it was built" >&2
  exit 1
fi
if command -v sha256sum >/dev/null; then sha256sum "$program"; else shasum -a 256 "$program"; fi
