-- SPDX-License-Identifier: Apache-2.0
-- People, how they get in, and what they belong to.
-- Texts are compared byte by byte, as SQLite does.

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY,
    email TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    admin BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    disabled_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ -- to the minute
);

CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    token_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE sign_in_codes (
    user_id UUID NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    code_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE tokens (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    prefix TEXT COLLATE "C" NOT NULL,
    token_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    access TEXT COLLATE "C" NOT NULL CHECK (access IN ('read', 'write')),
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ
);

CREATE INDEX tokens_user ON tokens (user_id, id);
CREATE INDEX tokens_prefix ON tokens (prefix);

CREATE TABLE projects (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    data_key TEXT COLLATE "C" NOT NULL, -- wrapped under a master key
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE project_members (
    project_id UUID NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'editor', 'owner')),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (project_id, user_id)
);

CREATE INDEX project_members_user ON project_members (user_id, project_id);

-- Only hashes of their codes are kept.
CREATE TABLE invitations (
    id UUID NOT NULL PRIMARY KEY,
    project_id UUID NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    email TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'editor', 'owner')),
    code_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    created_by UUID REFERENCES users (id) ON DELETE CASCADE, -- NULL: the operator of the server
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX invitations_project ON invitations (project_id, lower(email));

-- Projects that are gone, and whose history is still being removed, a little at a time.
CREATE TABLE deleted_projects (
    project_id UUID NOT NULL PRIMARY KEY,
    deleted_at TIMESTAMPTZ NOT NULL
);

-- Who changed what. Keeps its rows when the project or the person goes.
CREATE TABLE audit_log (
    id UUID NOT NULL PRIMARY KEY,
    project_id UUID,
    user_id UUID,
    action TEXT COLLATE "C" NOT NULL,
    subject_id UUID,
    detail TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX audit_log_project ON audit_log (project_id, id);

-- What the server keeps about itself, by name.
CREATE TABLE server_meta (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
