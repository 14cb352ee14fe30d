/* SPDX-License-Identifier: Apache-2.0 */
/* Who belongs to the project, and who is invited to. */
import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { Invitation, Member, Project } from "../../api.gen.ts";
import { problemOf } from "../../app/errors.ts";
import { notice } from "../../app/notices.ts";
import { atLeast, type Role } from "../../app/permissions.ts";
import { useUser } from "../../app/session.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { DataTable, SkeletonRows } from "../../parts/data-table.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { GuardedButton } from "../../parts/guarded-button.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { text } from "../../text/en.ts";
import { people } from "../../text/people.ts";
import { useProject } from "../projects/index.ts";
import { InviteDialog, invite, type Link, LinkView, roleChoices } from "./invite-dialog.tsx";

const words = people.members;

interface RowProps {
  member: Member;
  isOwner: boolean;
  isMe: boolean;
  setRole: (role: Role) => void;
  remove: () => void;
}

function MemberRow({ member, isOwner, isMe, setRole, remove }: RowProps) {
  return (
    <tbody>
      <tr>
        <td className="title">
          {member.name} {isMe ? <span className="muted">({people.you})</span> : null}
        </td>
        <td data-label={words.email}>{member.email}</td>
        <td data-label={words.role} className="with-control">
          {isOwner ? (
            <Select
              className="role"
              aria-label={words.roleOf(member.name)}
              data={roleChoices}
              value={member.role}
              onChange={(role) => role && role !== member.role && setRole(role as Role)}
            />
          ) : (
            text.roles[member.role]
          )}
        </td>
        <td data-label={words.since}>
          <RelativeTime at={member.createdAt} />
        </td>
        <td data-label={words.seen}>
          {member.lastSeenAt ? <RelativeTime at={member.lastSeenAt} /> : <span className="muted">{words.unseen}</span>}
        </td>
        <td className="actions">
          {isOwner ? (
            <div>
              <Button variant="subtle" aria-label={words.removeOf(member.name)} onClick={remove}>
                {words.remove}
              </Button>
            </div>
          ) : null}
        </td>
      </tr>
    </tbody>
  );
}

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

function Pending({ project }: { project: Project }) {
  const invitations = useQuery(trpc.members.invitations.queryOptions({ projectId: project.id }));
  const [link, setLink] = useState<Link>();
  const [failure, setFailure] = useState<string>();
  const list = invitations.data?.invitations;

  async function attempt(act: () => Promise<void>) {
    setFailure(undefined);
    try {
      await act();
    } catch (error) {
      setFailure(problemOf(error).message);
    }
  }
  const renew = ({ email, role }: Invitation) => attempt(async () => setLink(await invite(project.id, email, role)));
  const withdraw = ({ id, email }: Invitation) =>
    attempt(async () => {
      await api.members.uninvite.mutate({ projectId: project.id, invitationId: id });
      await queryClient.invalidateQueries(trpc.members.invitations.queryFilter());
      notice(words.withdrawn(email));
    });

  if (invitations.isError && !list)
    return <LoadError what={words.pending} error={invitations.error} retry={() => void invitations.refetch()} />;
  return (
    <>
      {list?.length ? (
        <section className="after" aria-labelledby="pending-title">
          <div className="toolbar">
            <h2 id="pending-title">{words.pending}</h2>
            <span className="count">{list.length}</span>
          </div>
          <FormError message={failure} />
          <DataTable label={words.pending} columns={[words.email, words.role, words.expires]}>
            {list.map((invitation) => (
              <tbody key={invitation.id}>
                <tr>
                  <td className="title">{invitation.email}</td>
                  <td data-label={words.role}>{text.roles[invitation.role]}</td>
                  <td data-label={words.expires}>{day.format(new Date(invitation.expiresAt))}</td>
                  <td className="actions">
                    <div>
                      <Button
                        variant="subtle"
                        aria-label={words.newLinkOf(invitation.email)}
                        onClick={() => void renew(invitation)}
                      >
                        {words.newLink}
                      </Button>
                      <Button
                        variant="subtle"
                        aria-label={words.withdrawOf(invitation.email)}
                        onClick={() => void withdraw(invitation)}
                      >
                        {words.withdraw}
                      </Button>
                    </div>
                  </td>
                </tr>
              </tbody>
            ))}
          </DataTable>
        </section>
      ) : null}
      <Dialog opened={link !== undefined} close={() => setLink(undefined)} title={words.linkTitle} width={480}>
        {link ? <LinkView link={link} close={() => setLink(undefined)} /> : null}
      </Dialog>
    </>
  );
}

export function MembersTab() {
  const project = useProject();
  const me = useUser();
  const members = useQuery(trpc.members.list.queryOptions({ projectId: project.id }));
  const { add } = useSearch({ from: "/user/projects/$projectId/members" });
  const navigate = useNavigate();
  const [removing, setRemoving] = useState<Member>();
  const [failure, setFailure] = useState<string>();
  const list = members.data?.members;
  const isOwner = atLeast(project.role, "owner");
  const to = "/projects/$projectId/members";
  const params = { projectId: project.id };

  /* Who changed themselves has other rights from now on. */
  async function refresh(userId: string) {
    await queryClient.invalidateQueries(trpc.members.list.queryFilter());
    if (userId === me.id) await queryClient.invalidateQueries(trpc.projects.pathFilter());
  }

  async function setRole(member: Member, role: Role) {
    setFailure(undefined);
    try {
      await api.members.update.mutate({ ...params, userId: member.userId, role });
      await refresh(member.userId);
      notice(words.changed(member.name, text.roles[role]));
    } catch (error) {
      setFailure(problemOf(error).message);
    }
  }

  async function remove(member: Member) {
    await api.members.remove.mutate({ ...params, userId: member.userId });
    notice(words.removed(member.name));
    if (member.userId === me.id) await navigate({ to: "/projects" });
    await refresh(member.userId);
  }

  return (
    <section aria-labelledby="members-title">
      <div className="toolbar">
        <h2 id="members-title">{words.title}</h2>
        {list ? <span className="count">{list.length}</span> : null}
        <span className="grow" />
        <GuardedButton
          variant="filled"
          data-shortcut="new"
          leftSection={<UserPlus size={16} aria-hidden />}
          reason={isOwner ? undefined : words.ownersOnly}
          onClick={() => void navigate({ to, params, search: { add: true } })}
        >
          {words.invite}
        </GuardedButton>
      </div>
      <FormError message={failure} />
      {members.isError && !list ? (
        <LoadError what={words.title} error={members.error} retry={() => void members.refetch()} />
      ) : (
        <DataTable label={words.title} columns={[words.name, words.email, words.role, words.since, words.seen]}>
          {list ? (
            list.map((member) => (
              <MemberRow
                key={member.userId}
                member={member}
                isOwner={isOwner}
                isMe={member.userId === me.id}
                setRole={(role) => void setRole(member, role)}
                remove={() => setRemoving(member)}
              />
            ))
          ) : (
            <SkeletonRows columns={5} />
          )}
        </DataTable>
      )}
      {isOwner ? <Pending project={project} /> : null}
      <InviteDialog
        opened={add === true && isOwner}
        projectId={project.id}
        close={() => void navigate({ to, params, search: {}, replace: true })}
      />
      <Confirm
        opened={removing !== undefined}
        title={words.removeTitle}
        line={removing ? words.removeLine(removing.name, project.name) : ""}
        button={words.remove}
        close={() => setRemoving(undefined)}
        act={async () => {
          if (removing) await remove(removing);
        }}
      />
    </section>
  );
}
