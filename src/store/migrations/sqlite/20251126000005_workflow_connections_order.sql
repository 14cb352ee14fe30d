-- SPDX-License-Identifier: Apache-2.0
-- The same table, with the columns of its key first: quick_check of SQLite 3.40 looks for NULL in the
-- wrong column where another stands between them, and calls a sound table damaged (tried).

CREATE TABLE workflow_connections_ordered (
    project_id TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    node_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    node_name TEXT NOT NULL,
    PRIMARY KEY (project_id, workflow_id, version, node_id, connection_id),
    FOREIGN KEY (project_id, workflow_id, version)
        REFERENCES workflow_versions (project_id, workflow_id, version) ON DELETE CASCADE,
    FOREIGN KEY (project_id, connection_id) REFERENCES project_connections (project_id, id)
) STRICT, WITHOUT ROWID;

INSERT INTO workflow_connections_ordered
    (project_id, workflow_id, version, node_id, connection_id, node_name)
SELECT project_id, workflow_id, version, node_id, connection_id, node_name
FROM workflow_connections;

DROP TABLE workflow_connections;

ALTER TABLE workflow_connections_ordered RENAME TO workflow_connections;

-- Holds all columns, or SQLite would rather walk the whole project by the primary key.
CREATE INDEX workflow_connections_connection
ON workflow_connections (project_id, connection_id, workflow_id, version, node_id, node_name);
