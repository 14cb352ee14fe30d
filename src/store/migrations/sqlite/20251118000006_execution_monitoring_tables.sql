-- SPDX-License-Identifier: Apache-2.0
-- Connections, which workflows use them, and what was executed.

CREATE TABLE project_connections (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    connection_type TEXT NOT NULL,
    name TEXT NOT NULL,
    connection_url TEXT NOT NULL, -- sealed; '' once the connection was deleted
    config TEXT NOT NULL,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- In clear, for lists and for checking the seal.
    url_redacted TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    tls_mode TEXT NOT NULL,
    secret_version INTEGER NOT NULL,
    client_key TEXT, -- sealed
    deleted_at INTEGER,
    PRIMARY KEY (project_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX project_connections_name ON project_connections (project_id, name)
WHERE deleted_at IS NULL;

CREATE TABLE workflow_connections (
    project_id TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    node_id TEXT NOT NULL,
    node_name TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    PRIMARY KEY (project_id, workflow_id, version, node_id, connection_id),
    FOREIGN KEY (project_id, workflow_id, version)
        REFERENCES workflow_versions (project_id, workflow_id, version) ON DELETE CASCADE,
    FOREIGN KEY (project_id, connection_id) REFERENCES project_connections (project_id, id)
) STRICT, WITHOUT ROWID;

-- Holds all columns, or SQLite would rather walk the whole project by the primary key.
CREATE INDEX workflow_connections_connection
ON workflow_connections (project_id, connection_id, workflow_id, version, node_id, node_name);

-- History. No foreign keys: a start must stay a small write, and history outlives its workflow.
CREATE TABLE workflow_executions (
    project_id TEXT NOT NULL,
    id TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    workflow_name TEXT NOT NULL,
    workflow_version INTEGER NOT NULL,
    status TEXT NOT NULL,
    input TEXT,
    error TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    lease_owner TEXT,
    lease_epoch INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    claims INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX workflow_executions_workflow ON workflow_executions (project_id, workflow_id, id);

-- What has not ended is found without a look at what has.
CREATE INDEX workflow_executions_open ON workflow_executions (lease_owner, id)
WHERE status IN ('queued', 'running', 'waiting');

CREATE TABLE component_executions (
    project_id TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    status TEXT NOT NULL,
    input TEXT,
    output TEXT,
    error TEXT,
    attempts TEXT,
    attempt_count INTEGER NOT NULL DEFAULT 0,
    started_at INTEGER,
    finished_at INTEGER,
    retry_at INTEGER,
    PRIMARY KEY (project_id, execution_id, node_id)
) STRICT, WITHOUT ROWID;

-- Idempotency keys of starts.
CREATE TABLE execution_keys (
    project_id TEXT NOT NULL,
    key TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, key)
) STRICT, WITHOUT ROWID;
