/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol on the wire, request by request: how inputs are found, the order of checks, whose
 * errors are whose, batches, JSON lines. What is asked of the HTTP library below it is tested in C.
 */
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { addUser, client, newFolder, serve, type Server } from "./harness.ts";

let server: Server;
let token: string, reader: string;
let projectId: string;

beforeAll(async () => {
  const data = newFolder();
  token = addUser(data, "olga");
  reader = addUser(data, "rita", "read");
  server = await serve(data);
  projectId = (await client(server, token).mutation("projects.create", { name: "P" })).id;
});

const json = { "content-type": "application/json" };
const lines = { "trpc-accept": "application/jsonl" };
const bearer = () => ({ authorization: `Bearer ${token}` });
const enc = (value: unknown) => encodeURIComponent(JSON.stringify(value));

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: any;
}
async function ask(path: string, init: RequestInit & { duplex?: "half" } = {}): Promise<Answer> {
  const answer = await fetch(`${server.base}/trpc/${path}`, { ...init, headers: { ...bearer(), ...(init.headers as object) } });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: text && text.startsWith("{\"0\"") ? text : text ? JSON.parse(text) : undefined };
}
const post = (path: string, body?: BodyInit, headers: object = json) => ask(path, { method: "POST", ...(body === undefined ? {} : { body }), headers: headers as HeadersInit });

/* Byte for byte, for what fetch() would not send. */
function raw(text: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.base);
    const socket = connect({ host: hostname, port: Number(port) });
    let got = "";
    socket.on("data", (chunk) => (got += chunk.toString("latin1")));
    socket.on("close", () => resolve(got));
    socket.on("error", reject);
    socket.write(text);
  });
}
const head = (line: string, ...more: string[]) =>
  [`${line} HTTP/1.1`, `host: ${new URL(server.base).host}`, `authorization: Bearer ${token}`, "connection: close", ...more, "", ""].join("\r\n");

const key = (answer: Answer) => [answer.status, answer.body.error?.data.code];
function envelope(error: any, code: string, number: number, httpStatus: number, path?: string) {
  expect(error.code).toBe(number);
  expect(typeof error.message).toBe("string");
  expect(error.data).toMatchObject({ code, httpStatus });
  expect(error.data.path).toBe(path);
  expect(error.data).not.toHaveProperty("stack");
}

describe("requests", () => {
  test("a query's input is in the URL or, by POST, in the body; the other one is not looked at", async () => {
    const one = await ask(`projects.get?input=${enc({ projectId })}`);
    expect([one.status, one.body.result.data.id]).toEqual([200, projectId]);
    const two = await post(`projects.get?input=${enc({ projectId: "nonsense" })}`, JSON.stringify({ projectId }));
    expect(two.body).toEqual(one.body);
    const blanks = await post("projects.get", ` \r\n\t${JSON.stringify({ projectId })} \n`);
    expect(blanks.body).toEqual(one.body);
    expect((await post("projects.get", `\ufeff${JSON.stringify({ projectId })}`)).status).toBe(200);
    expect((await ask(`projects.get?k=v&input=${enc({ projectId })}&input=nonsense`)).status).toBe(200);
    expect((await ask(`projects.get/?input=${enc({ projectId })}`)).status).toBe(200);
    expect((await ask(`projects.get?input={"projectId":"${projectId}"}`)).status).toBe(200);
  });
  test("no input, an empty one and an empty body are undefined", async () => {
    for (const answer of [await ask("projects.list"), await ask("projects.list?input="), await post("projects.list"), await post("projects.list", "")])
      expect(answer.status).toBe(200);
    for (const answer of [await ask("projects.get"), await ask("projects.get?input="), await post("projects.get", "")])
      expect([...key(answer), answer.body.error.data.field]).toEqual([400, "BAD_REQUEST", "projectId"]);
    const logout = await post("auth.logout", "");
    expect(logout.status).toBe(200);
  });
  test("paths are decoded once, before they are split; a plus is a plus", async () => {
    expect((await ask("projects%2Elist")).status).toBe(200);
    expect((await ask("%70rojects.list%2Cprojects.list?batch=1")).body).toHaveLength(2);
    expect((await ask("projects%252Elist")).body.error.data).toMatchObject({ code: "NOT_FOUND", path: "projects%2Elist" });
    expect((await ask("projects+list")).body.error.data.path).toBe("projects+list");
    for (const path of ["a%zz", "a%", "a%4", "%FF", "%C0%AF", "%E0%80%AF", "%ED%A0%80", "%F4%90%80%80"]) {
      const answer = await ask(path);
      expect(answer.status, path).toBe(400);
      envelope(answer.body.error, "BAD_REQUEST", -32600, 400, undefined);
    }
    const nul = await ask("projects.list%00x");
    expect(nul.body.error.data).toMatchObject({ code: "NOT_FOUND", path: "projects.list\u0000x" });
  });
  test("the query string follows the rules of forms", async () => {
    const name = "a b+c%d é 漢 😀 \u0000 \"\\";
    const created = await post("projects.create", JSON.stringify({ name: "a b+c%d é 漢 😀 \"\\" }));
    expect(created.body.result.data.name).toBe("a b+c%d é 漢 😀 \"\\");
    expect(key(await post("projects.create", JSON.stringify({ name })))).toEqual([400, "BAD_REQUEST"]);
    const plus = `{"projectId":+"${projectId}"}`;
    expect((await ask(`projects.get?input=${plus}`)).status).toBe(200);
    expect(key(await ask(`projects.get?input=${encodeURIComponent(plus)}`))).toEqual([400, "BAD_REQUEST"]);
    for (const bad of ["%FF", "%22%C0%AF%22", "%22%ED%A0%80%22", "%22%F4%90%80%80%22"])
      expect(key(await ask(`projects.get?input=${bad}`)), bad).toEqual([400, "BAD_REQUEST"]);
  });
  test("bodies that are not UTF-8, or whose strings are no text, are refused whole", async () => {
    for (const bytes of ["\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"]) {
      const answer = await post("projects.create", Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes, "latin1"), Buffer.from('"}')]));
      expect(key(answer), Buffer.from(bytes, "latin1").toString("hex")).toEqual([400, "BAD_REQUEST"]);
      envelope(answer.body.error, "BAD_REQUEST", -32600, 400, "projects.create");
    }
    expect(key(await post("projects.create", '{"name":"\\ud800"}'))).toEqual([400, "BAD_REQUEST"]);
    const { projects } = (await ask("projects.list")).body.result.data;
    expect(projects.map((one: any) => one.name).sort()).toEqual(["P", "a b+c%d é 漢 😀 \"\\"]);
  });
  test("names of JavaScript's own are only names", async () => {
    for (const path of ["__proto__", "constructor", "toString", "projects.__proto__", "projects.constructor"])
      expect(key(await ask(path)), path).toEqual([404, "NOT_FOUND"]);
    for (const name of ["__proto__", "constructor"]) {
      const answer = await post("projects.create", `{"name":"x","${name}":{"a":1}}`);
      expect([...key(answer), answer.body.error.message]).toEqual([400, "BAD_REQUEST", expect.stringContaining(name)]);
    }
  });
  test("malformed JSON and one key twice are refused", async () => {
    for (const body of ["{", "{]", "nul", '{"projectId":1,}', "{'projectId':1}", "[1", '"', "{}x", "\u00a0{}", `{"projectId":"${projectId}","projectId":"${projectId}"}`])
      expect(key(await post("projects.get", body)), body).toEqual([400, "BAD_REQUEST"]);
    expect(key(await post("projects.get", "[".repeat(100_000)))).toEqual([400, "BAD_REQUEST"]);
    /* A procedure without input never looks. */
    expect((await post("projects.list", "{not json")).status).toBe(200);
  });
  test("chunked bodies are joined, and connections stay open", async () => {
    const text = JSON.stringify({ projectId });
    const body = new ReadableStream({
      start(controller) {
        for (const part of text) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    });
    expect((await ask("projects.get", { method: "POST", body, duplex: "half", headers: json })).body.result.data.id).toBe(projectId);
    const one = head("GET /trpc/auth.status").replace("connection: close\r\n", "");
    const got = await raw(one + one + head("GET /trpc/auth.status"));
    expect(got.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
  });
  test("16 KiB of request line are fine, and a batch of 100 calls", async () => {
    const many = Array.from({ length: 100 }, () => "projects.get").join(",");
    const inputs = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i, { projectId }]));
    const path = `${many}?batch=1&input=${enc(inputs)}`;
    expect(path.length).toBeGreaterThan(8000);
    const answer = await ask(path);
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(100);
    expect((await ask(`projects.list?pad=${"x".repeat(16 * 1024)}`)).status).toBe(200);
    expect(await raw(head(`GET /trpc/projects.list?pad=${"x".repeat(64 * 1024)}`))).toMatch(/^HTTP\/1\.1 (414|431)/);
    const over = await ask(`${many},projects.get?batch=1`);
    expect(over.body.error.message).toBe("Batch call exceeds maximum size");
    envelope(over.body.error, "BAD_REQUEST", -32600, 400, undefined);
  });
});

describe("answers", () => {
  test("have their headers", async () => {
    const { headers } = await ask("projects.list");
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("vary")).toBe("trpc-accept, accept");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
  test("an absent value has no key, in lists and deeply", async () => {
    const { user, setupRequired } = (await ask("auth.status")).body.result.data;
    expect(setupRequired).toBe(false);
    expect(user.email).toBe("olga@tieline.test");
    const anonymous = await fetch(`${server.base}/trpc/auth.status`);
    expect(await anonymous.json()).toEqual({ result: { data: { setupRequired: false } } });
  });
});

describe("whose errors are whose", () => {
  test("HEAD is answered without looking", async () => {
    const answer = await fetch(`${server.base}/trpc/nothing.here`, { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
  });
  test("the content type comes before everything but the path", async () => {
    const types: [string | undefined, string][] = [
      [undefined, "Missing content-type header"],
      ["text/plain", "Unsupported content-type"],
      ["application/jsonl", "Unsupported content-type"],
      ["application/json-patch+json", "Unsupported content-type"],
      ["application/x-www-form-urlencoded", "Unsupported content-type"],
      ["multipart/form-data; boundary=x", "Unsupported content-type"],
      ["application/octet-stream", "Unsupported content-type"],
    ];
    for (const [type, message] of types) {
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
        const got = await raw(head(`${method} /trpc/nope`, ...(type ? [`content-type: ${type}`] : []), "content-length: 0"));
        expect(got, `${method} ${type}`).toMatch(/^HTTP\/1\.1 415 /);
        const { error } = JSON.parse(got.slice(got.indexOf("\r\n\r\n") + 4));
        expect(error.message).toContain(message);
        envelope(error, "UNSUPPORTED_MEDIA_TYPE", -32015, 415, undefined);
      }
    }
    for (const type of ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", " application/json ;x=y"])
      expect((await post("projects.list", "", { "content-type": type })).status, type).toBe(200);
    expect((await ask("projects.list", { headers: { "content-type": "text/plain" } })).status).toBe(200);
    expect(key(await post("a%zz", "", { "content-type": "text/plain" }))).toEqual([400, "BAD_REQUEST"]);
  });
  test("of the request: mixed kinds, connection parameters, lines without a batch", async () => {
    const mixed = await ask("projects.list,projects.create?batch=1");
    expect(mixed.body.error.message).toBe("Cannot mix procedure types in call: query, mutation");
    envelope(mixed.body.error, "BAD_REQUEST", -32600, 400, undefined);
    for (const params of ["{", "[]", "1", '"x"', '{"a":1}', '{"a":null}']) {
      const answer = await ask(`projects.list?connectionParams=${encodeURIComponent(params)}`);
      envelope(answer.body.error, "PARSE_ERROR", -32700, 400, undefined);
    }
    for (const params of ["null", "{}", '{"token":"x"}']) expect((await ask(`projects.list?connectionParams=${encodeURIComponent(params)}`)).status).toBe(200);
    const single = await ask("projects.list", { headers: lines });
    envelope(single.body.error, "BAD_REQUEST", -32600, 400, undefined);
    /* One envelope also for a batch, and in the order of the rules. */
    expect((await post("projects.list,projects.create?batch=1", "{}", { "content-type": "text/plain" })).status).toBe(415);
    expect((await ask("nope,projects.list,projects.create?batch=1&connectionParams=1")).body.error.message).toContain("Cannot mix");
  });
  test("of a call: unknown, method, who, input, may they, in that order", async () => {
    const bad = { authorization: "Bearer nonsense" };
    const nobody = await fetch(`${server.base}/trpc/projects.get?input={`);
    expect([nobody.status, ((await nobody.json()) as any).error.data.code]).toEqual([401, "UNAUTHORIZED"]);
    expect(key(await ask("nope?input={", { headers: bad }))).toEqual([404, "NOT_FOUND"]);
    const unknown = await ask("projects.x");
    expect(unknown.body.error.message).toBe('No procedure found on path "projects.x"');
    envelope(unknown.body.error, "NOT_FOUND", -32004, 404, "projects.x");
    const method = await ask("projects.create?input={", { headers: bad });
    expect(method.body.error.message).toBe('Unsupported GET-request to mutation procedure at path "projects.create"');
    expect(method.headers.get("allow")).toBe("POST");
    envelope(method.body.error, "METHOD_NOT_SUPPORTED", -32005, 405, "projects.create");
    for (const verb of ["PUT", "PATCH", "DELETE"]) expect(key(await ask("projects.list", { method: verb, headers: json })), verb).toEqual([405, "METHOD_NOT_SUPPORTED"]);
    expect(key(await ask("projects.get?input={", { headers: bad }))).toEqual([401, "UNAUTHORIZED"]);
    expect(key(await ask("projects.get?input={"))).toEqual([400, "BAD_REQUEST"]);
    expect(key(await ask(`projects.get?input=${enc({ projectId: "01890000-0000-7000-8000-000000000001" })}`))).toEqual([404, "NOT_FOUND"]);
    const readOnly = await post("projects.create", '{"name":"x"}', { ...json, authorization: `Bearer ${reader}` });
    envelope(readOnly.body.error, "FORBIDDEN", -32003, 403, "projects.create");
  });
  test("no mutation by GET, whatever else is said", async () => {
    const before = (await ask("projects.list")).body.result.data.projects.length;
    for (const path of ["projects.create", "projects.create,projects.create"])
      for (const more of ["", "&batch=1"]) {
        const answer = await ask(`${path}?input=${enc(more ? { 0: { name: "x" }, 1: { name: "y" } } : { name: "x" })}${more}`, { headers: json });
        expect(answer.status).toBe(path.includes(",") && !more ? 404 : 405);
      }
    for (const headers of [{ "x-http-method-override": "POST" }, { "x-http-method": "POST" }])
      expect((await ask(`projects.create?input=${enc({ name: "x" })}&_method=POST`, { headers: headers as unknown as Record<string, string> })).status).toBe(405);
    expect((await ask("projects.list")).body.result.data.projects).toHaveLength(before);
  });
  test("a body that is too large is the call's, and the next request is served", async () => {
    const large = JSON.stringify({ name: "x".repeat(5 << 20) });
    const answer = await post("projects.create", large);
    envelope(answer.body.error, "PAYLOAD_TOO_LARGE", -32013, 413, "projects.create");
    const batch = await post("projects.create,projects.create?batch=1", large);
    expect([batch.status, batch.body.map((one: any) => one.error.data.code)]).toEqual([413, ["PAYLOAD_TOO_LARGE", "PAYLOAD_TOO_LARGE"]]);
    expect((await ask("projects.list")).status).toBe(200);
  });
});

describe("batches", () => {
  const get = { projectId: "" };
  beforeAll(() => {
    get.projectId = projectId;
  });
  test("answer in order, each for itself, with one status or 207", async () => {
    const mixed = await ask(`projects.get,projects.get,nope?batch=1&input=${enc({ 0: get })}`);
    expect(mixed.status).toBe(207);
    expect(mixed.body[0].result.data.id).toBe(projectId);
    envelope(mixed.body[1].error, "BAD_REQUEST", -32600, 400, "projects.get");
    envelope(mixed.body[2].error, "NOT_FOUND", -32004, 404, "nope");
    const one = await ask(`projects.get?batch=1&input=${enc({ 0: get })}`);
    expect([one.status, Array.isArray(one.body), one.body.length]).toEqual([200, true, 1]);
    const denied = await fetch(`${server.base}/trpc/projects.list,projects.get?batch=1&input=${enc({ 1: get })}`);
    expect([denied.status, ((await denied.json()) as any[]).map((each) => each.error.code)]).toEqual([401, [-32001, -32001]]);
    const tail = await ask("projects.list,?batch=1");
    expect([tail.status, tail.body[1].error.data]).toEqual([207, expect.objectContaining({ code: "NOT_FOUND", path: "" })]);
  });
  test("find inputs by canonical index, and miss them by themselves", async () => {
    const sparse = await ask(`projects.list,projects.get,projects.list?batch=1&input=${enc({ 1: get })}`);
    expect([sparse.status, sparse.body.map((each: any) => Object.keys(each)[0])]).toEqual([200, ["result", "result", "result"]]);
    for (const odd of ["00", "0.0", "1", " 0", "+0", "0x0"])
      expect((await ask(`projects.get?batch=1&input=${enc({ [odd]: get })}`)).body[0].error.data.field, odd).toBe("projectId");
    for (const none of ["projects.list,projects.list?batch=1", "projects.list,projects.list?batch=1&input=", `projects.list,projects.list?batch=1&input={}`])
      expect((await ask(none)).status).toBe(200);
    for (const wrong of ["[]", "null", "1", '"x"', "true"]) {
      const answer = await ask(`projects.get,projects.get?batch=1&input=${wrong}`);
      expect(answer.status, wrong).toBe(400);
      for (const each of answer.body) expect(each.error.message).toBe('"input" needs to be an object when doing a batch call');
    }
    const malformed = await post("projects.get,projects.get?batch=1", "{");
    expect([malformed.status, malformed.body.map((each: any) => each.error.data.code)]).toEqual([400, ["BAD_REQUEST", "BAD_REQUEST"]]);
  });
  test("are on for exactly batch=1", async () => {
    for (const value of ["0", "2", "true", "01", "", "1%20"]) expect(key(await ask(`projects.list,projects.list?batch=${value}`)), value).toEqual([404, "NOT_FOUND"]);
    expect((await ask("projects.list,projects.list")).body.error.data.path).toBe("projects.list,projects.list");
    expect((await ask("projects.list,projects.list?batch=1&batch=2")).body).toHaveLength(2);
  });
  test("take no subscription, and run equal calls each for itself", async () => {
    const answer = await ask(`executions.watch,executions.watch?batch=1&input=${enc({ 0: get, 1: get })}`);
    expect(answer.status).toBe(400);
    for (const each of answer.body) envelope(each.error, "BAD_REQUEST", -32600, 400, "executions.watch");
    const made = await post("projects.create,projects.create?batch=1", JSON.stringify({ 0: { name: "one" }, 1: { name: "one" } }));
    expect(new Set(made.body.map((each: any) => each.result.data.id)).size).toBe(2);
  });
});

describe("streamed batches", () => {
  const read = (text: string) => {
    expect(text.endsWith("\n")).toBe(true);
    return text.slice(0, -1).split("\n").map((line) => JSON.parse(line));
  };
  test("are a head and a line for each call, at status 200 whatever the calls say", async () => {
    for (const headers of [lines, { accept: "text/html, application/jsonl;q=0.9" }]) {
      const answer = await ask(`projects.list,nope,projects.get?batch=1`, { headers });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(answer.headers.get("transfer-encoding")).toBe("chunked");
      expect(answer.headers.get("vary")).toBe("trpc-accept, accept");
      const [first, ...rest] = read(answer.text);
      expect(first).toEqual({ 0: [[0], [null, 0, 0]], 1: [[0], [null, 0, 1]], 2: [[0], [null, 0, 2]] });
      expect(rest.map(([id, status]) => [id, status]).sort()).toEqual([[0, 0], [1, 0], [2, 0]]);
      expect(rest.find(([id]) => id === 1)[2][0][0].error.data.code).toBe("NOT_FOUND");
    }
  });
  test("are asked for by exactly that header", async () => {
    for (const headers of [{ "trpc-accept": "application/json" }, { "trpc-accept": "application/jsonl, text/html" }, { "trpc-accept": "x", accept: "application/jsonl" }, { accept: "application/jsonlines" }])
      expect((await ask("projects.list,projects.list?batch=1", { headers: headers as unknown as Record<string, string> })).body).toHaveLength(2);
  });
  test("fail as a request with one envelope that is no line", async () => {
    const answer = await ask("projects.list,projects.create?batch=1", { headers: lines });
    expect(answer.status).toBe(400);
    envelope(answer.body.error, "BAD_REQUEST", -32600, 400, undefined);
    expect((await post("projects.list?batch=1", "{}", { ...lines, "content-type": "text/plain" })).status).toBe(415);
  });
  test("tell authentication inside", async () => {
    const answer = await fetch(`${server.base}/trpc/projects.list,projects.list?batch=1`, { headers: lines });
    expect(answer.status).toBe(200);
    const [, ...rest] = read(await answer.text());
    for (const [, , [[one]]] of rest) expect(one.error.data.code).toBe("UNAUTHORIZED");
  });
  test("sign in and out with other calls beside: the cookie arrives", async () => {
    const login = { email: "olga@tieline.test", password: "correct horse battery" };
    for (const body of [{ 0: login }, { 0: login, 1: login }, { 0: { ...login, password: "wrong" }, 1: login }]) {
      const paths = Object.keys(body).map(() => "auth.login").join(",");
      const answer = await fetch(`${server.base}/trpc/${paths}?batch=1`, { method: "POST", headers: { ...json, ...lines }, body: JSON.stringify(body) });
      expect(answer.status).toBe(200);
      const cookies = answer.headers.getSetCookie();
      const rows = read(await answer.text()).slice(1);
      expect(cookies).toHaveLength(rows.filter(([, , [[one]]]) => one.result).length);
      for (const cookie of cookies) {
        const status = await fetch(`${server.base}/trpc/auth.status`, { headers: { cookie: cookie.split(";")[0]! } });
        expect(((await status.json()) as any).result.data.user.email).toBe("olga@tieline.test");
      }
    }
  });
});
