# SPDX-License-Identifier: Apache-2.0
#
# Does an execution cost more when many are stored? A part of tools/bench, which reads it: the same
# measurements, in one run, with some thousands of executions in the store and with $executions.
#
# Those in between are copies of executions that really took place, rows and indexes, made by SQL while
# no server runs: under ids of their own, spread over the month before, a thousandth of them failed.
# shellcheck shell=sh disable=SC2154 # what tools/bench sets

store()
{
    sqlite3 -batch -bail "$data/tieline.db" "$@"
}

# Fills up to $executions. Ids are UUIDs of version 7: text that sorts by time.
fill()
{
    store <<END
PRAGMA synchronous = OFF;
PRAGMA cache_size = -200000;
BEGIN;
CREATE TEMP TABLE model AS SELECT * FROM workflow_executions WHERE workflow_id = '$one' AND status = 'succeeded' LIMIT 1;
CREATE TEMP TABLE model_step AS SELECT s.* FROM component_executions s, model m
    WHERE s.project_id = m.project_id AND s.execution_id = m.id;
CREATE TEMP TABLE made AS
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $executions - (SELECT count(*) FROM workflow_executions)),
        at (i, us) AS (SELECT i, (SELECT created_at FROM model) - 2592000000000 + i * (2592000000000 / $executions) FROM n)
    SELECT i, us, printf('%08x-%04x-7%03x-%04x-%012x', us / 1000 >> 16, us / 1000 & 65535, us % 1000, 32768 + i % 16384, abs(random() % 281474976710656)) AS id FROM at;
INSERT INTO workflow_executions SELECT m.project_id, n.id, m.workflow_id, m.workflow_name, m.workflow_version,
    iif(n.i % 1000 = 0, 'failed', m.status), m.input, iif(n.i % 1000 = 0, '{"code":"SERVER_ERROR","message":"a copy","nodeId":"a"}', NULL),
    n.us, n.us + 500, n.us + 900, NULL, m.lease_epoch, NULL, 0, 0 FROM made n, model m;
INSERT INTO component_executions SELECT m.project_id, n.id, m.node_id, iif(n.i % 1000 = 0, 'failed', m.status), m.input, m.output, NULL,
    m.attempts, m.attempt_count, n.us + 500, n.us + 900, NULL FROM made n, model_step m;
COMMIT;
END
}

# A script for wrk that asks for one of 1,000 executions from all over the store, by chance.
sample()
{
    {
        echo 'local ids = {'
        store "SELECT '\"' || id || '\",' FROM workflow_executions ORDER BY random() LIMIT 1000"
        cat <<END
}
wrk.headers["Authorization"] = "Bearer $token"
math.randomseed(7)
request = function()
    return wrk.format(nil, (string.gsub(wrk.path, "ID", ids[math.random(#ids)])))
end
END
    } >"$top/sample.lua"
}

listing="/trpc/executions.list?input=%7B%22projectId%22%3A%22$project%22"
measure_stored()
{
    began=$(date +%s%N)
    start_server
    until curl -fs -o /dev/null "$url/healthz"; do sleep 0.01; done
    printf '%s executions, %s MiB; ready after %s ms\n' "$1" "$(($(stat -c %s "$data/tieline.db") / 1048576))" \
        "$((($(date +%s%N) - began) / 1000000))"
    measure_reference
    for callers in 1 16; do
        WORKFLOW=$one measure "one-step, $callers waiting" $callers "$top/execute.lua" /trpc/workflows.execute
    done
    measure 'executions.get, any' 4 "$top/sample.lua" "/trpc/executions.get?input=%7B%22executionId%22%3A%22ID%22%7D"
    measure 'executions.list, newest' 4 "$top/list.lua" "$listing%7D"
    measure 'executions.list, from anywhere' 4 "$top/sample.lua" "$listing%2C%22cursor%22%3A%22ID%22%7D"
    measure 'executions.list, of a workflow' 4 "$top/list.lua" "$listing%2C%22workflowId%22%3A%22$one%22%7D"
    measure 'executions.list, failed' 4 "$top/list.lua" "$listing%2C%22status%22%3A%22failed%22%7D"
    measure 'executions.list, cancelled (none)' 4 "$top/list.lua" "$listing%2C%22status%22%3A%22cancelled%22%7D"
    printf 'resident memory: %s MiB\n' "$(($(memory_kib) / 1024))"
    stop_server
}

stored()
{
    WORKFLOW=$one wrk -t 1 -c 16 -d 2s -s "$top/execute.lua" "$url/trpc/workflows.execute" >"$top/wrk"
    stop_server
    sample
    measure_stored "$(store 'SELECT count(*) FROM workflow_executions')"
    began=$(date +%s)
    fill
    printf 'filled in %s s\n' "$(($(date +%s) - began))"
    sample
    measure_stored "$(store 'SELECT count(*) FROM workflow_executions')"
}
