-- SPDX-License-Identifier: Apache-2.0
-- Executions that rest until a retry is due, held by nobody. The index of open ones tells them from those
-- that are to be taken up now, and gives the first that is due without a look at the others.

ALTER TABLE workflow_executions ADD COLUMN resume_at INTEGER;
ALTER TABLE workflow_executions ADD COLUMN resting_since INTEGER;

DROP INDEX workflow_executions_open;

CREATE INDEX workflow_executions_open ON workflow_executions (lease_owner, resume_at, id)
WHERE (status = 'queued' OR status = 'running' OR status = 'waiting');

-- They may be many: a page of a project's is found without putting all of them in order. Only what
-- rests writes here.
CREATE INDEX workflow_executions_resting ON workflow_executions (project_id, id)
WHERE (status = 'queued' OR status = 'running' OR status = 'waiting')
    AND lease_owner IS NULL AND resume_at IS NOT NULL;
