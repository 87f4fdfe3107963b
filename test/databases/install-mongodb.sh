#!/usr/bin/env bash
# Makes sure that tests find a MongoDB: `MONGODB_URL`, a `mongod` or a `secantusd-rs` on the PATH, or the compatible server that
# this script builds into a cache outside the repository. Built once, in minutes; with the cache kept there is nothing to do.
set -euo pipefail

version=0.5.3-beta.196
root="${XDG_CACHE_HOME:-$HOME/.cache}/sync-databases/secantus-$version"
server="$root/bin/secantusd-rs"

if [[ -n ${MONGODB_URL:-} ]]; then echo "MongoDB: the one at MONGODB_URL"; exit; fi
for name in mongod secantusd-rs; do
  if command -v "$name" > /dev/null; then echo "MongoDB: $(command -v "$name")"; exit; fi
done
if [[ -x $server ]]; then echo "MongoDB: compatible server, $server"; exit; fi

has_libclang() { compgen -G '/usr/lib/llvm-*/lib/libclang.so*' > /dev/null || ldconfig -p 2> /dev/null | grep -q 'libclang[-.]'; }
[[ -d $HOME/.cargo/bin ]] && PATH="$PATH:$HOME/.cargo/bin"
missing=()
command -v cc > /dev/null && command -v c++ > /dev/null || missing+=(build-essential)
command -v cmake > /dev/null || missing+=(cmake)
has_libclang || missing+=(libclang-dev)
command -v cargo > /dev/null || missing+=(cargo)
if [[ ${#missing[@]} -gt 0 ]]; then
  echo "MongoDB: the compatible server needs ${missing[*]} to be built"
  as_root=()
  [[ $EUID -eq 0 ]] || as_root=(sudo)
  "${as_root[@]}" apt-get update -q
  # Rust as new as there is: rustup brings the newest, the packages for browsers are newer than a distribution's own.
  if [[ " ${missing[*]} " == *" cargo "* ]]; then
    for rust in rustup cargo-web cargo; do [[ $(LC_ALL=C apt-cache policy "$rust") == *"Candidate: "[0-9]* ]] && break; done
    missing=("${missing[@]/#cargo/$rust}")
  fi
  "${as_root[@]}" apt-get install -qy "${missing[@]}"
  [[ ${rust:-} != rustup ]] || rustup default stable
fi

# Built beside its place and moved there whole: a build that was broken off leaves nothing that looks like a server. A function is
# read before it runs: so whoever changes this file meanwhile changes nothing about it.
build() {
  building="$(mktemp -d)"
  trap 'rm -rf "$building"' EXIT
  CARGO_TARGET_DIR="$building/target" cargo install secantus-mdb --version "$version" --locked --ignore-rust-version --root "$building/made"
  mkdir -p "$root/bin"
  mv "$building/made/bin/secantusd-rs" "$server"
  echo "MongoDB: compatible server, $server"
  exit
}
build
