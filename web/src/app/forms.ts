/* SPDX-License-Identifier: Apache-2.0 */
/* What all forms do alike: errors appear on submit, follow changes, and the first one gets the focus. */
import { type UseFormInput, type UseFormReturnType, useForm } from "@mantine/form";
import { useContext, useEffect, useState } from "react";
import { text } from "../text/en.ts";
import { type Problem, problemOf } from "./errors.ts";
import { UnsavedContext } from "./unsaved.ts";

type Values = Record<string, unknown>;

/* What is wrong with a name, of whatever it is. */
export function nameProblem(name: string): string | null {
  if (name.trim() === "") return text.nameProblems.missing;
  return [...name.trim()].length > 100 ? text.nameProblems.long : null;
}

export interface SubmitForm<T extends Values> {
  form: UseFormReturnType<T>;
  /* A failure that belongs to no field. */
  failure: string | undefined;
  busy: boolean;
  onSubmit: (event?: React.FormEvent<HTMLFormElement>) => void;
}

interface Options<T extends Values> extends Pick<UseFormInput<T>, "initialValues" | "validate"> {
  submit: (values: T) => Promise<void>;
  /* The form's field for a failure, or none; may put it in other words. */
  place?: (problem: Problem) => { field: keyof T & string; message: string } | undefined;
}

function focusField<T extends Values>(form: UseFormReturnType<T>, field: string): void {
  /* Behind the render that shows the message, so that it is read out with the field. */
  requestAnimationFrame(() => form.getInputNode(field)?.focus());
}

export function useSubmitForm<T extends Values>({ initialValues, validate, submit, place }: Options<T>): SubmitForm<T> {
  const [tried, setTried] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const form = useForm<T>({
    initialValues: initialValues as T,
    ...(validate ? { validate } : {}),
    validateInputOnChange: tried,
  });

  const unsaved = useContext(UnsavedContext);
  useEffect(() => unsaved?.mark(form.isDirty()));
  useEffect(
    () => () => {
      unsaved?.mark(false);
      unsaved?.hold(false);
    },
    [unsaved],
  );

  async function send(values: T) {
    setFailure(undefined);
    setBusy(true);
    unsaved?.hold(true);
    try {
      await submit(values);
    } catch (error) {
      unsaved?.hold(false);
      const problem = problemOf(error);
      const own = place?.(problem);
      const field = own?.field ?? (problem.field && problem.field in values ? problem.field : undefined);
      if (field) {
        form.setFieldError(field, own?.message ?? problem.message);
        focusField(form, field);
      } else {
        setFailure(problem.message);
      }
    } finally {
      setBusy(false);
    }
  }

  return {
    form,
    failure,
    busy,
    onSubmit: form.onSubmit(
      (values) => {
        if (!busy) void send(values);
      },
      (errors) => {
        setTried(true);
        const first = Object.keys(errors)[0];
        if (first) focusField(form, first);
      },
    ),
  };
}
