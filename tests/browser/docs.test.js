// The page /docs as a user meets it: log in, try the sample request out, see the stored row. And that the page asks
// nobody but its own server for anything.

const assert = require("node:assert/strict");
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { after, before, describe, test } = require("node:test");
const puppeteer = require("puppeteer-core");
const { start } = require("../program.js");

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const PREFIX = "/cust12345";

let browser;

/** The browser, from the variable CHROMIUM or the PATH. */
function chromium() {
  const folders = (process.env.PATH ?? "").split(":");
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  return process.env.CHROMIUM ?? found ?? assert.fail(`none of ${NAMES.join(", ")} is installed`);
}

before(async () => {
  // Chromium's own walls need a user that is not root.
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  browser = await puppeteer.launch({ executablePath: chromium(), args });
});

after(() => browser?.close());

/** Opens a page, which notes whom it asks and what goes wrong in it. */
async function open(url) {
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await page.setViewport({ width: 1300, height: 1600 });
  const noted = { asked: [], wrong: [] };
  page.on("request", (request) => noted.asked.push(request.url()));
  page.on("console", (message) => message.type() === "error" && noted.wrong.push(message.text()));
  page.on("pageerror", (error) => noted.wrong.push(error.message));
  await page.goto(url);
  await page.waitForSelector("#operations-The_methods-SaveConnection");
  return { page, noted };
}

/** Clicks what has this text and stands below `within`. */
async function click(page, within, text) {
  const button = await page.waitForSelector(`${within} ::-p-text(${text})`);
  await button.click();
}

/** Sends the sample request of SaveConnection; gives the status and the row that the page shows. */
async function trySaveConnection(page) {
  const operation = "#operations-The_methods-SaveConnection";
  await click(page, operation, "Saves a connection to the database.");
  await click(page, operation, "Try it out");
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

function assertAlone(noted, url) {
  assert.deepEqual(noted.wrong, []);
  const others = noted.asked.filter((asked) => !asked.startsWith(url) && !asked.startsWith("data:"));
  assert.deepEqual(others, []);
}

/** Logs in in the page's own dialog. */
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

  test("logs in and runs the sample request with clicks", async () => {
    const { page, noted } = await open(`${program.url}docs`);
    await authorize(page);
    assertSaved(await trySaveConnection(page));
    assertAlone(noted, program.url);
    if (process.env.SCREENSHOT) {
      await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
    }
    await page.close();
  });

  test("is logged in on the demo data where it is asked to", async () => {
    const { page, noted } = await open(`${program.url}docs?demo`);
    assertSaved(await trySaveConnection(page));
    assertAlone(noted, program.url);
    await page.close();
  });

  test("shows what a stranger is answered", async () => {
    const { page } = await open(`${program.url}docs`);
    // Not of the caller, so that the browser itself does not ask for a password.
    await click(page, "#operations-The_roots-api", "Where the API is.");
    await click(page, "#operations-The_roots-api", "Try it out");
    await click(page, "#operations-The_roots-api", "Execute");
    const code = "#operations-The_roots-api .live-responses-table .highlight-code code";
    const body = await (await page.waitForSelector(code)).evaluate((element) => element.textContent);
    assert.equal(JSON.parse(body).v1, `${program.url}api/v1/`);
    await page.close();
  });
});

test("the page works below a prefix", async () => {
  const program = await start("--path-prefix", PREFIX);
  try {
    const url = program.url + PREFIX.slice(1);
    const { page, noted } = await open(`${url}/docs/?demo`);
    assertSaved(await trySaveConnection(page));
    assertAlone(noted, `${url}/`);
    await page.close();
  } finally {
    await program.stop();
  }
});
