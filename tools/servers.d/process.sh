# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
#
# Part of tools/servers: processes, the users that they run as, and how one is known again.

secret()
{
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# Below the range that the kernel hands out to outgoing connections.
random_port()
{
    echo $((15000 + $(od -An -N2 -tu2 /dev/urandom) % 17000))
}

# The moment a process began, in clock ticks: with the id it names one process for ever.
# Nothing for one that has ended, reaped or not. The name in field 2 may hold anything, also
# spaces and parentheses.
began()
{
    sed -n 's/.*) \([^Z]\) /\1 /p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

is_running()
{
    [ -n "${2:-}" ] && [ "$(began "$1")" = "$2" ]
}

# The user that a server runs as: neither PostgreSQL nor good sense accept root.
pick_user()
{
    if [ "$(id -u)" != 0 ]; then
        id -un
        return
    fi
    for candidate in "$@"; do
        if id "$candidate" >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    die "no user to run a server as (looked for $*)"
}

as()
{
    user=$1
    shift
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups -- "$@"
    else
        "$@"
    fi
}

# Starts "$@" as user $1 with its output in file $2, apart from our terminal's signals, and
# leaves its id in $pid and the moment it began in $pid_began.
launch()
{
    user=$1
    log=$2
    shift 2
    if [ "$(id -u)" = 0 ]; then
        setsid setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups -- "$@" \
            >>"$log" 2>&1 </dev/null &
    else
        setsid "$@" >>"$log" 2>&1 </dev/null &
    fi
    pid=$!
    pid_began=$(began "$pid")
}

own()
{
    if [ "$(id -u)" = 0 ]; then
        chown -R "$1:$(id -gn "$1")" "$2"
    fi
}

note_process()
{
    printf '%s %s %s\n' "$pid" "$pid_began" "$1" >>"$dir/processes"
}

# Ends by itself once the owner is gone, or once somebody else has stopped the servers.
watch_owner()
{
    owner=$1
    owner_began=$(began "$owner")
    [ -n "$owner_began" ] || die "process $owner does not exist"
    (
        trap '' INT HUP
        cd /
        while is_running "$owner" "$owner_began"; do
            [ -e "$dir/processes" ] || exit 0
            sleep 1
        done
        [ ! -e "$dir/processes" ] || stop "$dir"
    ) >/dev/null 2>&1 </dev/null &
}

# Ends a process that was started here by signal $2, and waits until it is gone.
end_process()
{
    moment=$(sed -n "s/^$1 \([0-9]*\) .*/\1/p" "$dir/processes")
    is_running "$1" "$moment" || return 0
    kill -s "$2" "$1" 2>/dev/null || true
    waited=0
    while is_running "$1" "$moment"; do
        [ "$waited" -lt 300 ] || die "process $1 does not end"
        sleep 0.05
        waited=$((waited + 1))
    done
}
