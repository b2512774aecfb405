// Takes the pictures of docs/pictures/web anew: node web/tests/pictures.mjs
import { join } from "node:path";
import { chromium } from "playwright-core";
import { place, serve, write } from "./serve.mjs";

const folder = join(import.meta.url.slice("file://".length), "../../../docs/pictures/web");
const phone = { width: 360, height: 720 };
const desktop = { width: 1080, height: 680 };
const views = [
  ["first", "?stand-in=none", phone, "light", "en"],
  ["chats", "?stand-in", phone, "light", "en"],
  ["conversation", "?stand-in#/c/5", phone, "dark", "en"],
  ["request", "?stand-in#/c/6", phone, "dark", "zh-Hant"],
  ["group", "?stand-in#/c/1", desktop, "light", "en"],
  ["about", "?stand-in#/c/1/about", desktop, "dark", "zh-Hant"],
];

const server = await serve();
const profile = place();
const browser = await chromium.launchPersistentContext(profile.folder, {
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox"],
  locale: "en-GB",
});
try {
  for (const [name, path, size, colorScheme, language] of views) {
    const page = await browser.newPage();
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.addInitScript((l) => Object.defineProperty(navigator, "languages", { value: [l] }), language);
    await page.goto(server.url + path);
    await page.waitForTimeout(1200);
    write(join(folder, `${name}.png`), await page.screenshot());
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
  profile.remove();
}
