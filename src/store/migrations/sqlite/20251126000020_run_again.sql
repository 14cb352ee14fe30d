-- SPDX-License-Identifier: Apache-2.0
-- Which execution this one was run again of.

ALTER TABLE workflow_executions ADD COLUMN rerun_of TEXT;
