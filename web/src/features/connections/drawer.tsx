/* SPDX-License-Identifier: Apache-2.0 */
/* One connection, over the list. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { trpc } from "../../api/client.ts";
import type { Connection } from "../../api/types.ts";
import { problemOf } from "../../app/errors.ts";
import { SidePanel } from "../../parts/dialog.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { text } from "../../text/en.ts";
import { type PoolField, poolValues, settings } from "./config.ts";
import { typeTitle } from "./types.ts";
import { readConnectionUrl } from "./url.ts";
import { usageQuery } from "./usage.ts";

const words = text.drawer;

function tlsOf(connection: Connection): string | undefined {
  /* The mask stands where the password was: what is read here is everything else. */
  const reading = readConnectionUrl(connection.connectionUrl.replaceAll("•", "x"), connection.connectionType);
  return reading.ok ? reading.parts.tls : undefined;
}

function Overview({ connection }: { connection: Connection }) {
  const tls = tlsOf(connection);
  return (
    <section className="section">
      <h3>{words.overview}</h3>
      <dl className="facts">
        <dt>{text.connections.type}</dt>
        <dd>{typeTitle(connection.connectionType)}</dd>
        <dt>{words.url}</dt>
        <dd className="mono">{connection.connectionUrl}</dd>
        {tls ? (
          <>
            <dt>{words.tls}</dt>
            <dd>{tls}</dd>
          </>
        ) : null}
        <dt>{words.created}</dt>
        <dd>
          <RelativeTime at={connection.createdAt} />
        </dd>
        <dt>{words.changed}</dt>
        <dd>
          <RelativeTime at={connection.updatedAt} />
        </dd>
        <dt>{words.id}</dt>
        <dd className="mono">{connection.id}</dd>
      </dl>
    </section>
  );
}

function UsedBy({ connection }: { connection: Connection }) {
  const usage = useQuery(usageQuery(connection.id));
  const workflows = usage.data?.workflows;
  return (
    <section className="section">
      <h3>{text.connections.usedBy}</h3>
      {usage.isError ? <p>{text.connections.usageFailed}</p> : null}
      {workflows?.length === 0 ? <p className="muted">{text.connections.unused}</p> : null}
      <ul className="users">
        {workflows?.map((workflow) => (
          <li key={workflow.id}>
            <Link
              to="/projects/$projectId/workflows/$workflowId"
              params={{ projectId: connection.projectId, workflowId: workflow.id }}
              preload={false}
            >
              {workflow.name}
            </Link>
            {workflow.nodes.length ? ` — ${workflow.nodes.map((node) => node.name).join(", ")}` : ""}
          </li>
        ))}
      </ul>
    </section>
  );
}

function shown(field: PoolField, value: string): string {
  return field === "max" || value === text.pool.noLimit ? value : text.time.span(Number(value));
}

function Pool({ connection }: { connection: Connection }) {
  const values = poolValues(connection.config);
  return (
    <section className="section">
      <h3>{words.pool}</h3>
      <dl className="facts">
        {settings.map(({ field, label, fallback }) => (
          <div key={field} className="fact">
            <dt>{label.replace(/ \(ms\)$/, "")}</dt>
            <dd>
              {shown(field, values[field] || fallback)}
              {values[field] ? null : <span className="muted"> ({words.byDefault})</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function ConnectionDrawer() {
  const { projectId, connectionId } = useParams({ from: "/user/projects/$projectId/connections/$connectionId" });
  const navigate = useNavigate();
  const connection = useQuery(trpc.connections.get.queryOptions({ connectionId }));
  const missing = connection.isError && ["NOT_FOUND", "BAD_REQUEST"].includes(problemOf(connection.error).code);
  const close = () =>
    void navigate({ to: "/projects/$projectId/connections", params: { projectId }, search: (search) => search });
  return (
    <SidePanel
      opened
      close={close}
      title={missing ? text.common.notFound : (connection.data?.name ?? text.connections.one)}
    >
      {missing ? (
        <div className="form">
          <p>{words.gone}</p>
          <Link to="/projects/$projectId/connections" params={{ projectId }}>
            {words.back}
          </Link>
        </div>
      ) : null}
      {connection.isError && !missing ? (
        <LoadError what={text.connections.one} error={connection.error} retry={() => void connection.refetch()} />
      ) : null}
      {connection.data ? (
        <>
          <Overview connection={connection.data} />
          <UsedBy connection={connection.data} />
          <Pool connection={connection.data} />
        </>
      ) : null}
    </SidePanel>
  );
}
