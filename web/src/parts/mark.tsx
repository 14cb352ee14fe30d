/* SPDX-License-Identifier: Apache-2.0 */
/* The product's sign: two ends and the line between them. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="6" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="2" strokeLinecap="round">
        <circle cx="6.5" cy="12" r="2.5" />
        <circle cx="17.5" cy="12" r="2.5" />
        <path d="M9 12h6" />
      </g>
    </svg>
  );
}
