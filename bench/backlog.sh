# SPDX-License-Identifier: Apache-2.0
#
# How fast is a backlog worked off that nobody waits for? A part of tools/bench, which reads it. The
# executions are put into the store by SQL while no server runs, as accepted starts look there; the
# time counts from the server's start to the last end.
# shellcheck shell=sh disable=SC2154 # what tools/bench sets

fill_backlog()
{
    store <<END
BEGIN;
CREATE TEMP TABLE model AS SELECT * FROM workflow_executions WHERE workflow_id = '$one' LIMIT 1;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $backlog)
INSERT INTO workflow_executions (project_id, id, workflow_id, workflow_name, workflow_version, status, input, created_at)
    SELECT m.project_id, printf('%08x-%04x-7%03x-%04x-%012x', (m.created_at / 1000 + i / 100) >> 16, (m.created_at / 1000 + i / 100) & 65535,
        i % 4096, 32768 + i % 16384, i), m.workflow_id, m.workflow_name, m.workflow_version, 'queued', m.input, m.created_at
    FROM n, model m;
COMMIT;
END
}

ended()
{
    curl -sS -H "@$top/headers" "$url/metrics" | sed -n 's/^tieline_executions_ended_total{outcome="succeeded"} //p'
}

backlog()
{
    printf '{"workflowId":"%s","waitMs":30000}' "$one" |
        curl -sS -o /dev/null -H "@$top/headers" --data-binary @- "$url/trpc/workflows.execute"
    measure_reference
    stop_server
    fill_backlog
    began=$(date +%s%N)
    start_server
    while [ "$(ended)" -lt "$backlog" ]; do
        [ "$((($(date +%s%N) - began) / 1000000000))" -lt 300 ] || { echo "bench: the backlog does not end" >&2; exit 1; }
        sleep 0.1
    done
    took_us=$((($(date +%s%N) - began) / 1000))
    line "one-step, backlog of $backlog" "$((backlog * 1000000 / took_us))" - - "$(($(cpu_us) / backlog))us"
    printf 'resident memory: %s MiB\n' "$(($(memory_kib) / 1024))"
}
