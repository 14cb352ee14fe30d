-- SPDX-License-Identifier: Apache-2.0
-- Projects that are gone, and whose history is still being removed, a little at a time.

CREATE TABLE deleted_projects (
    project_id TEXT NOT NULL PRIMARY KEY,
    deleted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
