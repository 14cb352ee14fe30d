/* SPDX-License-Identifier: Apache-2.0 */
/* While a screen itself is on its way: a title and rows, after a moment only. */
import { text } from "../text/en.ts";
import { Bars } from "./data-table.tsx";

export function ScreenSkeleton() {
  return (
    <div className="screen-skeleton late" role="status" aria-label={text.common.loading}>
      <Bars widths={[200]} />
      <Bars widths={[480, 480, 480]} />
    </div>
  );
}
