// The generated client saves and reads a connection on a server with the demo data.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./generated/erpsync.js";

type ErpConnection = components["schemas"]["ErpConnection"];
type Program = { url: string; stop: () => Promise<void> };

const { start }: { start: () => Promise<Program> } = createRequire(import.meta.url)("../../../program.js");

let program: Program;
let client: Client<paths>;

before(async () => {
  program = await start();
  const authorization = `Basic ${Buffer.from("tje0:Tje0").toString("base64")}`;
  client = createClient<paths>({ baseUrl: program.url, headers: { authorization } });
});

after(() => program?.stop());

test("there is one operation for each method of the agent", () => {
  const generated = readFileSync(new URL("../generated/erpsync.ts", import.meta.url), "utf8");
  assert.equal(generated.match(/^ {4}v1ErpSyncAgent_\w+: \{$/gm)?.length, 49);
});

test("a saved connection can be read", async () => {
  const sent: ErpConnection = {
    ErpConnectorId: 411,
    DisplayName: "Emard Group",
    Active: true,
    ConfigFields: { Company: "A & B", User: null },
    UserGroupAccessIds: [185, 350],
  };
  const { data: saved, error } = await client.POST("/api/v1/Agents/ErpSync/SaveConnection", {
    params: { header: { "Accept-Language": "en" } },
    body: { Connection: sent },
  });
  assert.ok(saved, error?.Message);
  assert.deepEqual({ ...saved, ...sent }, saved, "every member that was sent is in the response");

  const { data: read } = await client.POST("/api/v1/Agents/ErpSync/GetConnection", {
    body: { ErpConnectionId: saved.ErpConnectionId ?? 0 },
  });
  assert.deepEqual(read, saved);
});

test("a connection that does not exist is null", async () => {
  const { data } = await client.POST("/api/v1/Agents/ErpSync/GetConnection", { body: { ErpConnectionId: 999 } });
  assert.equal(data, null);
});

test("a refusal is an error response", async () => {
  const { error, response } = await client.POST("/api/v1/Agents/ErpSync/SaveConnection", { body: {} });
  assert.equal(response.status, 400);
  assert.equal(error?.ErrorType, "ArgumentException");
});

test("a method that is not implemented yet is an error response", async () => {
  const { error, response } = await client.POST("/api/v1/Agents/ErpSync/SyncAll");
  assert.equal(response.status, 501);
  assert.equal(error?.ErrorType, "NotImplementedException");
});
