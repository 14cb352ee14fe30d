-- SPDX-License-Identifier: Apache-2.0
-- Who sees which rows. A transaction says for whom it is, in settings that end with it; what is not
-- said shows nothing:
--
--   tieline.user_id     {app} sees what the user's projects hold, by their memberships of that moment
--   tieline.project_id  {engine} sees that project
--   tieline.system      {engine} sees all people, projects, names of workflows, and the history; but
--                       not what workflows say, and no connection
--
-- Behind a transaction a setting reads as '', which is why that is nobody as well.

CREATE FUNCTION scope_user() RETURNS UUID LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('tieline.user_id', TRUE), '')::UUID;

CREATE FUNCTION scope_project() RETURNS UUID LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('tieline.project_id', TRUE), '')::UUID;

CREATE FUNCTION scope_system() RETURNS BOOLEAN LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('tieline.system', TRUE) = 'on', FALSE);

GRANT USAGE ON SCHEMA tieline TO {app}, {engine};

-- The projects of the user. It belongs to {engine}, whose policy on memberships asks for nothing else: with
-- that of {app} it would ask itself.
GRANT CREATE ON SCHEMA tieline TO {engine};

CREATE FUNCTION scope_projects() RETURNS UUID[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = tieline, pg_temp
AS $$SELECT coalesce(array_agg(project_id), '{}') FROM project_members WHERE user_id = scope_user()$$;

ALTER FUNCTION scope_projects() OWNER TO {engine};

-- A project begins with its first owner: before that nobody may see it.
CREATE FUNCTION project_create(
    new_id UUID, new_name TEXT, new_key TEXT, created TIMESTAMPTZ, updated TIMESTAMPTZ, owner UUID
) RETURNS VOID LANGUAGE plpgsql SECURITY DEFINER SET search_path = tieline, pg_temp
AS $$
DECLARE
    before TEXT := coalesce(current_setting('tieline.project_id', TRUE), '');
BEGIN
    IF NOT scope_system() AND owner IS DISTINCT FROM scope_user() THEN
        RAISE insufficient_privilege USING MESSAGE = 'people make projects for themselves only';
    END IF;
    PERFORM set_config('tieline.project_id', new_id::TEXT, TRUE);
    INSERT INTO projects (id, name, data_key, created_at, updated_at)
    VALUES (new_id, new_name, new_key, created, updated);
    INSERT INTO project_members (project_id, user_id, role, created_at)
    VALUES (new_id, owner, 'owner', created);
    PERFORM set_config('tieline.project_id', before, TRUE);
END
$$;

ALTER FUNCTION project_create(UUID, TEXT, TEXT, TIMESTAMPTZ, TIMESTAMPTZ, UUID) OWNER TO {engine};

REVOKE CREATE ON SCHEMA tieline FROM {engine};

-- The operator names a connection by its id alone: this says whose it is, and nothing else of it. It is
-- looked at by its owner's right.
CREATE VIEW connection_places AS
SELECT id, project_id FROM project_connections WHERE deleted_at IS NULL;

CREATE POLICY places ON project_connections FOR SELECT TO CURRENT_USER USING (
    (SELECT scope_system()) OR project_id = (SELECT scope_project())
    OR project_id = ANY ((SELECT scope_projects())::UUID[])
);

GRANT SELECT ON connection_places TO {app}, {engine};
REVOKE ALL ON FUNCTION scope_projects() FROM PUBLIC;
REVOKE ALL ON FUNCTION project_create(UUID, TEXT, TEXT, TIMESTAMPTZ, TIMESTAMPTZ, UUID) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scope_projects() TO {app}, CURRENT_USER;
GRANT EXECUTE ON FUNCTION project_create(UUID, TEXT, TEXT, TIMESTAMPTZ, TIMESTAMPTZ, UUID)
TO {app}, {engine};

-- Tables of a project. Users by their membership; the engine by the project.
DO $$
DECLARE
    one TEXT;
BEGIN
    FOREACH one IN ARRAY ARRAY[
        'project_members', 'invitations', 'workflows', 'workflow_versions', 'project_connections',
        'workflow_connections', 'workflow_executions', 'component_executions', 'execution_keys',
        'deleted_projects', 'audit_log'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO {app}, {engine}', one);
        EXECUTE format('CREATE POLICY members ON %I TO {app} '
            'USING (project_id = ANY ((SELECT scope_projects())::UUID[]))', one);
        EXECUTE format('CREATE POLICY project ON %I TO {engine} '
            'USING (project_id = (SELECT scope_project()))', one);
    END LOOP;
    -- What the server itself has to do with across projects.
    FOREACH one IN ARRAY ARRAY[
        'project_members', 'invitations', 'workflows', 'workflow_executions', 'component_executions',
        'execution_keys', 'deleted_projects', 'audit_log'
    ] LOOP
        EXECUTE format('CREATE POLICY system ON %I TO {engine} USING ((SELECT scope_system()))', one);
    END LOOP;
END
$$;

-- What scope_projects() reads.
CREATE POLICY memberships ON project_members FOR SELECT TO {engine}
USING (user_id = (SELECT scope_user()));

-- What somebody did that concerns no project.
CREATE POLICY own ON audit_log TO {app}
USING (project_id IS NULL AND user_id = (SELECT scope_user()));

ALTER TABLE projects ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, UPDATE, DELETE ON projects TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON projects TO {engine};
CREATE POLICY members ON projects TO {app}
USING (id = ANY ((SELECT scope_projects())::UUID[]));
CREATE POLICY project ON projects TO {engine} USING (id = (SELECT scope_project()));
CREATE POLICY system ON projects TO {engine} USING ((SELECT scope_system()));

-- People. Who is signed in sees names, beside what they wrote; hashes are for the server alone.
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT (id, email, name, admin, created_at, updated_at, disabled_at, last_seen_at),
UPDATE (password_hash, updated_at) ON users TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO {engine};
CREATE POLICY people ON users FOR SELECT TO {app} USING ((SELECT scope_user()) IS NOT NULL);
CREATE POLICY own ON users FOR UPDATE TO {app} USING (id = (SELECT scope_user()));
CREATE POLICY colleagues ON users FOR SELECT TO {engine} USING ((SELECT scope_project()) IS NOT NULL);
CREATE POLICY system ON users TO {engine} USING ((SELECT scope_system()));

-- How they get in.
DO $$
DECLARE
    one TEXT;
BEGIN
    FOREACH one IN ARRAY ARRAY['sessions', 'sign_in_codes', 'tokens'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO {app}, {engine}', one);
        EXECUTE format('CREATE POLICY own ON %I TO {app} USING (user_id = (SELECT scope_user()))', one);
        EXECUTE format('CREATE POLICY system ON %I TO {engine} USING ((SELECT scope_system()))', one);
    END LOOP;
END
$$;

-- No rows of anybody's.
GRANT SELECT, INSERT, UPDATE, DELETE ON server_meta TO {engine};
GRANT SELECT ON schema_migrations TO {engine};
