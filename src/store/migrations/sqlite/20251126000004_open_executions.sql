-- SPDX-License-Identifier: Apache-2.0
-- The same index, with a condition that SQLite evaluates in place: for a list of more than two values
-- it builds a table in memory, on every write of a row.

DROP INDEX workflow_executions_open;

CREATE INDEX workflow_executions_open ON workflow_executions (lease_owner, id)
WHERE (status = 'queued' OR status = 'running' OR status = 'waiting');
