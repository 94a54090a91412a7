// Every request of the collection passes its own test, on fresh demo data.

const assert = require("node:assert/strict");
const { join } = require("node:path");
const { test } = require("node:test");
const newman = require("newman");
const { start } = require("../program.js");

const COLLECTION = join(__dirname, "../erpsync.postman_collection.json");

test("the collection runs from top to bottom", async () => {
  const program = await start();
  try {
    const envVar = [{ key: "baseUrl", value: program.url.replace(/\/$/, "") }];
    const { run } = await new Promise((resolve, reject) =>
      newman.run({ collection: require(COLLECTION), envVar, timeoutRequest: 30_000 }, (error, summary) =>
        error ? reject(error) : resolve(summary),
      ),
    );
    const failures = run.failures.map(({ source, error }) => `${source?.name}: ${error.message}`);
    assert.deepEqual(failures, []);
    const { requests, assertions } = run.stats;
    assert.ok(requests.total > 49, `${requests.total} requests`);
    assert.equal(assertions.total, requests.total);
  } finally {
    await program.stop();
  }
});
