/* SPDX-License-Identifier: Apache-2.0 */

/* Where lists drop down: inside of the dialog that holds the focus, else in the panel, above what it scrolls. */
export function dropDown(inDialog: boolean): { withinPortal: boolean; portalProps?: { target: string } } {
  return inDialog ? { withinPortal: false } : { withinPortal: true, portalProps: { target: "#editor-panel" } };
}
