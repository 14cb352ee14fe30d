/* SPDX-License-Identifier: Apache-2.0 */
/* What stands around every screen of a user: header, rail with their projects, live region's place. */
import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { CircleUser, FolderKanban, LogOut, Menu as MenuIcon, Monitor, Moon, Sun } from "lucide-react";
import { Suspense, useEffect, useState } from "react";
import { trpc } from "../api/client.ts";
import { Mark } from "../parts/mark.tsx";
import { text } from "../text/en.ts";
import { useSignOut, useUser } from "./session.ts";

function AccountMenu() {
  const user = useUser();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  const looks = [
    { value: "light", label: text.shell.light, icon: Sun },
    { value: "dark", label: text.shell.dark, icon: Moon },
    { value: "auto", label: text.shell.system, icon: Monitor },
  ] as const;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon aria-label={text.shell.accountOf(user.name)}>
          <CircleUser size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.name}
          <br />
          {user.email}
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label>{text.shell.appearance}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as typeof colorScheme)}>
          {looks.map(({ value, label, icon: Icon }) => (
            <Menu.RadioItem key={value} value={value} rightSection={<Icon size={16} aria-hidden />}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item leftSection={<LogOut size={16} aria-hidden />} onClick={() => signOut.mutate()}>
          {text.shell.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Rail({ open }: { open: boolean }) {
  const projects = useQuery(trpc.projects.list.queryOptions());
  return (
    <nav className="shell-rail" aria-label={text.shell.navigation} id="rail" data-open={open}>
      <ul>
        <li>
          <Link to="/projects" activeOptions={{ exact: true, includeSearch: false }}>
            <FolderKanban size={16} aria-hidden />
            <span>{text.shell.projects}</span>
          </Link>
          <ul>
            {projects.data?.projects.map((project) => (
              <li key={project.id}>
                <Link to="/projects/$projectId" params={{ projectId: project.id }} preload={false}>
                  <span>{project.name}</span>
                </Link>
              </li>
            ))}
          </ul>
        </li>
      </ul>
    </nav>
  );
}

export function Shell() {
  const [menu, setMenu] = useState(false);
  const { pathname } = useLocation();
  /* A new address closes the menu. */
  useEffect(() => setMenu(false), [pathname]);
  return (
    <div className="shell">
      <header className="shell-header">
        <a className="skip" href="#main">
          {text.skip}
        </a>
        <ActionIcon
          className="shell-menu"
          aria-label={text.shell.openMenu}
          aria-expanded={menu}
          aria-controls="rail"
          onClick={() => setMenu(!menu)}
        >
          <MenuIcon size={20} />
        </ActionIcon>
        <Link to="/projects" className="shell-brand">
          <Mark size={24} />
          {text.product}
        </Link>
        <span className="shell-space" />
        <AccountMenu />
      </header>
      <Rail open={menu} />
      <main className="shell-main" id="main">
        <Suspense>
          <Outlet />
        </Suspense>
      </main>
    </div>
  );
}
