-- SPDX-License-Identifier: Apache-2.0
-- What started an execution, and how many attempts it took: nobody knows of those before. And when a
-- user was last seen, to the minute.

ALTER TABLE workflow_executions ADD COLUMN trigger TEXT;
ALTER TABLE workflow_executions ADD COLUMN attempt_count INTEGER;

ALTER TABLE users ADD COLUMN last_seen_at INTEGER;
