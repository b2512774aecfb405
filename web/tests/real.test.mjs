// Two people in two browsers, over a real server and the real core: what they do with each other. SOTTOD and PAGE say
// where the server and the built page are.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { place } from "./serve.mjs";

const there = place();
const browsers = [];
const wrong = [];
let server, base, invites;

function ready() {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error("the server is not ready: " + said)), 20_000);
    server.stderr.on("data", (bytes) => (said += bytes));
    server.stdout.on("data", (bytes) => {
      said += bytes;
      invites = said.match(/sotto:join:\S+(?=\n)/g) ?? [];
      const http = said.match(/ready on .*http ([\d.:]+)/);
      if (http === null || invites.length < 2) return;
      clearTimeout(timer);
      base = `http://${http[1]}/`;
      resolve();
    });
  });
}

before(async () => {
  const addresses = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
  const data = ["--data", join(there.folder, "server"), "--set", `pages=${process.env.PAGE}`];
  server = spawn(process.env.SOTTOD, ["run", ...data, ...addresses, "--print-invites", "2"]);
  await ready();
});

after(async () => {
  for (const browser of browsers) await browser.close();
  server.kill("SIGTERM");
  await new Promise((resolve) => (server.exitCode === null ? server.once("exit", resolve) : resolve()));
  there.remove();
});

async function person(name, width) {
  const folder = join(there.folder, name);
  mkdirSync(folder);
  const browser = await chromium.launchPersistentContext(folder, {
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox"],
    viewport: { width, height: 740 },
    locale: "en-GB",
  });
  browsers.push(browser);
  browser.setDefaultTimeout(30_000);
  const page = await browser.newPage();
  page.on("pageerror", (e) => wrong.push(e.message));
  page.on("console", (m) => {
    if (m.type() === "error") wrong.push(m.text());
  });
  await page.goto(`${base}#join=${encodeURIComponent(invites.pop())}`);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "No conversations yet" }).waitFor();
  return page;
}

const message = (page, text) => page.locator(".message", { hasText: text }).last();
const write = async (page, text) => {
  await page.getByRole("textbox", { name: "Write a message" }).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
};
const act = async (page, text, action) => {
  await message(page, text).hover();
  await message(page, text).locator(".message-more").click();
  await page.getByRole("dialog").getByRole("button", { name: action }).click();
};

test("two people meet by a link, talk, and find all again after a reload", async () => {
  const ada = await person("Ada", 1100);
  const ben = await person("Ben", 360);
  await ada.goto(`${base}#/link`);
  await ada.getByRole("button", { name: "Make a link" }).click();
  const link = await ada.locator(".made .code").textContent();
  await ben.goto(`${base}#/add`);
  await ben.getByLabel("Their link").fill(link);
  await ben.getByLabel("What you call them").first().fill("Ada L");
  await ben.getByRole("button", { name: "Add", exact: true }).click();
  await ben.getByRole("heading", { name: "Ada L" }).waitFor();
  const digits = await ben.locator(".digits").textContent();
  await ben.getByRole("button", { name: "Write" }).click();
  await write(ben, "Hello Ada");

  await ada.goto(`${base}#/chats`);
  await ada.getByRole("button", { name: /asks to talk/ }).click();
  await ada.locator(".detail .row").click();
  await ada.locator("blockquote", { hasText: "Hello Ada" }).waitFor();
  assert.equal(await ada.locator(".digits").textContent(), digits);
  await ada.getByLabel("What you call them").fill("Ben B");
  await ada.getByRole("button", { name: "Accept" }).click();
  await write(ada, "Hello Ben");
  await message(ben, "Hello Ben").waitFor();
  await message(ben, "Hello Ada").locator(".tick:not(.queued)").waitFor();

  await act(ada, "Hello Ada", "React with 👍");
  await ben.locator(".reactions button").waitFor();
  await act(ada, "Hello Ben", "Edit");
  await ada.getByRole("textbox", { name: "Write a message" }).fill("Hello dear Ben");
  await ada.getByRole("button", { name: "Save the edit" }).click();
  await message(ben, "Hello dear Ben").getByText("edited").waitFor();

  const png = Buffer.from(
    await ada.evaluate(async () => {
      const canvas = document.createElement("canvas");
      canvas.width = 900;
      canvas.height = 600;
      canvas.getContext("2d").fillRect(100, 100, 400, 300);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
      return [...new Uint8Array(await blob.arrayBuffer())];
    }),
  );
  await ada.locator("input.picker").setInputFiles({ name: "view.png", mimeType: "image/png", buffer: png });
  await ada.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
  // It would come by itself, but at no moment that tells when the message came.
  await ben.getByRole("button", { name: "Show photo" }).click();
  await ben.locator(".photo img").waitFor();

  await ben.reload();
  await message(ben, "Hello dear Ben").waitFor();
  assert.deepEqual(wrong, []);
});
