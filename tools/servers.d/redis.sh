# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
#
# Part of tools/servers: Redis in $dir.

# Starts it as its configuration says; false when it ended at once or is not ready in time.
launch_redis()
{
    # Debian's redis-server is this same program under another name. Its package would also
    # install a service that starts with the machine, so it is not asked for.
    redis_program=$(command -v redis-server || true)
    if [ -z "$redis_program" ]; then
        redis_program=$dir/redis/redis-server
        ln -sf /usr/bin/redis-check-rdb "$redis_program"
    fi
    : >"$dir/redis.log"
    launch "$redis_user" "$dir/redis.log" "$redis_program" "$dir/redis/redis.conf"
    redis_pid=$pid
    note_process TERM
    waited=0
    while is_running "$redis_pid" "$pid_began" && [ "$waited" -lt 200 ]; do
        ! grep -q 'Ready to accept connections' "$dir/redis.log" || return 0
        sleep 0.05
        waited=$((waited + 1))
    done
    return 1
}

start_redis()
{
    mkdir -m 700 "$dir/redis"
    if [ "$tls" = 1 ]; then
        cp "$dir/tls/ca.crt" "$dir/tls/server.crt" "$dir/tls/server.key" "$dir/redis/"
    fi
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        redis_port=$(random_port)
        redis_tls_port=$(random_port)
        [ "$redis_tls_port" != "$redis_port" ] || continue
        (
            umask 077
            {
                echo "bind 127.0.0.1"
                echo "port $redis_port"
                echo "dir $dir/redis"
                echo "requirepass $redis_password"
                echo 'save ""'
                [ "$durable" = 0 ] || echo "appendonly yes"
                if [ "$tls" = 1 ]; then
                    echo "tls-port $redis_tls_port"
                    echo "tls-cert-file $dir/redis/server.crt"
                    echo "tls-key-file $dir/redis/server.key"
                    echo "tls-ca-cert-file $dir/redis/ca.crt"
                    echo "tls-auth-clients no"
                fi
            } >"$dir/redis/redis.conf"
        )
        own "$redis_user" "$dir/redis"
        ! launch_redis || return 0
        grep -q 'in use\|Failed listening' "$dir/redis.log" || break
    done
    tail -n 20 "$dir/redis.log" >&2
    die "Redis did not start"
}

restart_redis()
{
    end_process "$REDISPID" KILL
    redis_user=$(pick_user redis nobody)
    launch_redis || {
        tail -n 20 "$dir/redis.log" >&2
        die "Redis did not start again"
    }
    change_env REDISPID "$redis_pid"
}
