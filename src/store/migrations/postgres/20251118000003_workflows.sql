-- SPDX-License-Identifier: Apache-2.0
-- Workflows and all versions of their definitions. Deleting one keeps its rows: executions in the
-- history still show the names and kinds of their nodes.

CREATE TABLE workflows (
    project_id UUID NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    active BOOLEAN NOT NULL DEFAULT FALSE,
    version BIGINT NOT NULL, -- the latest
    created_by UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE workflow_versions (
    project_id UUID NOT NULL,
    workflow_id UUID NOT NULL,
    version BIGINT NOT NULL,
    definition TEXT COLLATE "C" NOT NULL,
    created_by UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (project_id, workflow_id, version),
    FOREIGN KEY (project_id, workflow_id) REFERENCES workflows (project_id, id) ON DELETE CASCADE
);
