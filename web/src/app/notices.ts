/* SPDX-License-Identifier: Apache-2.0 */
/* Notices tell of what was done. They go away by themselves and never hold the only copy of an error. */
import { notifications } from "@mantine/notifications";

export function notice(words: string): void {
  notifications.show({ message: words, autoClose: 6000 });
}
