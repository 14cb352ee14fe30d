# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
#
# Part of tools/servers: PgBouncer in front of PostgreSQL. One database name pools transactions,
# another one sessions; both lead to the same database. Transactions share two server processes.

start_pgbouncer()
{
    [ -x /usr/sbin/pgbouncer ] || die "PgBouncer is not installed (Debian package pgbouncer)"
    mkdir -m 700 "$dir/pgbouncer"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        pooler_port=$(random_port)
        (
            umask 077
            echo "\"tieline\" \"$pg_password\"" >"$dir/pgbouncer/users"
            server="host=127.0.0.1 port=$pg_port dbname=tieline"
            {
                echo '[databases]'
                echo "transactions = $server pool_mode=transaction pool_size=2"
                echo "sessions = $server pool_mode=session pool_size=16"
                echo '[pgbouncer]'
                echo 'listen_addr = 127.0.0.1'
                echo "listen_port = $pooler_port"
                echo 'unix_socket_dir ='
                echo 'auth_type = scram-sha-256'
                echo "auth_file = $dir/pgbouncer/users"
                echo 'max_client_conn = 100'
            } >"$dir/pgbouncer/pgbouncer.ini"
        )
        own "$pg_user" "$dir/pgbouncer"
        : >"$dir/pgbouncer.log"
        launch "$pg_user" "$dir/pgbouncer.log" /usr/sbin/pgbouncer "$dir/pgbouncer/pgbouncer.ini"
        pooler_pid=$pid
        note_process INT
        waited=0
        while is_running "$pooler_pid" "$pid_began" && [ "$waited" -lt 200 ]; do
            ! grep -q 'process up' "$dir/pgbouncer.log" || return 0
            sleep 0.05
            waited=$((waited + 1))
        done
        grep -q 'in use' "$dir/pgbouncer.log" || break
    done
    tail -n 20 "$dir/pgbouncer.log" >&2
    die "PgBouncer did not start"
}
