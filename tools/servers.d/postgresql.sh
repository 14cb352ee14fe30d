# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
#
# Part of tools/servers: PostgreSQL in $dir, with a certificate of its own authority.

make_certificates()
{
    mkdir "$dir/tls"
    (
        cd "$dir/tls"
        umask 077
        exec 2>openssl.log
        openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=Tieline test authority' \
            -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout ca.key -out ca.crt
        openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr
        printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1' 'extendedKeyUsage=serverAuth' \
            'basicConstraints=critical,CA:FALSE' >server.ext
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 \
            -extfile server.ext -out server.crt
        chmod 644 ca.crt
    ) || {
        cat "$dir/tls/openssl.log" >&2
        die "could not make certificates"
    }
    chmod 711 "$dir/tls"
}

configure_postgresql()
{
    mkdir -m 700 "$dir/pg" "$dir/pgconf"
    printf '%s\n' "$pg_admin_password" >"$dir/pgconf/admin"
    own "$pg_user" "$dir/pg"
    own "$pg_user" "$dir/pgconf"
    sync_flag=--no-sync
    [ "$durable" = 0 ] || sync_flag=
    # shellcheck disable=SC2086
    as "$pg_user" "$pgbin/initdb" $sync_flag --pgdata="$dir/pg" --username=postgres \
        --auth=scram-sha-256 --pwfile="$dir/pgconf/admin" --encoding=UTF8 --locale=C.UTF-8 \
        >"$dir/initdb.log" 2>&1 || {
        tail -n 20 "$dir/initdb.log" >&2
        die "could not make a PostgreSQL data folder"
    }
    {
        echo "listen_addresses = '127.0.0.1'"
        echo "unix_socket_directories = ''"
        echo "shared_buffers = '64MB'"
        echo "max_connections = 200"
        echo "max_wal_senders = 0"
        echo "wal_level = minimal"
        echo "timezone = 'UTC'"
        echo "log_timezone = 'UTC'"
        if [ "$durable" = 0 ]; then
            echo "fsync = off"
            echo "full_page_writes = off"
            echo "synchronous_commit = off"
        fi
        if [ "$tls" = 1 ]; then
            echo "ssl = on"
            echo "ssl_cert_file = '$dir/pgconf/server.crt'"
            echo "ssl_key_file = '$dir/pgconf/server.key'"
        fi
    } >>"$dir/pg/postgresql.conf"
    {
        [ "$tls" = 0 ] || echo "hostssl all tls_only 127.0.0.1/32 scram-sha-256"
        echo "host all tls_only 127.0.0.1/32 reject"
        echo "host all all 127.0.0.1/32 scram-sha-256"
    } >"$dir/pg/pg_hba.conf"
    if [ "$tls" = 1 ]; then
        cp "$dir/tls/server.crt" "$dir/tls/server.key" "$dir/pgconf/"
        own "$pg_user" "$dir/pgconf"
    fi
}

# Starts it on $pg_port; false when it ended at once or is not ready in time.
launch_postgresql()
{
    : >"$dir/postgresql.log"
    launch "$pg_user" "$dir/postgresql.log" "$pgbin/postgres" -D "$dir/pg" -p "$pg_port"
    pg_pid=$pid
    note_process INT
    waited=0
    while is_running "$pg_pid" "$pid_began" && [ "$waited" -lt 600 ]; do
        # The file of the one before may still lie there.
        if [ "$(sed -n 1p "$dir/pg/postmaster.pid" 2>/dev/null)" = "$pg_pid" ]; then
            case $(sed -n '8s/ *$//p' "$dir/pg/postmaster.pid" 2>/dev/null) in
            ready | standby) return ;;
            esac
        fi
        sleep 0.05
        waited=$((waited + 1))
    done
    return 1
}

# Another program may take the port between our choice and the start: then the next one.
start_postgresql()
{
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        pg_port=$(random_port)
        ! launch_postgresql || return 0
        ! is_running "$pg_pid" "$pid_began" || break
        grep -q 'could not bind\|could not create any TCP' "$dir/postgresql.log" || break
    done
    tail -n 20 "$dir/postgresql.log" >&2
    die "PostgreSQL did not start"
}

make_roles()
{
    {
        echo "CREATE ROLE tieline LOGIN CREATEDB PASSWORD '$pg_password';"
        echo "CREATE ROLE tls_only LOGIN PASSWORD '$pg_password';"
        echo "CREATE DATABASE tieline OWNER tieline;"
    } | PGPASSWORD=$pg_admin_password "$pgbin/psql" -X -q -v ON_ERROR_STOP=1 \
        -h 127.0.0.1 -p "$pg_port" -U postgres postgres >>"$dir/initdb.log" 2>&1 || {
        tail -n 20 "$dir/initdb.log" >&2
        die "could not make PostgreSQL roles"
    }
}

# As after a crash: no session is told why it ends.
restart_postgresql()
{
    end_process "$PGPID" QUIT
    pg_user=$(pick_user postgres nobody)
    pg_port=$PGSERVERPORT
    launch_postgresql || {
        tail -n 20 "$dir/postgresql.log" >&2
        die "PostgreSQL did not start again"
    }
    change_env PGPID "$pg_pid"
}
