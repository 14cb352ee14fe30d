/* SPDX-License-Identifier: Apache-2.0 */
/* What stands around every screen of a user: header, rail with their projects, live region's place. */
import { ActionIcon, Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import {
  CircleUser,
  FolderKanban,
  Keyboard,
  LogOut,
  Menu as MenuIcon,
  Monitor,
  Moon,
  Search,
  Settings,
  Shield,
  Sun,
} from "lucide-react";
import { Suspense, useEffect, useState } from "react";
import { trpc } from "../api/client.ts";
import { Mark } from "../parts/mark.tsx";
import { ScreenSkeleton } from "../parts/screen-skeleton.tsx";
import { text } from "../text/en.ts";
import { useColorScheme } from "./appearance.ts";
import { GoTo } from "./go-to.tsx";
import { LiveState } from "./live-state.tsx";
import { useSignOut, useUser } from "./session.ts";
import { control, useShortcuts } from "./shortcuts.ts";
import { ShortcutsHelp } from "./shortcuts-help.tsx";

function AccountMenu() {
  const user = useUser();
  const { colorScheme, setColorScheme } = useColorScheme();
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
        <Menu.Item leftSection={<Settings size={16} aria-hidden />} component={Link} to="/account">
          {text.shell.account}
        </Menu.Item>
        <Menu.Item leftSection={<LogOut size={16} aria-hidden />} onClick={() => signOut.mutate()}>
          {text.shell.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Rail({ open }: { open: boolean }) {
  const user = useUser();
  const projects = useQuery(trpc.projects.list.queryOptions());
  return (
    <nav className="shell-rail" aria-label={text.shell.navigation} id="rail" data-open={open} data-leads>
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
        {user.admin ? (
          <li className="shell-part">
            <span className="shell-group">
              <Shield size={16} aria-hidden />
              {text.shell.administration}
            </span>
            <ul>
              <li>
                <Link to="/admin/users" activeOptions={{ includeSearch: false }}>
                  <span>{text.shell.users}</span>
                </Link>
              </li>
              <li>
                <Link to="/admin/system">
                  <span>{text.shell.systemPage}</span>
                </Link>
              </li>
            </ul>
          </li>
        ) : null}
      </ul>
    </nav>
  );
}

export function Shell() {
  const [menu, setMenu] = useState(false);
  const [open, setOpen] = useState<"go-to" | "help">();
  const close = () => setOpen(undefined);
  useShortcuts(
    () => setOpen("go-to"),
    () => setOpen("help"),
  );
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
        <Link to="/projects" className="shell-brand" data-leads>
          <Mark size={24} />
          {text.product}
        </Link>
        <button type="button" className="shell-go-to" onClick={() => setOpen("go-to")}>
          <Search size={16} aria-hidden />
          <span>{text.shell.goTo}</span>
          <kbd aria-hidden>{control} K</kbd>
        </button>
        <span className="shell-space" />
        <LiveState />
        <ActionIcon className="shell-help" aria-label={text.shell.shortcuts} onClick={() => setOpen("help")}>
          <Keyboard size={20} />
        </ActionIcon>
        <AccountMenu />
      </header>
      <Rail open={menu} />
      <main className="shell-main" id="main">
        <Suspense fallback={<ScreenSkeleton />}>
          <Outlet />
        </Suspense>
      </main>
      <GoTo opened={open === "go-to"} close={close} />
      <ShortcutsHelp opened={open === "help"} close={close} />
    </div>
  );
}
