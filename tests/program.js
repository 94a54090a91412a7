// Starts the built program on a free port, with its own database in a new folder.

const { spawn } = require("node:child_process");
const { mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { createInterface } = require("node:readline");

const PROGRAM = process.env.ERPSYNC ?? join(__dirname, "../target/debug/erpsync");

/** Starts the program with further arguments. Returns its URL and a function that stops it. */
async function start(...args) {
  const folder = mkdtempSync(join(tmpdir(), "erpsync-test-"));
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(ERPSYNC_(?!PG_BIN)|DATABASE_URL)/.test(name)),
  );
  env.ERPSYNC_LOG = "warn";
  const child = spawn(PROGRAM, ["--listen", "127.0.0.1:0", "--data-dir", join(folder, "data"), ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve, reject) => {
    child.once("exit", resolve);
    child.once("error", reject);
  });
  const line = new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
  const first = await Promise.race([line, ended.then((status) => `exit status ${status}`)]);
  const url = /^erpsync listens on (http:\S+)/.exec(first)?.[1];
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  if (!url) {
    await stop();
    throw new Error(`the server did not start: ${first}`);
  }
  return { url: `${url}/`, stop };
}

module.exports = { start };
