/* SPDX-License-Identifier: Apache-2.0 */
import { expect, test } from "vitest";
import { caValue, poolField, poolValues, withCa, withPoolValues } from "./config.ts";

test("values come out of a config and go back into it, beside what no field shows", () => {
  const config = {
    pool: { max: 3, min: 1 },
    tls: { mode: "require", clientKeyPem: { set: true } },
    statementTimeoutMs: 9,
  };
  const values = poolValues(config);
  expect(values).toEqual({ max: "3", wait: "", idle: "", lifetime: "", statement: "9" });
  expect(withPoolValues(config, values)).toEqual(config);
  expect(withPoolValues(config, { ...values, max: "", wait: " 70 ", statement: "" })).toEqual({
    pool: { min: 1, acquireTimeoutMs: 70 },
    tls: config.tls,
  });
});

test("without values there is nothing to save", () => {
  expect(withPoolValues(undefined, poolValues({}))).toEqual({});
});

test("fields that the server names are found", () => {
  expect(poolField("config.pool.acquireTimeoutMs")).toBe("wait");
  expect(poolField("config.tls.mode")).toBeUndefined();
});

test("an authority comes and goes beside the rest of what TLS needs", () => {
  const tls = { mode: "require", clientKeyPem: { set: true } };
  const config = withCa({ pool: { max: 3 }, tls }, " PEM\n");
  expect(config).toEqual({ pool: { max: 3 }, tls: { ...tls, caPem: "PEM" } });
  expect(caValue(config)).toBe("PEM");
  expect(withCa(config, "")).toEqual({ pool: { max: 3 }, tls });
  expect(withCa({ tls: { caPem: "PEM" } }, " ")).toEqual({});
  expect([caValue({}), caValue(undefined)]).toEqual(["", ""]);
});
