/* SPDX-License-Identifier: Apache-2.0 */
/* What is left when a screen fails, and what is shown where nothing is. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { FileQuestion, Lock, TriangleAlert } from "lucide-react";
import { EmptyState } from "../parts/empty-state.tsx";
import { text } from "../text/en.ts";

export function CrashPage() {
  return (
    <EmptyState icon={TriangleAlert} title={text.common.crashed} line={text.common.crashedLine} level={1}>
      <Button onClick={() => location.reload()}>{text.common.reload}</Button>
    </EmptyState>
  );
}

/* Level 2: within a project, whose name is the title. */
export function NoAccessPage({ level = 1 }: { level?: 1 | 2 }) {
  return (
    <EmptyState icon={Lock} title={text.common.noAccess} line={text.common.noAccessLine} level={level}>
      <Link to="/projects">{text.common.toProjects}</Link>
    </EmptyState>
  );
}

export function NotFoundPage() {
  return (
    <EmptyState icon={FileQuestion} title={text.common.notFound} line={text.common.notFoundLine} level={1}>
      <Link to="/projects">{text.common.toProjects}</Link>
    </EmptyState>
  );
}
