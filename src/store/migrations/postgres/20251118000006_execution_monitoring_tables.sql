-- SPDX-License-Identifier: Apache-2.0
-- Connections, which workflows use them, and what was executed.

CREATE TABLE project_connections (
    id UUID NOT NULL,
    project_id UUID NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    connection_type TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    connection_url TEXT COLLATE "C" NOT NULL, -- sealed; '' once the connection was deleted
    config TEXT COLLATE "C" NOT NULL,
    created_by UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    -- In clear, for lists and for checking the seal.
    url_redacted TEXT COLLATE "C" NOT NULL,
    host TEXT COLLATE "C" NOT NULL,
    port BIGINT NOT NULL,
    tls_mode TEXT COLLATE "C" NOT NULL,
    secret_version BIGINT NOT NULL,
    client_key TEXT COLLATE "C", -- sealed
    deleted_at TIMESTAMPTZ,
    PRIMARY KEY (project_id, id)
);

CREATE UNIQUE INDEX project_connections_name ON project_connections (project_id, name)
WHERE deleted_at IS NULL;

CREATE TABLE workflow_connections (
    project_id UUID NOT NULL,
    workflow_id UUID NOT NULL,
    version BIGINT NOT NULL,
    node_id TEXT COLLATE "C" NOT NULL,
    connection_id UUID NOT NULL,
    node_name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, workflow_id, version, node_id, connection_id),
    FOREIGN KEY (project_id, workflow_id, version)
        REFERENCES workflow_versions (project_id, workflow_id, version) ON DELETE CASCADE,
    FOREIGN KEY (project_id, connection_id) REFERENCES project_connections (project_id, id)
);

CREATE INDEX workflow_connections_connection
ON workflow_connections (project_id, connection_id, workflow_id, version);

-- History. No foreign keys: a start must stay a small write, and history outlives its workflow.
CREATE TABLE workflow_executions (
    project_id UUID NOT NULL,
    id UUID NOT NULL,
    workflow_id UUID NOT NULL,
    workflow_name TEXT COLLATE "C" NOT NULL,
    workflow_version BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    input TEXT COLLATE "C",
    error TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    lease_owner TEXT COLLATE "C",
    lease_epoch BIGINT NOT NULL DEFAULT 0,
    lease_until TIMESTAMPTZ,
    claims BIGINT NOT NULL DEFAULT 0,
    cancel_requested BOOLEAN NOT NULL DEFAULT FALSE,
    rerun_of UUID, -- which execution this one was run again of
    resume_at TIMESTAMPTZ, -- of those that rest until a retry is due, held by nobody
    resting_since TIMESTAMPTZ,
    trigger TEXT COLLATE "C", -- what started it
    attempt_count BIGINT,
    PRIMARY KEY (project_id, id)
) WITH (fillfactor = 85);

CREATE INDEX workflow_executions_workflow ON workflow_executions (project_id, workflow_id, id);

-- What failed or was cancelled is found without a walk through all that succeeded.
CREATE INDEX workflow_executions_failed ON workflow_executions (project_id, status, id, workflow_id)
WHERE status IN ('failed', 'cancelled');

-- What has not ended is found without a look at what has.
CREATE INDEX workflow_executions_open ON workflow_executions (lease_owner, resume_at, id)
WHERE (status = 'queued' OR status = 'running' OR status = 'waiting');

CREATE INDEX workflow_executions_resting ON workflow_executions (project_id, id)
WHERE (status = 'queued' OR status = 'running' OR status = 'waiting')
    AND lease_owner IS NULL AND resume_at IS NOT NULL;

CREATE TABLE component_executions (
    project_id UUID NOT NULL,
    execution_id UUID NOT NULL,
    node_id TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    input TEXT COLLATE "C",
    output TEXT COLLATE "C",
    error TEXT COLLATE "C",
    attempts TEXT COLLATE "C",
    attempt_count BIGINT NOT NULL DEFAULT 0,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    retry_at TIMESTAMPTZ,
    PRIMARY KEY (project_id, execution_id, node_id)
) WITH (fillfactor = 85);

-- Idempotency keys of starts.
CREATE TABLE execution_keys (
    project_id UUID NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    execution_id UUID NOT NULL,
    request_hash TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (project_id, key)
);
