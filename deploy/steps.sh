# Steps that deploy/up, deploy/down and tests/run share; sourced by them. Each says what it does and does nothing twice.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$top/build
run=$build/run
pg_bin=/usr/lib/postgresql/15/bin

say() { printf '== %s\n' "$*"; }
die() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# Runs a command as root, or says who has to.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "This needs root once: $*. Run it as root, or install sudo, and start again."
  fi
}

# install_packages GROUP...: what is missing of these groups of deploy/packages.
install_packages() {
  command -v apt-get >/dev/null || die "This is not Debian: install the packages of deploy/packages by hand under your system's names."
  local wanted missing=() package
  wanted=$(awk -v groups=" $* " '!/^#/ && NF == 2 && index(groups, " " $1 " ") { print $2 }' "$top/deploy/packages")
  for package in $wanted; do
    # shellcheck disable=SC2016 # dpkg's own format.
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  # Node from elsewhere (nodejs.org, nvm) brings npm along and conflicts with Debian's.
  if command -v node >/dev/null && command -v npm >/dev/null; then
    mapfile -t missing < <(printf '%s\n' "${missing[@]}" | grep -vxE 'nodejs|npm|')
  fi
  if [ ${#missing[@]} = 0 ]; then say "Packages: all there"; return; fi
  say "Packages: installing ${missing[*]}"
  # Debian would make and start a cluster `main` on port 5432; ours is private.
  if [[ " ${missing[*]} " == *" postgresql-15 "* ]]; then
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.d/ordos-mes.conf >/dev/null
  fi
  as_root apt-get -o Acquire::Retries=3 -qq update || die "apt-get update failed: look at the network and /etc/apt/sources.list, then start again."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -qq install -y --no-install-recommends "${missing[@]}" \
    </dev/null >"${TMPDIR:-/tmp}/ordos-mes-apt.$$.log" 2>&1 ||
    { tail -n 30 "${TMPDIR:-/tmp}/ordos-mes-apt.$$.log" >&2; die "apt-get install failed, its last lines are above. Mend that (Debian 12 is expected) and start again."; }
  rm -f "${TMPDIR:-/tmp}/ordos-mes-apt.$$.log"
}

# Compilers of gRPC code take up to 1.5 GB each.
jobs_that_fit() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 1572864) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  echo $((cores < memory ? cores : memory))
}

# build_targets [TARGET...]: configures Release into build/ and builds; everything without targets.
build_targets() {
  say "Build: configuring (Release) in ${build#"$top"/}"
  local log=$build/configure.log
  mkdir -p "$build"
  cmake -G Ninja -S "$top" -B "$build" -DCMAKE_BUILD_TYPE=Release >"$log" 2>&1 ||
    { tail -n 30 "$log" >&2; die "cmake could not configure, its last lines are above. If build/ is from another machine or path, remove it and start again."; }
  say "Build: compiling${*:+ $*} with $(jobs_that_fit) jobs"
  ninja -C "$build" -j "$(jobs_that_fit)" "$@" || die "The build failed, the compiler's message is above."
}

# Runs a command as the user that may own a cluster: PostgreSQL refuses root.
as_cluster_owner() {
  if [ "$(id -u)" = 0 ]; then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi
}

# start_time PID: when the kernel started it, in ticks since boot; tells a process from a later one with its number.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# mesd_pid: the process that deploy/up recorded, if it is still that process.
mesd_pid() {
  local pid ticks
  [ -f "$run/mesd.pid" ] && read -r pid ticks _ <"$run/mesd.pid" || return 1
  [ -n "$ticks" ] && [ "$(start_time "$pid")" = "$ticks" ] && echo "$pid"
}

# cluster_files: where the private cluster's files are, if deploy/up made it.
cluster_files() { cat "$run/pg.folder" 2>/dev/null; }

# postmaster_pid: the private cluster's main process, if it runs.
postmaster_pid() {
  local files pid
  files=$(cluster_files) || return 1
  [ -n "$files" ] && pid=$(head -n 1 "$files/data/postmaster.pid" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$files/data" && echo "$pid"
}

stop_mesd() {
  local pid
  if pid=$(mesd_pid); then
    say "Server: stopping (process $pid)"
    kill -TERM "$pid" 2>/dev/null
    for _ in $(seq 300); do mesd_pid >/dev/null || break; sleep 0.1; done
    if mesd_pid >/dev/null; then
      say "Server: did not end within 30 s, killing it; nothing acknowledged is lost"
      kill -KILL "$pid" 2>/dev/null
    fi
  fi
  rm -f "$run/mesd.pid"
}

stop_cluster() {
  local pid
  if pid=$(postmaster_pid); then
    say "Database: stopping (process $pid)"
    as_cluster_owner "$pg_bin/pg_ctl" --pgdata "$(cluster_files)/data" --mode fast --wait --timeout 120 --silent stop ||
      die "PostgreSQL (process $pid) did not stop; see $(cluster_files)/log."
  fi
}
