// The page in a browser, over the core that stands in: what people do, what a screen reader is told, and that nothing
// is out of place in both languages, light and dark, on a phone and on a desktop.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { place, serve } from "./serve.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const phone = { width: 360, height: 740 };
const desktop = { width: 1280, height: 800 };
let server, profile, browser;
const refused = []; // what the policy refused, and what went wrong

before(async () => {
  server = await serve();
  profile = place();
  browser = await chromium.launchPersistentContext(profile.folder, {
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox"],
    viewport: phone,
    locale: "en-GB",
    acceptDownloads: true,
  });
  browser.setDefaultTimeout(8000);
});

after(async () => {
  await browser?.close();
  server?.close();
  profile?.remove();
});

// A fresh page for one test, gone after it.
async function at(path, work, size = phone) {
  const page = await browser.newPage();
  page.on("console", (m) => {
    // A picture whose row goes while it is loaded is none of them.
    if (m.type() === "error" && !/404/.test(m.text()) && !m.location().url.startsWith("blob:")) refused.push(m.text());
  });
  page.on("pageerror", (e) => refused.push(e.message));
  try {
    await page.setViewportSize(size);
    await page.goto(server.url + path);
    await work(page);
  } catch (e) {
    const seen = await page.innerText("body").catch(() => "");
    e.message += `\n${page.url()} shows: ${seen.replace(/\s+/g, " ").slice(0, 600)}`;
    throw e;
  } finally {
    await page.close();
  }
}

function seen(page, text, options) {
  return page.getByText(text, options).filter({ visible: true }).first().waitFor();
}

const write = async (page, text) => {
  await page.getByRole("textbox", { name: "Write a message" }).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
};
const bubble = (page, text) => page.locator(".message", { hasText: text }).last();
const act = async (page, text, action) => {
  await bubble(page, text).hover();
  await bubble(page, text).getByRole("button", { name: "What to do with the message" }).click();
  await page.getByRole("dialog").getByRole("button", { name: action }).click();
  // The focus goes elsewhere a frame later: what is typed meanwhile would go along.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
};
const stored = (page) =>
  page.evaluate(async () => [...new Uint8Array(await globalThis.standIn.files.get("made").arrayBuffer())]);

test("an invite link in the address leads to an account", () =>
  at("?stand-in=none#join=" + encodeURIComponent("sotto:join:127.0.0.1:7000#abc"), async (page) => {
    await page.getByRole("heading", { name: "Create an account" }).waitFor();
    assert.equal(await page.getByLabel("Invite link").inputValue(), "sotto:join:127.0.0.1:7000#abc");
    await page.getByLabel("Your name").fill("Robin");
    await page.getByLabel("Passphrase (may be empty)").fill("one");
    await page.getByLabel("Passphrase again").fill("two");
    assert.equal(await page.getByRole("button", { name: "Create account" }).isDisabled(), true);
    await page.getByLabel("Passphrase again").fill("one");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "No conversations yet" }).waitFor();
    assert.ok(!page.url().includes("join"));
  }));

test("an invite that was used says so, and what was typed stays", () =>
  at("?stand-in=none", async (page) => {
    await page.getByRole("button", { name: "I have an invite link" }).click();
    await page.getByLabel("Invite link").fill("sotto:join:127.0.0.1:7000#used");
    await page.getByLabel("Your name").fill("Robin");
    await page.getByRole("button", { name: "Create account" }).click();
    await seen(page, "This invite is not valid");
    assert.equal(await page.getByLabel("Your name").inputValue(), "Robin");
    await page.getByLabel("Invite link").fill("sotto:join:127.0.0.1:7000#good");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "No conversations yet" }).waitFor();
  }));

test("a new device shows its code and the digits, and is in after a yes", () =>
  at("?stand-in=none,empty", async (page) => {
    await page.getByRole("button", { name: "I have Sotto on another device" }).click();
    await page.getByRole("button", { name: "Show the code" }).click();
    await page.getByRole("img", { name: "QR code" }).waitFor();
    await seen(page, "sotto:link:");
    await page.evaluate(() => globalThis.standIn.taken());
    await seen(page, "4071");
    await page.getByRole("button", { name: "They are the same" }).click();
    await page.getByRole("heading", { name: "No conversations yet" }).waitFor();
  }));

test("a locked store opens with its passphrase alone, and can be locked and wiped", () =>
  at("?stand-in=locked#/settings/security", async (page) => {
    await page.getByLabel("Passphrase").fill("wrong");
    await page.getByRole("button", { name: "Unlock" }).click();
    await seen(page, "That passphrase is wrong");
    await page.getByLabel("Passphrase").fill("correct horse");
    await page.getByRole("button", { name: "Unlock" }).click();
    await page.getByRole("button", { name: "Lock now" }).click();
    await page.getByRole("heading", { name: "Sotto is locked" }).waitFor();
    await page.getByLabel("Passphrase").fill("correct horse");
    await page.getByRole("button", { name: "Unlock" }).click();
    await page.getByLabel("Current passphrase").fill("wrong");
    await page.getByLabel("New passphrase").fill("battery staple");
    const change = page.getByRole("button", { name: "Change the passphrase" });
    assert.equal(await change.isDisabled(), true);
    await page.getByLabel("Passphrase again").fill("battery staple");
    await change.click();
    await seen(page, "That passphrase is wrong");
    await page.getByLabel("Current passphrase").fill("correct horse");
    await change.click();
    await page.getByText("Saved").waitFor();
    await page.getByRole("button", { name: "Lock now" }).click();
    await page.getByRole("heading", { name: "Sotto is locked" }).waitFor();
    await page.getByLabel("Passphrase").fill("battery staple");
    await page.getByRole("button", { name: "Unlock" }).click();
    await page.getByLabel("Current passphrase").fill("battery staple");
    await page.getByRole("button", { name: "Remove the passphrase" }).click();
    await seen(page, "No passphrase locks");
    // Another tab could not wipe it.
    await page.evaluate(() => globalThis.standIn.tell({ type: "locked", error: "IO" }));
    await page.getByRole("heading", { name: "Sotto is locked" }).waitFor();
    await seen(page, "This browser’s storage can’t be read or written.");
    await page.getByRole("button", { name: "Unlock" }).click();
    await page.getByRole("button", { name: "Wipe this device" }).click();
    const dialog = page.getByRole("dialog");
    const yes = dialog.getByRole("button", { name: "Wipe this device" });
    assert.equal(await yes.isDisabled(), true);
    await dialog.getByRole("textbox").fill("wipe");
    await yes.click();
    await page.getByRole("heading", { name: "Talk quietly." }).waitFor();
  }));

test("what another tab locks or wipes is shown no longer, and neither is what was begun", () =>
  at("?stand-in=locked#/c/5", async (page) => {
    const unlock = async () => {
      await page.getByLabel("Passphrase").fill("correct horse");
      await page.getByRole("button", { name: "Unlock" }).click();
    };
    await unlock();
    await page.getByRole("textbox", { name: "Write a message" }).fill("half a sec");
    await page.evaluate(async () => {
      await globalThis.standIn.call("lock");
      globalThis.standIn.find(5).c.draft = "the core's";
    });
    await page.getByRole("heading", { name: "Sotto is locked" }).waitFor();
    assert.equal(await page.locator(".message").count(), 0);
    assert.equal(await page.title(), "Sotto");
    await page.evaluate(() => globalThis.standIn.call("open", "correct horse", false));
    const area = page.getByRole("textbox", { name: "Write a message" });
    await area.waitFor();
    assert.equal(await area.inputValue(), "the core's");
    await page.evaluate(() => globalThis.standIn.call("wipe"));
    await page.getByRole("heading", { name: "Talk quietly." }).waitFor();
    assert.ok(!page.url().includes("#/c/"));
  }));

test("when the core broke off the page says so, and shows nothing more", () =>
  at("?stand-in#/c/5", async (page) => {
    await page.locator(".message").first().waitFor();
    await page.evaluate(() => globalThis.standIn.tell({ type: "trouble", error: "BUG" }));
    await seen(page, "Something went wrong inside");
    assert.equal(await page.locator(".message").count(), 0);
  }));

test("a passkey opens the store beside the passphrase, and is gone when it is removed", () =>
  at("?stand-in=locked#/settings/security", async (page) => {
    const unlock = async () => {
      await page.getByLabel("Passphrase").fill("correct horse");
      await page.getByRole("button", { name: "Unlock", exact: true }).click();
    };
    await unlock();
    await page.getByLabel("Current passphrase").waitFor();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("WebAuthn.enable");
    const options = { protocol: "ctap2", transport: "internal", hasUserVerification: true, isUserVerified: true };
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: { ...options, hasResidentKey: true, hasPrf: true, automaticPresenceSimulation: true },
    });
    // A passkey belongs to a name, never to an address.
    assert.equal(await page.getByRole("button", { name: "Add a passkey" }).count(), 0);
    await page.goto(server.url.replace("127.0.0.1", "localhost") + "?stand-in=locked#/settings/security");
    await page.getByLabel("Passphrase").waitFor();
    assert.equal(await page.getByRole("button", { name: "Unlock with the passkey" }).count(), 0);
    await unlock();
    await page.getByLabel("Current passphrase").fill("correct horse");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("Saved").waitFor();
    await page.getByRole("button", { name: "Lock now" }).click();
    await page.getByRole("button", { name: "Unlock with the passkey" }).click();
    await page.getByLabel("Current passphrase").fill("correct horse");
    await page.getByRole("button", { name: "Remove the passkey" }).click();
    await page.getByText("Saved").waitFor();
    await page.getByRole("button", { name: "Lock now" }).click();
    await page.getByRole("heading", { name: "Sotto is locked" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Unlock with the passkey" }).count(), 0);
  }));

test("what is written is queued, then sent; others are heard, and counted while one is away", () =>
  at("?stand-in#/c/5", async (page) => {
    await write(page, "On my way");
    await bubble(page, "On my way").locator(".tick.sent").waitFor();
    await page.evaluate(() => globalThis.standIn.setOnline(false));
    await write(page, "Nobody hears this");
    await bubble(page, "Nobody hears this").locator(".tick.queued").waitFor();
    await page.evaluate(() => globalThis.standIn.hear(5, "<b>Hello</b> <img src=x onerror=alert(1)>"));
    await seen(page, "<b>Hello</b> <img src=x onerror=alert(1)>", { exact: true });
    await page.getByRole("button", { name: "Back" }).click();
    await page.evaluate(() => globalThis.standIn.hear(5, "Are you still there?"));
    await page.getByRole("link", { name: /Mira.*1 unread message/ }).waitFor();
  }));

test("who writes is shown without a jump, and said to a screen reader once", () =>
  at("?stand-in#/c/1", async (page) => {
    const shown = page.locator(".bar-sub");
    const places = () =>
      page.evaluate(() => [...document.querySelectorAll(".bar, .bar h1, .bar-sub, .list-box, .composer")].map((e) => e.getBoundingClientRect().y));
    const said = () => page.evaluate(() => [...document.querySelectorAll(".chat > p.unseen")].map((p) => p.textContent).join(""));
    const writes = (count) => page.evaluate((n) => globalThis.standIn.write(1, n), count);
    await page.locator(".message").first().waitFor();
    const before = await shown.textContent();
    await writes(1);
    await shown.getByText(/^\u2068Mira\u2069 writes…$/).waitFor();
    assert.match(await said(), /writes…/);
    await writes(0);
    await page.waitForFunction((text) => document.querySelector(".bar-sub").textContent === text, before);
    await writes(2);
    await shown.getByText(/ and .* write…/).waitFor();
    assert.equal(await said(), "");
    await writes(3);
    await shown.getByText("Several people write…").waitFor();
    await writes(0);
    await page.getByRole("textbox", { name: "Write a message" }).pressSequentially("Hm");
    await page.waitForFunction(() => globalThis.standIn.written() === 2);
    await page.getByRole("textbox", { name: "Write a message" }).fill("");
    await page.getByRole("textbox", { name: "Write a message" }).pressSequentially("a");
    await page.waitForFunction(() => globalThis.standIn.written() > 2);
    await page.waitForTimeout(100);
    assert.equal(await page.evaluate(() => globalThis.standIn.written()), 3); // not for what was erased
    // Where nothing else stands there.
    await page.goto("about:blank");
    await page.goto(server.url + "?stand-in#/c/3");
    await page.locator(".message").first().waitFor();
    const still = await places();
    await page.evaluate(() => globalThis.standIn.write(3, 1));
    await shown.getByText(/ writes…$/).waitFor();
    assert.deepEqual(await places(), still);
    await page.goto("about:blank");
    await page.goto(server.url + "?stand-in#/settings/security");
    const box = page.getByRole("checkbox", { name: "Others see that you write, and you that they do" });
    assert.equal(await box.isChecked(), false);
    await box.click();
    await page.locator("input[type=checkbox]:checked").waitFor();
    assert.deepEqual(await page.evaluate(() => globalThis.standIn.call("typing")), { on: true });
  }));

test("an address in a message is a link that tells nothing of where it was, and is shown whole", () =>
  at("?stand-in#/c/5", async (page) => {
    await page.evaluate(() => globalThis.standIn.hear(5, "Here: https://\u0430pple.com/a?b. javascript:alert(1) https://you@b.org"));
    const links = page.locator(".message .text a");
    await links.waitFor();
    assert.deepEqual(
      await links.evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.textContent, a.target, a.rel, a.tabIndex])),
      [["https://xn--pple-43d.com/a?b", "https://xn--pple-43d.com/a?b", "_blank", "noopener noreferrer", -1]],
    );
    assert.equal(await links.evaluate((a) => getComputedStyle(a).textDecorationLine), "underline");
    await look(page, "a message with an address", phone);
  }));

test("replies, reactions, edits and withdrawals are shown as what they are", () =>
  at("?stand-in#/c/1", async (page) => {
    await act(page, "I have a spare one", "Reply");
    await write(page, "Good");
    await bubble(page, "Good").locator(".quote", { hasText: "I have a spare one" }).waitFor();
    await bubble(page, "Good").locator(".tick.sent").waitFor();
    await act(page, "Good", "Edit");
    await page.getByRole("textbox", { name: "Write a message" }).fill("Very good");
    await page.getByRole("button", { name: "Save the edit" }).click();
    await bubble(page, "Very good").getByText("edited").waitFor();
    await act(page, "I have a spare one", "React with 🙏");
    const mine = page.getByRole("button", { name: /^🙏/ });
    await mine.waitFor();
    assert.equal(await mine.getAttribute("aria-pressed"), "true");
    await mine.click();
    await mine.waitFor({ state: "detached" });
    await act(page, "Very good", "Withdraw for everybody");
    await page.getByRole("dialog").getByRole("button", { name: "Withdraw for everybody" }).click();
    await bubble(page, "Very good").waitFor({ state: "detached" });
    assert.equal(await page.locator(".message .withdrawn").count(), 2);
    await page.getByRole("button", { name: /Mira.*Rehearsal moves/ }).click();
    await page.locator(".flash").waitFor();
  }));

test("ten thousand messages open at the end, and the place is kept whatever comes before and after", () =>
  at("?stand-in=long#/c/4", async (page) => {
    await seen(page, "Number 10000", { exact: true });
    const drawn = await page.locator(".list-rows > li").count();
    assert.ok(drawn < 100, `${drawn} rows are drawn`);
    const box = page.getByRole("region", { name: "Messages" });
    const top = () =>
      page.evaluate(() => {
        const box = document.querySelector(".list-box").getBoundingClientRect();
        const row = [...document.querySelectorAll(".list-rows > li")].find((r) => r.getBoundingClientRect().bottom > box.top + 60);
        return { key: row.dataset.key, y: row.getBoundingClientRect().top - box.top };
      });
    const settled = () => page.waitForTimeout(150);
    await box.evaluate((b) => (b.scrollTop -= 3000));
    await settled();
    const before = await top();
    await page.evaluate(() => globalThis.standIn.hear(4, "Something new"));
    await page.getByRole("button", { name: "To the newest messages" }).waitFor();
    await settled();
    const after = await top();
    assert.equal(after.key, before.key);
    assert.ok(Math.abs(after.y - before.y) < 2, `moved by ${after.y - before.y}`);
    // To the first that is loaded: older ones come in front of it.
    await box.evaluate((b) => void (b.scrollTop = 40));
    await page.waitForFunction(() => Number(document.querySelector(".list-rows > li").getAttribute("aria-setsize")) > 400);
    await settled();
    const older = await top();
    assert.ok(Number(older.key) > 9600 && Number(older.key) < 9760, `row ${older.key} is in sight`);
    await page.getByRole("button", { name: "To the newest messages" }).click();
    await settled();
    await seen(page, "Something new");
    // A message far back, as the search leads there.
    await page.goto(page.url().replace(/#.*/, "#/c/4/1200"));
    await page.locator(".flash", { hasText: "Number 1200" }).waitFor();
    const visible = await page.locator(".flash").evaluate((m) => {
      const r = m.getBoundingClientRect();
      return r.top > 0 && r.bottom < innerHeight;
    });
    assert.equal(visible, true);
    await page.locator(".flash").waitFor({ state: "detached" });
    // And the first of all, before which nothing is said to come.
    await page.waitForFunction(() => {
      const box = document.querySelector(".list-box");
      box.scrollTop = 0;
      return document.querySelector(".list-rows > li").dataset.key === "1";
    });
    await page.locator(".list-box > p").waitFor({ state: "detached", timeout: 2000 });
  }));

test("a message that an address names is not waited for if the first ones could not be loaded", () =>
  at("?stand-in#/chats", async (page) => {
    await page.evaluate(() => {
      const { call } = globalThis.standIn;
      globalThis.standIn.call = (name, ...args) =>
        name === "messages" ? Promise.reject({ error: "IO" }) : call.call(globalThis.standIn, name, ...args);
      location.hash = "#/c/4/3";
    });
    await page.locator(".list-box:not(.loading)").waitFor();
    await page.getByRole("button", { name: "Back" }).click();
    await page.getByRole("link", { name: /Thursday choir/ }).waitFor();
  }));

test("the keyboard is enough", () =>
  at(
    "?stand-in#/c/1",
    async (page) => {
      const area = page.getByRole("textbox", { name: "Write a message" });
      await area.waitFor();
      await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
      await page.keyboard.type("One line");
      await page.keyboard.press("Shift+Enter");
      await page.keyboard.type("two lines");
      await page.keyboard.press("Enter");
      await bubble(page, "two lines").waitFor();
      await page.keyboard.press("ArrowUp");
      assert.equal(await area.inputValue(), "One line\ntwo lines");
      await page.keyboard.press("Escape");
      assert.equal(await area.inputValue(), "");
      await page.getByRole("region", { name: "Messages" }).focus();
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("r");
      await page.locator(".composer-about").waitFor();
      await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
      await page.keyboard.press("Escape");
      await page.getByRole("region", { name: "Messages" }).focus();
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.waitForFunction(() => document.activeElement?.tagName === "LI");
    },
    desktop,
  ));

test("whatever stands in a row is reached with Tab once the keyboard is there", () =>
  at(
    "?stand-in#/c/1",
    async (page) => {
      await page.getByRole("button", { name: "Fetch" }).waitFor();
      await page.getByRole("region", { name: "Messages" }).focus();
      const reached = new Set();
      for (let row = 0; row < 9; row++) {
        await page.keyboard.press("ArrowUp");
        await page.waitForFunction((n) => document.activeElement?.getAttribute("aria-posinset") === String(Number(document.activeElement.getAttribute("aria-setsize")) - n), row);
        const found = await page.evaluate(() => [...document.activeElement.querySelectorAll("button, a")].map((e) => [e.className, e.parentElement.parentElement.className, e.tabIndex]));
        for (const [own, around, tab] of found) {
          assert.equal(tab, 0, own + " in " + around);
          reached.add(own || around);
        }
        if (found.some(([own]) => own === "button")) {
          for (let i = 0; i < 3 && !(await page.evaluate(() => document.activeElement.textContent === "Fetch")); i++) await page.keyboard.press("Tab");
          await page.keyboard.press("Enter");
          await page.getByRole("link", { name: "Save" }).waitFor();
          assert.equal(await page.getByRole("link", { name: "Save" }).evaluate((e) => e.tabIndex), 0);
          await page.getByRole("link", { name: "Save" }).locator("xpath=ancestor::li").focus();
        }
      }
      for (const part of ["quote", "reactions", "button"]) assert.ok(reached.has(part), part);
    },
    desktop,
  ));

test("on a phone the focus goes along, into a view and back", () =>
  at("?stand-in", async (page) => {
    await page.getByRole("link", { name: /Thursday choir/ }).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    await page.getByRole("button", { name: "Back" }).press("Enter");
    await page.waitForFunction(() => document.activeElement?.getAttribute("href") === "#/c/1");
  }));

test("what goes wrong by itself is said, wherever one is", () =>
  at("?stand-in#/c/1", async (page) => {
    await seen(page, "Fine with me");
    await page.evaluate(() => globalThis.standIn.tell({ type: "trouble", error: "DISK_FULL" }));
    await page.getByRole("alert").getByText("There is no room left").waitFor();
    await page.getByRole("alert").getByRole("button", { name: "Close" }).click();
    await page.getByText("There is no room left").waitFor({ state: "detached" });
  }));

test("ticks go on to delivered and read; what its time is over for goes; the time can be set", () =>
  at("?stand-in#/c/5", async (page) => {
    await write(page, "Read me");
    await bubble(page, "Read me").locator(".tick.sent").waitFor();
    const number = Number(await page.locator(".list-rows > li").last().getAttribute("data-key"));
    await page.evaluate((n) => globalThis.standIn.receipt(5, n, "delivered"), number);
    await bubble(page, "Read me").getByText("delivered").waitFor({ state: "attached" });
    await page.evaluate((n) => globalThis.standIn.receipt(5, n, "read"), number);
    await bubble(page, "Read me").locator(".tick.read").waitFor();
    await page.evaluate((n) => globalThis.standIn.expire(5, n), number);
    await bubble(page, "Read me").waitFor({ state: "detached" });
    await seen(page, "Come and see it?");
    await page.getByRole("link", { name: /About this conversation/ }).click();
    await page.getByLabel("Messages disappear").selectOption("86400");
    await page.getByRole("button", { name: "Back" }).click();
    await seen(page, "You set messages to disappear after 1 day");
  }));

test("a draft stays with its conversation", () =>
  at(
    "?stand-in#/c/5",
    async (page) => {
      await page.getByRole("textbox", { name: "Write a message" }).fill("Not yet sent");
      await page.getByRole("link", { name: /Thursday choir/ }).click();
      await page.getByRole("heading", { name: "Thursday choir" }).waitFor();
      assert.equal(await page.getByRole("textbox", { name: "Write a message" }).inputValue(), "");
      await page.getByRole("link", { name: /Mira.*Draft: Not yet sent/ }).click();
      await page.getByRole("link", { name: /Mira.*verified.*About/ }).waitFor();
      assert.equal(await page.getByRole("textbox", { name: "Write a message" }).inputValue(), "Not yet sent");
    },
    desktop,
  ));

test("no edit, no answer and no failure loses what was begun", () =>
  at(
    "?stand-in#/c/5",
    async (page) => {
      const area = page.getByRole("textbox", { name: "Write a message" });
      const until = (value) => page.waitForFunction((v) => document.querySelector("textarea").value === v, value);
      await write(page, "Mine");
      await bubble(page, "Mine").waitFor();
      await area.fill("Begun");
      await act(page, "Mine", "Edit");
      await until("Mine");
      await area.press("Escape");
      await until("Begun");
      await act(page, "Mine", "Edit");
      await until("Mine");
      await area.fill("Mine, mended");
      await area.press("Enter");
      await until("Begun");
      await act(page, "Mine, mended", "Reply");
      await page.locator(".composer-about").waitFor();
      await area.press("Escape");
      await page.locator(".composer-about").waitFor({ state: "detached" });
      assert.equal(await area.inputValue(), "Begun");
      // The core goes in the middle of sending.
      await page.evaluate(() => {
        const { call } = globalThis.standIn;
        globalThis.standIn.call = (name, ...args) =>
          name === "send" ? new Promise((_, no) => (globalThis.cut = () => no({ error: "CLOSED" }))) : call.call(globalThis.standIn, name, ...args);
      });
      await area.press("Enter");
      await until("");
      await area.fill("More");
      await page.evaluate(() => globalThis.cut());
      await seen(page, "Look whether it is there");
      await until("Begun\nMore");
      // Whoever leaves the page does not wait for a pause.
      await page.evaluate(() => dispatchEvent(new Event("pagehide")));
      assert.equal(await page.evaluate(async () => (await globalThis.standIn.call("conversation", 5)).draft), "Begun\nMore");
    },
    desktop,
  ));

test("a file on its way that ends with its core is said to have ended", () =>
  at("?stand-in#/c/5", async (page) => {
    await page.locator("input.picker").setInputFiles({ name: "cut.bin", mimeType: "application/x-thing", buffer: Buffer.alloc(64) });
    await page.evaluate(() => {
      const off = globalThis.standIn.on((e) => {
        if (e.type !== "progress") return;
        off();
        globalThis.standIn.end(e.command, { error: "CLOSED" }, 0);
      });
    });
    await page.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
    const row = page.locator(".transfer", { hasText: "It was stopped" });
    await row.waitFor();
    await row.getByRole("button", { name: "Stop" }).click();
    await row.waitFor({ state: "detached" });
  }));

test("what disappeared is shown nowhere any more", () =>
  at(
    "?stand-in#/c/5",
    async (page) => {
      const hear = async (text) => {
        await page.evaluate((t) => globalThis.standIn.hear(5, t), text);
        await bubble(page, text).waitFor();
        return Number(await page.locator(".list-rows > li").last().getAttribute("data-key"));
      };
      const expire = (number) => page.evaluate((n) => globalThis.standIn.expire(5, n), number);
      const gone = (text) =>
        page.waitForFunction(
          (t) => !document.body.textContent.includes(t) && ![...document.querySelectorAll("textarea")].some((a) => a.value.includes(t)),
          text,
        );
      await bubble(page, "Come and see it?").waitFor();
      let number = await hear("Short lived");
      await page.locator(".chat > [role=status]", { hasText: "Short lived" }).waitFor({ state: "attached" });
      await page.locator(".row", { hasText: "Short lived" }).waitFor();
      await page.getByRole("searchbox").focus();
      await expire(number);
      await gone("Short lived");
      number = await hear("Quoted and found");
      await act(page, "Quoted and found", "Reply");
      await page.locator(".composer-about", { hasText: "Quoted and found" }).waitFor();
      await page.getByRole("searchbox").fill("Quoted and found");
      await page.locator(".rows .row", { hasText: "Quoted and found" }).waitFor();
      await bubble(page, "Quoted and found").hover();
      await bubble(page, "Quoted and found").getByRole("button", { name: "What to do with the message" }).click();
      await page.getByRole("dialog").waitFor();
      await expire(number);
      await gone("Quoted and found");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await write(page, "Mine to change");
      await bubble(page, "Mine to change").locator(".tick.sent").waitFor();
      number = Number(await page.locator(".list-rows > li").last().getAttribute("data-key"));
      await page.getByRole("textbox", { name: "Write a message" }).fill("Kept");
      await act(page, "Mine to change", "Edit");
      await page.waitForFunction(() => document.querySelector("textarea").value === "Mine to change");
      await expire(number);
      await gone("Mine to change");
      assert.equal(await page.getByRole("textbox", { name: "Write a message" }).inputValue(), "Kept");
      await page.goto(page.url().replace(/#.*/, "#/c/6"));
      await seen(page, "Can you send me the door code?");
      await page.evaluate(() => globalThis.standIn.expire(6, 1));
      await gone("Can you send me the door code?");
    },
    desktop,
  ));

test("a conversation is muted and put away, and comes back", () =>
  at("?stand-in#/c/1/about", async (page) => {
    await page.getByRole("button", { name: "Mute", exact: true }).click();
    await page.getByRole("button", { name: "Unmute" }).waitFor();
    await page.getByRole("button", { name: "Put away" }).click();
    await page.getByRole("button", { name: "Back to the list" }).waitFor();
    await page.goto(page.url().replace("#/c/1/about", "#/chats"));
    assert.equal(await page.getByRole("link", { name: /Thursday choir/ }).count(), 0);
    await page.getByRole("button", { name: "Put away: 1" }).click();
    await page.getByRole("link", { name: /Thursday choir.*muted/ }).waitFor();
    await page.goto(page.url().replace("#/chats", "#/c/1/about"));
    await page.getByRole("button", { name: "Back to the list" }).click();
    await page.getByRole("button", { name: "Put away", exact: true }).waitFor();
  }));

test("the search finds names and what was said", () =>
  at(
    "?stand-in=long#/chats",
    async (page) => {
      await page.getByRole("searchbox").fill("FINE scores");
      await page.getByRole("link", { name: /Fine with me/ }).waitFor();
      await page.getByRole("searchbox").fill("number 1234");
      await page.getByRole("link", { name: /Number 1234/ }).click();
      await page.locator(".flash", { hasText: "Number 1234" }).waitFor();
      await page.getByRole("searchbox").fill("choir");
      await page.locator(".rows").getByRole("link", { name: /Thursday choir/ }).waitFor();
      assert.equal(await page.getByRole("link", { name: /Moving house/ }).count(), 0);
      await page.getByRole("searchbox").fill("qqqq");
      await seen(page, "Nothing found");
    },
    desktop,
  ));

test("somebody with a contact's name is shown as somebody else, and asks before anything goes back", () =>
  at("?stand-in", async (page) => {
    await page.getByRole("button", { name: "1 person asks to talk with you" }).click();
    const row = page.getByRole("link", { name: /Mira\? [0-9a-f]{8}/ });
    await row.click();
    await seen(page, "Can you send me the door code?");
    await page.getByLabel("What you call them").fill("Not Mira");
    await page.getByRole("button", { name: "Accept" }).click();
    await page.getByRole("heading", { name: "Not Mira" }).waitFor();
    await page.getByRole("textbox", { name: "Write a message" }).waitFor();
  }));

test("a request can be blocked", () =>
  at("?stand-in#/c/6", async (page) => {
    await page.getByRole("button", { name: "Block" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Block" }).click();
    await page.getByRole("heading", { name: "sotto" }).waitFor();
    assert.equal(await page.getByText("asks to talk with you").count(), 0);
    await page.goto(page.url().replace(/#.*/, "#/blocked"));
    await page.getByRole("button", { name: "Unblock" }).click();
    await seen(page, "You have blocked nobody.");
  }));

test("a conversation is begun with one person or several, renamed, and left", () =>
  at("?stand-in#/new", async (page) => {
    await page.getByRole("checkbox", { name: /Mira/ }).check();
    await page.getByRole("checkbox", { name: /Ayesha/ }).check();
    await page.getByLabel("Name of the conversation").fill("Walk on Sunday");
    await page.getByRole("button", { name: "Begin" }).click();
    await page.getByRole("heading", { name: "Walk on Sunday" }).waitFor();
    await seen(page, "began this conversation");
    await page.getByRole("link", { name: /About this conversation/ }).click();
    await page.getByLabel("Name of the conversation").fill("Walk on Monday");
    await page.getByRole("button", { name: "Rename" }).click();
    await page.locator(".person-name", { hasText: "Walk on Monday" }).waitFor();
    await page.getByRole("button", { name: /^Remove.*Mira/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("2 people").waitFor();
    await page.getByRole("button", { name: "Leave conversation" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Leave conversation" }).click();
    await seen(page, "You left this conversation.");
  }));

test("roles are given and taken, and whoever has none is not offered what they may not", () =>
  at("?stand-in#/new", async (page) => {
    await page.getByRole("checkbox", { name: /Mira/ }).check();
    await page.getByRole("checkbox", { name: /Ayesha/ }).check();
    await page.getByRole("button", { name: "Begin" }).click();
    await page.getByRole("link", { name: /About this conversation/ }).click();
    const one = (name) => page.getByRole("listitem").filter({ hasText: name });
    await one("You").getByText("administrator").waitFor();
    assert.equal(await page.getByRole("button", { name: /^Make member/ }).count(), 0);
    await page.getByRole("button", { name: /^Make administrator.*Mira/ }).click();
    await one("Mira").getByText("administrator").waitFor();
    await page.getByRole("button", { name: /^Make member/ }).last().click();
    await page.getByRole("dialog").getByRole("button", { name: "Make member" }).click();
    await seen(page, "You are no administrator here");
    for (const name of [/^Make /, /^Remove/, "Rename", "Add people"])
      assert.equal(await page.getByRole("button", { name }).count(), 0);
    await page.getByRole("button", { name: "Leave conversation" }).waitFor();
  }));

test("a contact comes by a link, and one's own link is shown to be handed over", () =>
  at("?stand-in#/add", async (page) => {
    await page.getByLabel("Their link").fill("nonsense");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await seen(page, "That is not complete");
    await page.getByLabel("Their link").fill("sotto:contact:127.0.0.1:7000#abc");
    await page.getByLabel("What you call them").first().fill("Jo from work");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("heading", { name: "Jo from work" }).waitFor();
    await page.getByRole("button", { name: "We compared" }).click();
    await page.getByRole("button", { name: "Not compared any more" }).waitFor();
    await page.goto(page.url().replace(/#.*/, "#/link"));
    await page.getByRole("button", { name: "Make a link" }).click();
    await page.getByRole("img", { name: "The link as a QR code" }).waitFor();
  }));

test("a photo goes out without what its file says beside the picture; a file goes out as it is", () =>
  at("?stand-in#/c/5", async (page) => {
    const jpeg = Buffer.from(
      await page.evaluate(async () => {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 64;
        canvas.getContext("2d").fillRect(0, 0, 32, 32);
        const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg"));
        return [...new Uint8Array(await blob.arrayBuffer())];
      }),
    );
    const note = Buffer.from("Exif\0\0 taken at 12 Harbour Street");
    const length = Buffer.from([0xff, 0xe1, (note.length + 2) >> 8, (note.length + 2) & 255]);
    const telling = Buffer.concat([jpeg.subarray(0, 2), length, note, jpeg.subarray(2)]);
    const pick = async () => {
      await page.locator("input.picker").setInputFiles({ name: "IMG_2026.jpg", mimeType: "image/jpeg", buffer: telling });
      await page.getByRole("img", { name: "Preview of the photo" }).waitFor();
    };
    await pick();
    await page.getByRole("dialog").getByLabel("Say something with it").fill("Look");
    await page.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("progressbar", { name: "Sending photo.jpg" }).waitFor();
    await bubble(page, "Look").waitFor();
    const sent = Buffer.from(await stored(page));
    assert.equal(sent.readUInt16BE(0), 0xffd8);
    assert.ok(!sent.includes("Harbour"));
    await bubble(page, "Look").getByRole("button", { name: /Photo from/ }).waitFor();
    assert.equal(await page.getByRole("progressbar").count(), 0);
    await pick();
    await page.getByRole("checkbox", { name: /original file/ }).check();
    await page.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
    await page.locator(".transfer").waitFor({ state: "detached" });
    assert.ok(Buffer.from(await stored(page)).equals(telling));
  }));

test("a picture that can't be drawn anew goes out as it is, and says so; another becomes a photo", () =>
  at("?stand-in#/c/5", async (page) => {
    const dialog = page.getByRole("dialog");
    const told = (mimeType, name, ...head) => ({ name, mimeType, buffer: Buffer.concat([Buffer.from(head), Buffer.from("12 Harbour Street")]) });
    const sent = async () => {
      await dialog.getByRole("button", { name: "Send", exact: true }).click();
      await page.locator(".transfer").waitFor();
      await page.locator(".transfer").waitFor({ state: "detached" });
      return Buffer.from(await stored(page));
    };
    for (const [type, name] of [["image/heic", "a.heic"], ["application/octet-stream", "b.HEIC"], ["image/tiff", "c"]]) {
      await page.locator("input.picker").setInputFiles(told(type, name, 0, 0, 0, 24));
      await dialog.getByText("It goes out as a file, as it is").waitFor();
      await dialog.getByRole("button", { name: "Cancel" }).click();
    }
    await page.locator("input.picker").setInputFiles(told("image/heic", "a.heic", 0, 0, 0, 24));
    await dialog.getByText("It goes out as a file, as it is").waitFor();
    assert.ok((await sent()).includes("Harbour"));
    const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
    await page.locator("input.picker").setInputFiles(told("image/gif", "d.gif", ...gif));
    await page.getByRole("img", { name: "Preview of the photo" }).waitFor();
    const made = await sent();
    assert.equal(made.readUInt16BE(0), 0xffd8);
    assert.ok(!made.includes("Harbour"));
  }));

test("a photo of very many pixels is shown to whoever asks, and is saved as what it is", () =>
  at("?stand-in#/chats", async (page) => {
    const open = async (patch) => {
      await page.evaluate(async (patch) => {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 64;
        canvas.getContext("2d").fillRect(0, 0, 32, 32);
        const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg"));
        const bytes = new Uint8Array(await blob.arrayBuffer());
        const frame = bytes.findIndex((b, i) => b === 0xff && bytes[i + 1] === 0xc0);
        bytes.set(patch.edges, frame + 5);
        bytes.set(patch.head, 0);
        globalThis.standIn.files.set("made", new Blob([bytes]));
        location.hash = "#/c/5";
      }, patch);
    };
    await open({ edges: [9000 >> 8, 9000 & 255, 9000 >> 8, 9000 & 255], head: [] });
    await seen(page, "This picture is very large");
    assert.equal(await page.locator(".photo img").count(), 0);
    const save = page.locator(".photo-box").getByRole("link", { name: "Save" });
    assert.equal(await save.getAttribute("download"), "photo.jpg");
    await page.getByRole("button", { name: "Show photo" }).click();
    await page.locator(".photo img").waitFor({ state: "attached" });
    await page.goto("about:blank");
    await page.goto(server.url + "?stand-in#/chats");
    await page.locator(".rows .row").first().waitFor();
    await open({ edges: [], head: [...Buffer.from("<html>")] });
    await seen(page, "This picture can’t be shown");
    assert.equal(await save.getAttribute("download"), "photo.file");
  }));

test("a conversation is saved as text", () =>
  at("?stand-in#/c/1/about", async (page) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save as text" }).click(),
    ]);
    const text = readFileSync(await download.path(), "utf8");
    assert.equal(download.suggestedFilename(), "Thursday choir.txt");
    assert.match(text, /Two are still missing\.\n {4}\(edited\)/);
    assert.ok(!text.includes("stil missing"));
    assert.ok(!text.includes("Wrong conversation"));
  }));

test("what others learn of what they send can be chosen, and stays", () =>
  at("?stand-in#/settings/security", async (page) => {
    const level = page.getByLabel("What others learn of what they send you");
    assert.equal(await level.inputValue(), "read");
    await level.selectOption("Nothing");
    await page.goto(page.url().replace("#/settings/security", "#/chats"));
    await level.waitFor({ state: "detached" });
    await page.goto(page.url().replace("#/chats", "#/settings/security"));
    await level.locator("option:checked", { hasText: "Nothing" }).waitFor({ state: "attached" });
  }));

test("language and look can be chosen, and stay", () =>
  at("?stand-in#/settings/look", async (page) => {
    await page.getByLabel("Look", { exact: true }).selectOption("dark");
    await page.getByLabel("Language", { exact: true }).selectOption("zh-Hant");
    await page.getByLabel("外觀", { exact: true }).waitFor();
    await page.reload();
    await page.getByLabel("外觀", { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-Hant");
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).colorScheme), "dark");
    await page.evaluate(() => localStorage.clear());
  }));

test("who looks elsewhere is told that something is unread, and neither whose nor what", () =>
  at("?stand-in#/settings/look", async (page) => {
    await page.evaluate(() => {
      globalThis.shown = [];
      globalThis.hides = (hidden) => {
        Object.defineProperty(document, "visibilityState", { value: hidden ? "hidden" : "visible", configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      };
      globalThis.Notification = class {
        static permission = "default";
        static answer = "denied";
        static requestPermission = () => Promise.resolve((Notification.permission = Notification.answer));
      };
      const registration = {
        showNotification: (title, options) => (globalThis.shown.push({ title, ...options, close: () => globalThis.shown.pop() }), Promise.resolve()),
        getNotifications: () => Promise.resolve([...globalThis.shown]),
      };
      Object.defineProperty(navigator.serviceWorker, "getRegistration", { value: () => Promise.resolve(registration) });
    });
    const box = page.getByLabel("Tell me when something new is there");
    await box.click();
    await seen(page, "The browser doesn’t allow it");
    assert.equal(await box.isChecked(), false);
    await page.evaluate(() => (Notification.answer = "granted"));
    await box.check();
    const hear = async (text) => {
      const before = await page.title();
      await page.evaluate((words) => globalThis.standIn.hear(4, words), text);
      await page.waitForFunction((title) => document.title !== title, before);
    };
    await hear("while you look");
    await page.evaluate(() => globalThis.hides(true));
    await hear("a secret of Ada's");
    await page.waitForFunction(() => globalThis.shown.length > 0);
    const [shown, ...more] = await page.evaluate(() => globalThis.shown.map(({ title, body, tag }) => ({ title, body, tag })));
    assert.deepEqual(more, []);
    assert.equal(shown.title, "Sotto");
    assert.match(shown.body, /^\d+ unread messages$/);
    await page.evaluate(() => globalThis.hides(false));
    await page.waitForFunction(() => globalThis.shown.length === 0);
    await box.uncheck();
    await page.evaluate(() => globalThis.hides(true));
    await hear("nor now");
    await page.waitForTimeout(100);
    assert.deepEqual(await page.evaluate(() => globalThis.shown.length), 0);
    await page.evaluate(() => localStorage.clear());
  }));

const views = [
  ["?stand-in=none", "h1"],
  ["?stand-in=none#join=sotto:join:x", "form"],
  ["?stand-in=locked", "form"],
  ["?stand-in=empty", ".empty"],
  ["?stand-in", ".rows .row"],
  ["?stand-in#/c/1", ".message"],
  ["?stand-in#/c/5", ".photo img"],
  ["?stand-in#/c/7", ".composer.closed"],
  ["?stand-in#/c/1/about", ".items"],
  ["?stand-in#/c/6", "blockquote"],
  ["?stand-in#/requests", ".detail .row"],
  ["?stand-in#/new", ".picks"],
  ["?stand-in#/people", ".row"],
  ["?stand-in#/add", "form"],
  ["?stand-in#/link", ".items"],
  ["?stand-in#/settings/profile", ".detail form"],
  ["?stand-in#/settings/handle", ".detail form"],
  ["?stand-in#/settings/devices", ".items"],
  ["?stand-in#/settings/notices", ".notice"],
  ["?stand-in#/settings/look", "select"],
  ["?stand-in#/settings/security", ".detail .part"],
  ["?stand-in#/settings/promise", ".detail p"],
];

const looks = [
  ["on a phone, light, in English", "light", "en", phone],
  ["on a phone, dark, in Chinese", "dark", "zh-Hant", phone],
  ["on a desktop, dark, in English", "dark", "en", desktop],
  ["on a desktop, light, in Chinese", "light", "zh-Hant", desktop],
];

test("axe has nothing to say of any view, and nothing stands beyond the edge", { concurrency: 2 }, (t) =>
  Promise.all(looks.map((l) => t.test(...one(l)))));

function one([name, scheme, language, size]) {
  return [name, () =>
    at(
      "",
      async (page) => {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
        await page.addInitScript((l) => Object.defineProperty(navigator, "languages", { value: [l] }), language);
        for (const [path, there] of views) {
          await page.goto("about:blank");
          await page.goto(server.url + path);
          await page.locator(there).first().waitFor();
          await look(page, path, size);
        }
        await page.goto("about:blank");
        await page.goto(server.url + "?stand-in#/c/1");
        await page.locator(".message").last().hover();
        await page.locator(".message").last().locator(".message-more").click();
        await page.locator("dialog").waitFor();
        await look(page, "the dialog of a message", size);
      },
      size,
    )];
}

async function look(page, where, size) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const said = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target + " " + n.failureSummary).join("; ")}`);
  assert.deepEqual(said, [], where);
  const over = await page.evaluate((width) => {
    const beyond = [...document.querySelectorAll("body *")].filter((e) => {
      const r = e.getBoundingClientRect();
      return r.width > 1 && (r.right > width + 1 || r.left < -1) && getComputedStyle(e).position !== "absolute";
    });
    return beyond.map((e) => e.className || e.tagName);
  }, size.width);
  assert.deepEqual(over, [], `${where}: beyond the edge`);
}

test("the policy refused nothing, and nothing was thrown", () => assert.deepEqual(refused, []));
