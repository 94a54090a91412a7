// The page /docs in a browser: authorize, send the example request, see the stored row. The page may request nothing
// from any other server.

const assert = require("node:assert/strict");
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { after, before, describe, test } = require("node:test");
const puppeteer = require("puppeteer-core");
const { start } = require("../program.js");

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const PREFIX = "/cust12345";
const SAVE_CONNECTION = "#operations-ErpSync-v1ErpSyncAgent_SaveConnection";
const API = "#operations-Health-getApiVersion";

let browser;

/** The browser, from the variable CHROMIUM or the PATH. */
function chromium() {
  const folders = (process.env.PATH ?? "").split(":");
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  return process.env.CHROMIUM ?? found ?? assert.fail(`none of ${NAMES.join(", ")} is installed`);
}

before(async () => {
  // Chromium's sandbox does not work for root.
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  browser = await puppeteer.launch({ executablePath: chromium(), args });
});

after(() => browser?.close());

/** Opens a page and records its requests and its errors. */
async function open(url) {
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await page.setViewport({ width: 1300, height: 1600 });
  const recorded = { requests: [], errors: [] };
  page.on("request", (request) => recorded.requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && recorded.errors.push(message.text()));
  page.on("pageerror", (error) => recorded.errors.push(error.message));
  await page.goto(url);
  await page.waitForSelector(SAVE_CONNECTION);
  return { page, recorded };
}

/** Clicks the element with this text below `within`. */
async function click(page, within, text) {
  const button = await page.waitForSelector(`${within} ::-p-text(${text})`);
  await button.click();
}

/** Sends the example request of SaveConnection in a format. Returns the status and the row that the page shows. */
async function trySaveConnection(page, format = "application/json") {
  const operation = SAVE_CONNECTION;
  await click(page, operation, "Saves a connection to the database.");
  await click(page, operation, "Try it out");
  const formats = await page.waitForSelector(`${operation} .opblock-section-request-body .opblock-section-header select`);
  await formats.select(format);
  await click(page, operation, "Execute");
  const response = `${operation} .live-responses-table .response`;
  const status = await page.waitForSelector(`${response} .response-col_status`);
  const body = await page.waitForSelector(`${response} .response-col_description .highlight-code code`);
  const text = (element) => element.textContent;
  return { status: (await status.evaluate(text)).trim(), row: JSON.parse(await body.evaluate(text)) };
}

function assertSaved({ status, row }) {
  assert.match(status, /^200/);
  assert.equal(row.ErpConnectionId, 816);
  assert.equal(row.DisplayName, "Emard Group");
  assert.deepEqual(row.ConfigFields, { ConfigFields1: "est", ConfigFields2: "ducimus" });
  assert.deepEqual(row.UserGroupAccessIds, [185, 350]);
  assert.equal(row.TableRight.Mask, "Select, Update, Insert, Delete");
}

function assertSelfContained(recorded, url) {
  assert.deepEqual(recorded.errors, []);
  const others = recorded.requests.filter((request) => !request.startsWith(url) && !request.startsWith("data:"));
  assert.deepEqual(others, []);
}

/** Enters the administrator's password in the page's dialog. */
async function authorize(page) {
  await (await page.waitForSelector(".scheme-container .authorize")).click();
  await page.type("#auth-basic-username", "tje0");
  await page.type("#auth-basic-password", "Tje0");
  const done = await page.waitForSelector(".auth-container:has(#auth-basic-username) button.authorize");
  await done.click();
  await (await page.waitForSelector(".modal-ux .close-modal")).click();
}

describe("the page", { concurrency: false }, () => {
  let program;

  before(async () => {
    program = await start();
  });

  after(() => program?.stop());

  test("authorizes and sends the example request", async () => {
    const { page, recorded } = await open(`${program.url}docs`);
    await authorize(page);
    assertSaved(await trySaveConnection(page));
    assertSelfContained(recorded, program.url);
    if (process.env.SCREENSHOT) {
      await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
    }
    await page.close();
  });

  test("is authorized as the demo administrator with ?demo", async () => {
    const { page, recorded } = await open(`${program.url}docs?demo`);
    assertSaved(await trySaveConnection(page));
    assertSelfContained(recorded, program.url);
    await page.close();
  });

  for (const format of ["application/xml", "application/x-www-form-urlencoded", "application/merge-patch+json"]) {
    test(`sends the example request as ${format}`, async () => {
      const { page } = await open(`${program.url}docs?demo`);
      assertSaved(await trySaveConnection(page, format));
      await page.close();
    });
  }

  test("sends a request without credentials", async () => {
    const { page } = await open(`${program.url}docs`);
    // An endpoint without authentication, since the browser itself would ask for a password.
    await click(page, API, "Returns the URL of the API and the versions.");
    await click(page, API, "Try it out");
    await click(page, API, "Execute");
    const code = `${API} .live-responses-table .highlight-code code`;
    const body = await (await page.waitForSelector(code)).evaluate((element) => element.textContent);
    assert.equal(JSON.parse(body).v1, `${program.url}api/v1/`);
    await page.close();
  });
});

test("the page works below a prefix", async () => {
  const program = await start("--path-prefix", PREFIX);
  try {
    const url = program.url + PREFIX.slice(1);
    const { page, recorded } = await open(`${url}/docs/?demo`);
    assertSaved(await trySaveConnection(page));
    assertSelfContained(recorded, `${url}/`);
    await page.close();
  } finally {
    await program.stop();
  }
});
