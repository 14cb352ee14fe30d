/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the list, with its test. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pencil, Trash2 } from "lucide-react";
import type { Connection } from "../../api/types.ts";
import { GuardedIcon } from "../../parts/guarded-button.tsx";
import { text } from "../../text/en.ts";
import { TestButton } from "./test-button.tsx";
import { TestResultLine } from "./test-result.tsx";
import { typeTitle } from "./types.ts";
import { usageQuery } from "./usage.ts";
import { useConnectionTest } from "./use-test.ts";

const words = text.connections;

interface Props {
  connection: Connection;
  mayEdit: boolean;
  fresh: boolean;
  edit: () => void;
  remove: () => void;
}

export function ConnectionRow({ connection, mayEdit, fresh, edit, remove }: Props) {
  const used = useQuery(usageQuery(connection.id));
  const usage = used.data?.workflows;
  const test = useConnectionTest(`${connection.id} ${connection.updatedAt}`);
  const refusal = mayEdit ? undefined : words.editorsOnly;
  return (
    <tbody className={fresh ? "fresh" : undefined} data-row={connection.id}>
      <tr>
        <td>
          <Link
            className="title"
            to="/projects/$projectId/connections/$connectionId"
            params={{ projectId: connection.projectId, connectionId: connection.id }}
            search={(search) => search}
          >
            {connection.name}
          </Link>
          <div className="mono muted">{connection.connectionUrl}</div>
        </td>
        <td data-label={words.type}>{typeTitle(connection.connectionType)}</td>
        <td data-label={words.usedBy} className="nowrap">
          {usage ? (
            usage.length ? (
              words.workflows(usage.length)
            ) : (
              <span className="muted">{words.noWorkflow}</span>
            )
          ) : used.isError ? (
            <span className="muted">{words.usageUnknown}</span>
          ) : (
            <span className="skeleton late" style={{ width: 72 }} />
          )}
        </td>
        <td className="actions">
          <div>
            <TestButton
              test={test}
              start={() => test.start({ connectionId: connection.id })}
              label={text.test.label(connection.name)}
              reason={mayEdit ? undefined : text.test.editorsOnly}
            />
            <GuardedIcon label={words.edit(connection.name)} reason={refusal} onClick={edit}>
              <Pencil size={16} />
            </GuardedIcon>
            <GuardedIcon label={words.remove(connection.name)} reason={refusal} onClick={remove}>
              <Trash2 size={16} />
            </GuardedIcon>
          </div>
        </td>
      </tr>
      <tr className="detail" hidden={!test.outcome}>
        <td colSpan={4}>
          <TestResultLine outcome={test.outcome} />
        </td>
      </tr>
    </tbody>
  );
}
