/* SPDX-License-Identifier: Apache-2.0 */
/* Where to go after signing in: a path of this page, and never another site. */
export function localPath(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/projects";
}
