/* SPDX-License-Identifier: Apache-2.0 */
/* A failure of a form that belongs to none of its fields. */
export function FormError({ message }: { message: string | undefined }) {
  return message ? (
    <p className="form-error" role="alert">
      {message}
    </p>
  ) : null;
}
