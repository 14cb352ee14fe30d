/* SPDX-License-Identifier: Apache-2.0 */
/* Setting up, signing in, and what the page keeps to while doing so. */
import { expect, test } from "vitest";
import { addUser, newFolder, password, serve } from "../api/harness.ts";
import { isSound, signIn, visitor } from "./browser.ts";

test("the first account is made with the token that the server printed, and only once", async () => {
  const server = await serve(newFolder());
  const page = await visitor(server);
  await page.goto("/projects");
  await page.getByRole("heading", { name: "Set up Tieline" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/setup");
  await isSound(page, "setup");

  await page.getByRole("button", { name: "Create account" }).click();
  for (const words of ["Enter the setup token.", "Enter a name.", "Enter an email address.", "Use at least 8 characters."])
    await page.getByText(words).waitFor();
  expect(await page.getByRole("textbox", { name: "Setup token" }).evaluate((node) => node === document.activeElement)).toBe(true);

  await page.getByLabel("Setup token", { exact: true }).fill("tl_wrong");
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Email").fill("ada@tieline.test");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("This is not the token that the server printed.").waitFor();

  await page.getByLabel("Setup token", { exact: true }).fill(server.setupToken!);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("No projects yet").waitFor();
  expect(new URL(page.url()).pathname).toBe("/projects");

  const other = await visitor(server);
  await other.goto("/setup");
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("a token in the address fills the field and leaves the address", async () => {
  const server = await serve(newFolder());
  const page = await visitor(server);
  const address = /http:\S+\/setup#token=\S+/.exec(server.output())?.[0] ?? expect.fail(server.output());
  expect(address.startsWith(`${server.base}/`)).toBe(true);
  const field = page.getByLabel("Setup token", { exact: true });
  for (const first of ["/setup", "about:blank"]) {
    /* Also who is there already may paste it. */
    await page.goto(first);
    await page.goto(address);
    await expect.poll(() => field.inputValue()).toBe(server.setupToken);
  }
  await page.waitForURL((url) => url.hash === "");
});

test("a failed sign-in says so; a good one leads to the page that was wanted", async () => {
  const data = newFolder();
  addUser(data, "ada");
  const server = await serve(data);
  const page = await visitor(server);
  await page.goto("/projects?add=true");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await isSound(page, "login");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Enter your email address.").waitFor();
  await page.getByText("Enter your password.").waitFor();
  await page.getByLabel("Email").fill("ada@tieline.test");
  await page.getByLabel("Password").fill("wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Email or password is wrong.").waitFor();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("dialog", { name: "New Project" }).waitFor();
});

test("too many failed sign-ins are refused in words", async () => {
  const data = newFolder();
  addUser(data, "ada");
  const server = await serve(data);
  const page = await visitor(server);
  await page.goto("/login");
  const refusal = page.getByText("too many failed sign-ins", { exact: false });
  for (let i = 0; i < 30 && !(await refusal.isVisible()); i++) {
    await page.getByLabel("Email").fill("ada@tieline.test");
    await page.getByLabel("Password").fill(`wrong password ${i}`);
    const answer = page.waitForResponse((response) => response.url().includes("auth.login"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await answer;
    await page.locator("button[data-loading]").waitFor({ state: "detached" });
  }
  await refusal.waitFor();
});

test("signing out ends the session; another user sees nothing of the one before", async () => {
  const data = newFolder();
  addUser(data, "ada");
  addUser(data, "bea");
  const server = await serve(data);
  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password);
  await page.getByRole("button", { name: "New Project" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Orders");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("heading", { name: "Orders" }).waitFor();
  await page.getByRole("button", { name: "Account of ada" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await signIn(page, "bea@tieline.test", password);
  await page.getByText("No projects yet").waitFor();
  expect(await page.getByText("Orders").count()).toBe(0);
});

test("a session that ended elsewhere leads to signing in, and back to the page", async () => {
  const data = newFolder();
  addUser(data, "ada");
  const server = await serve(data);
  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password);
  await page.getByRole("button", { name: "New Project" }).waitFor();
  await page.context().clearCookies();
  await page.getByRole("button", { name: "New Project" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Orders");
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.getByLabel("Email").fill("ada@tieline.test");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("dialog", { name: "New Project" }).waitFor();
});
