#!/usr/bin/env bash
# Runs a command with a real Redis and a real PostgreSQL beside it, on private ports, and stops both whatever happens.
# usage: tools/services.sh COMMAND…
# The command finds them in CLOAKROOM_TEST_REDIS and CLOAKROOM_TEST_POSTGRES (superuser cloakroom, no password).
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "$0")/env.sh"
# shellcheck source=tools/say.sh
source "$root/tools/say.sh"

postgres_binaries=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
PATH=$PATH:$postgres_binaries
for program in redis-server redis-cli initdb pg_ctl; do
    command -v "$program" >/dev/null || stop "$program is not there. Please run: tools/setup.sh test"
done

# PostgreSQL refuses to run as root.
as_postgres=()
if [ "$(id -u)" -eq 0 ]; then
    as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups --)
fi

directory=$(mktemp -d "${TMPDIR:-/tmp}/cloakroom-services.XXXXXX")
chmod 755 "$directory"
mkdir -m 700 "$directory/redis" "$directory/postgres"
[ ${#as_postgres[@]} -eq 0 ] || chown postgres "$directory/postgres"
redis_process=

# shellcheck disable=SC2317  # the trap calls it
stop_services() {
    trap - EXIT INT TERM HUP
    [ -z "$redis_process" ] || kill "$redis_process" 2>/dev/null || true
    # `immediate`: the data is thrown away with the directory.
    (cd "$directory" && "${as_postgres[@]}" pg_ctl --pgdata="$directory/postgres/data" --mode=immediate stop) >/dev/null 2>&1 || true
    [ -z "$redis_process" ] || wait "$redis_process" 2>/dev/null || true
    rm -rf "$directory"
}
trap stop_services EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Both are open at once, so that they differ.
free_ports() {
    node -e '
        const servers = [0, 1].map(() => require("node:net").createServer().listen(0, "127.0.0.1"));
        Promise.all(servers.map((server) => new Promise((ready) => server.once("listening", ready)))).then(() => {
            console.log(servers.map((server) => server.address().port).join(" "));
            for (const server of servers) server.close();
        });'
}
read -r redis_port postgres_port < <(free_ports)

# The trap must reach the services, a Ctrl-C of the terminal must not: they are in a session of their own.
setsid redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no --dir "$directory/redis" --logfile redis.log &
redis_process=$!

start_postgres() {
    cd "$directory" || return
    "${as_postgres[@]}" initdb --pgdata="$directory/postgres/data" --username=cloakroom --auth=trust --encoding=UTF8 --locale=C --no-sync &&
        "${as_postgres[@]}" pg_ctl --pgdata="$directory/postgres/data" --log="$directory/postgres/log" --wait start -o \
            "-p $postgres_port -k $directory/postgres -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
}
if ! outcome=$(start_postgres 2>&1); then
    printf '%s\n' "$outcome" >&2
    [ ! -r "$directory/postgres/log" ] || cat "$directory/postgres/log" >&2
    stop "PostgreSQL did not start; its own words are above."
fi

tries=0
until [ "$(redis-cli -p "$redis_port" ping 2>/dev/null)" = PONG ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$redis_process" 2>/dev/null; then
        cat "$directory/redis/redis.log" >&2
        stop "Redis did not start; its own words are above."
    fi
    sleep 0.05
done

export CLOAKROOM_TEST_REDIS=redis://127.0.0.1:$redis_port/0
export CLOAKROOM_TEST_POSTGRES=postgres://cloakroom@127.0.0.1:$postgres_port/postgres
code=0
"$@" || code=$?
exit "$code"
