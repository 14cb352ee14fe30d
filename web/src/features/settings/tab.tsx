/* SPDX-License-Identifier: Apache-2.0 */
/* A project's name, and its end. */
import { Button, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { Project } from "../../api.gen.ts";
import { NoAccessPage } from "../../app/boundary.tsx";
import { nameProblem, useSubmitForm } from "../../app/forms.ts";
import { notice } from "../../app/notices.ts";
import { atLeast } from "../../app/permissions.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";
import { people } from "../../text/people.ts";
import { useProject } from "../projects/index.ts";

const words = people.settings;

function General({ project }: { project: Project }) {
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { name: project.name },
    validate: { name: (value) => (value.trim() === project.name ? words.unchanged : nameProblem(value)) },
    submit: async ({ name }) => {
      await api.projects.update.mutate({ projectId: project.id, name: name.trim() });
      await queryClient.invalidateQueries(trpc.projects.pathFilter());
      notice(words.saved);
    },
  });
  return (
    <section className="panel" aria-labelledby="general-title">
      <h2 id="general-title">{words.general}</h2>
      <form className="form" onSubmit={onSubmit} noValidate>
        <FormError message={failure} />
        <TextInput label={words.name} autoComplete="off" {...form.getInputProps("name")} />
        <div className="buttons">
          <Button type="submit" variant="filled" loading={busy}>
            {words.save}
          </Button>
        </div>
      </form>
    </section>
  );
}

function DeleteForm({ project, close }: { project: Project; close: () => void }) {
  const navigate = useNavigate();
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { typed: "" },
    validate: { typed: (value) => (value === project.name ? null : words.mismatch) },
    submit: async () => {
      await api.projects.delete.mutate({ projectId: project.id });
      await navigate({ to: "/projects" });
      notice(words.deleted(project.name));
      await queryClient.invalidateQueries(trpc.projects.list.queryFilter());
    },
  });
  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <p>{words.removeLine(project.name)}</p>
      <TextInput
        label={words.confirm(project.name)}
        autoComplete="off"
        spellCheck={false}
        {...form.getInputProps("typed")}
      />
      <FormError message={failure} />
      <div className="buttons">
        <span className="grow" />
        <Button onClick={close} data-autofocus>
          {text.common.cancel}
        </Button>
        <Button type="submit" variant="filled" color="err" loading={busy}>
          {words.button}
        </Button>
      </div>
    </form>
  );
}

export function SettingsTab() {
  const project = useProject();
  const search = useSearch({ from: "/user/projects/$projectId/settings" });
  const navigate = useNavigate();
  const here = { to: "/projects/$projectId/settings", params: { projectId: project.id } } as const;
  const close = () => void navigate({ ...here, search: {}, replace: true });
  if (!atLeast(project.role, "owner")) return <NoAccessPage level={2} />;
  return (
    <div className="panels">
      <General key={project.name} project={project} />
      <section className="panel danger" aria-labelledby="danger-title">
        <h2 id="danger-title">{words.danger}</h2>
        <p>{words.dangerLine}</p>
        <div className="buttons">
          <Button
            variant="filled"
            color="err"
            onClick={() => void navigate({ ...here, search: { delete: "project" } })}
          >
            {words.remove}
          </Button>
        </div>
      </section>
      <Dialog opened={search.delete !== undefined} close={close} title={words.removeTitle} width={480} alert>
        <DeleteForm project={project} close={close} />
      </Dialog>
    </div>
  );
}
