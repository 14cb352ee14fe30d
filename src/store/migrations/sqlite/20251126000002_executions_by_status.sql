-- SPDX-License-Identifier: Apache-2.0
-- What failed or was cancelled is found without a walk through all that succeeded. Only such ends write
-- here: those that go well, which are many, stay as cheap as they were.

CREATE INDEX workflow_executions_failed ON workflow_executions (project_id, status, id, workflow_id)
WHERE status IN ('failed', 'cancelled');
