-- SPDX-License-Identifier: Apache-2.0
-- Whose each connection is, and nothing else of it: in PostgreSQL the operator sees no more across projects.

CREATE VIEW connection_places AS
SELECT id, project_id FROM project_connections WHERE deleted_at IS NULL;
