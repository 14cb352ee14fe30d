/* SPDX-License-Identifier: Apache-2.0 */
/* What an administrator wants to know of the server: version, key, store, sizes. */
import { useQuery } from "@tanstack/react-query";
import { trpc } from "../../api/client.ts";
import type { SystemStore } from "../../api.gen.ts";
import { NoAccessPage } from "../../app/boundary.tsx";
import { useUser } from "../../app/session.ts";
import { FactsSkeleton } from "../../parts/data-table.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { PageHeader } from "../../parts/page-header.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { StatusMark, type Tone } from "../../parts/status-mark.tsx";
import { people } from "../../text/people.ts";

const words = people.system;
const EVERY_MS = 10_000;
const whole = new Intl.NumberFormat("en");
const tones: Record<NonNullable<SystemStore["check"]> | "none", Tone> = {
  none: "ok",
  running: "info",
  ok: "ok",
  damaged: "err",
  failed: "warn",
};

function Server() {
  const status = useQuery(trpc.system.status.queryOptions(undefined, { refetchInterval: EVERY_MS }));
  const { data } = status;
  return (
    <section className="panel" aria-labelledby="server-title">
      <h2 id="server-title">{words.server}</h2>
      {data ? (
        <dl className="facts">
          <dt>{words.version}</dt>
          <dd>{data.version}</dd>
          <dt>{words.started}</dt>
          <dd>
            <RelativeTime at={data.startedAt} />
          </dd>
          {data.listen ? (
            <>
              <dt>{words.listen}</dt>
              <dd className="mono">{data.listen}</dd>
            </>
          ) : null}
          <dt>{words.process}</dt>
          <dd className="mono">{data.processId}</dd>
          <dt>{words.key}</dt>
          <dd>
            <span className="mono">{data.keyId}</span>
            <p className="meta">{words.keyLine}</p>
          </dd>
        </dl>
      ) : status.isError ? (
        <LoadError what={words.server} error={status.error} retry={() => void status.refetch()} />
      ) : (
        <FactsSkeleton rows={5} />
      )}
    </section>
  );
}

function Store() {
  const store = useQuery(trpc.system.store.queryOptions(undefined, { refetchInterval: EVERY_MS }));
  const { data } = store;
  const check = data?.check ?? "none";
  return (
    <section className="panel" aria-labelledby="store-title">
      <h2 id="store-title">{words.store}</h2>
      {data ? (
        <dl className="facts">
          <dt>{words.database}</dt>
          <dd>{words.kinds[data.kind] ?? data.kind}</dd>
          <dt>{words.state}</dt>
          <dd>
            <StatusMark tone={tones[check]}>{words.checks[check]}</StatusMark>
          </dd>
          <dt>{words.size}</dt>
          <dd>{words.bytes(data.bytes)}</dd>
          <dt>{words.free}</dt>
          <dd>{words.bytes(data.freeBytes)}</dd>
          <dt>{words.log}</dt>
          <dd>{words.bytes(data.logBytes)}</dd>
          {words.counts.map(([key, label]) => (
            <div className="fact" key={key}>
              <dt>{label}</dt>
              <dd>{whole.format(data[key])}</dd>
            </div>
          ))}
        </dl>
      ) : store.isError ? (
        <LoadError what={words.store} error={store.error} retry={() => void store.refetch()} />
      ) : (
        <FactsSkeleton rows={10} />
      )}
    </section>
  );
}

export function SystemScreen() {
  if (!useUser().admin) return <NoAccessPage />;
  return (
    <>
      <PageHeader title={words.title} crumbs={<span>{people.users.administration}</span>} />
      <div className="panels-two">
        <Server />
        <Store />
      </div>
    </>
  );
}
