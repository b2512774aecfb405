// A browser with a server of ours: what the headers let run, what is kept for when there is no network, and how a
// newer page takes over. A page of its own, small and with a worker. Prints TAP.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = mkdtempSync(join(tmpdir(), "sotto-serving-"));
const chromiumPath = "/usr/bin/chromium";
let count = 0, failed = 0;

function check(name, fine, why = "") {
    if (!fine)
        console.log("# " + String(typeof why === "string" ? why : JSON.stringify(why)).replaceAll("\n", "\n# "));
    console.log(`${fine ? "ok" : "not ok"} ${++count} - ${name}`);
    failed += !fine;
}

function build(word) {
    const sources = join(folder, "web"), out = join(folder, word);
    const ours = ["build.mjs", "icon.mjs", "icon.svg", "app.webmanifest", "sw.ts", "trusted.ts", "offline.ts"];
    const brought = Object.keys(JSON.parse(readFileSync(join(root, "web/package.json"), "utf8")).dependencies);
    for (const name of [...ours, ...brought.map((n) => "node_modules/" + n)])
        cpSync(join(root, "web", name), join(sources, name), { recursive: true });
    mkdirSync(join(sources, "core"), { recursive: true });
    writeFileSync(join(sources, "core/worker.ts"), `postMessage("${word} works");`);
    writeFileSync(join(sources, "style.css"), `p::after { content: "${word} style"; }`);
    writeFileSync(join(sources, "index.html"), `<!doctype html><html lang="en"><head><title>${word}</title>
        <link rel="manifest" href="app.webmanifest"><link rel="icon" href="icon.svg">
        <link rel="stylesheet" href="style.css"></head>
        <body><div id="app"></div><script type="module" src="main.tsx"></script></body></html>`);
    writeFileSync(join(sources, "main.tsx"), `
        import { render } from "preact";
        import { keepOffline } from "./offline";
        import { scriptUrl } from "./trusted";
        render(<p>${word}</p>, document.getElementById("app"));
        new Worker(scriptUrl(WORKER_URL), { type: "module" }).onmessage = (e) => document.body.dataset.worker = e.data;
        keepOffline((use) => { document.body.dataset.newer = "yes"; addEventListener("use", use); });`);
    execFileSync("node", [join(sources, "build.mjs"), out, join(folder, "no core")], { stdio: ["ignore", "ignore", "ignore"] });
    return out;
}

class Server {
    constructor(pages) {
        this.pages = pages;
        this.http = "127.0.0.1:0";
    }
    async start() {
        this.process = spawn(process.env.SOTTOD ?? join(root, "build/bin/sottod"),
            ["run", "--data", join(folder, "data"), "--listen", "127.0.0.1:0", "--http", this.http, "--set", `pages=${this.pages}`],
            { stdio: ["ignore", "pipe", "ignore"] });
        for await (const line of this.process.stdout) {
            const ready = /http (\S+),/.exec(line);
            if (ready) {
                this.http = ready[1];
                break;
            }
        }
        this.url = `http://${this.http}/`;
    }
    async stop() {
        if (this.process.exitCode === null) {
            this.process.kill("SIGTERM");
            await once(this.process, "exit");
        }
    }
}

async function until(fine) {
    for (let i = 0; i < 200; i++) {
        if (await fine().catch(() => false))
            return true;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
}

const playwright = join(root, "web/node_modules/playwright-core/index.mjs");
if (!existsSync(chromiumPath) || !existsSync(playwright)) {
    console.log("1..0 # SKIP no Chromium, or scripts/build.sh web has not fetched npm's packages");
    process.exit(0);
}
const { chromium } = await import(playwright);
const browse = (name) => chromium.launchPersistentContext(join(folder, name), {
    executablePath: chromiumPath, headless: true, args: ["--no-sandbox"] });
const controlled = (page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => !!navigator.serviceWorker.controller));
const kept = (page) => page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (n) => (await (await caches.open(n)).keys()).map((r) => new URL(r.url).pathname)));
    return { caches: names, paths: requests.flat().sort() };
});
const says = (page, word) => until(() => page.evaluate((w) => document.querySelector("p")?.textContent === w
    && document.body.dataset.worker === w + " works"
    && getComputedStyle(document.querySelector("p"), "::after").content === `"${w} style"`, word));

async function first(server, pages) {
    const context = await browse("profile"), page = await context.newPage(), complaints = [];
    page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
    page.on("pageerror", (e) => complaints.push(e.message));
    await page.goto(server.url);
    check("script_style_and_worker_run_under_the_policy", await says(page, "first"), complaints);
    check("the_browser_complains_of_nothing", complaints.length === 0, complaints);
    check("it_is_alone_in_its_process", await page.evaluate(() => crossOriginIsolated));
    check("it_is_kept_at_once", await until(() => controlled(page)));
    const expected = readFileSync(join(pages, "manifest.txt"), "utf8").trim().split("\n").slice(1).map((l) => "/" + l.slice(65)).filter((n) => n !== "/sw.js");
    const now = await kept(page);
    check("all_of_it_and_nothing_else_is_kept", now.caches.length === 1 && JSON.stringify(now.paths) === JSON.stringify(expected.sort()), now);
    const answers = await page.evaluate(() => fetch("/health").then((r) => r.status));
    check("what_is_not_of_the_page_goes_to_the_server", answers === 200, answers);
    const opens = (url) => page.evaluate((u) => new Promise((resolve) => {
        const socket = new WebSocket(u, "sotto");
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
    }), url);
    check("a_session_with_its_own_server_is_opened", await opens(server.url.replace("http", "ws") + "session"));
    const elsewhere = createServer((_, answer) => answer.end()).listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    let calls = 0;
    elsewhere.on("connection", () => calls++);
    const { port } = elsewhere.address();
    await opens(`ws://127.0.0.1:${port}/session`);
    await page.evaluate((url) => fetch(url).catch(() => {}), `http://127.0.0.1:${port}/`);
    elsewhere.close();
    check("and_nobody_else_is_called", calls === 0, calls);
    await server.stop();
    await page.reload();
    check("without_the_server_it_is_there", await says(page, "first"));
    check("and_nothing_else", await page.evaluate(() => fetch("/health").then(() => false, () => true)));
    return { context, page };
}

async function newer(server, { context, page }, pages, third) {
    server.before = server.pages;
    server.pages = pages;
    await server.start();
    await page.reload();
    check("the_page_that_is_kept_comes_first", await says(page, "first"));
    check("it_is_told_of_a_newer_one", await until(() => page.evaluate(() => document.body.dataset.newer === "yes")));
    const other = await context.newPage();
    await other.goto(server.url);
    check("until_it_is_told_to_nothing_changes", await says(other, "first"));
    await other.evaluate(() => { document.body.dataset.newer = ""; document.body.dataset.typed = "half a message"; });
    await page.evaluate(() => dispatchEvent(new Event("use")));
    check("then_the_newer_one_is_there", await says(page, "second"));
    check("another_tab_is_told_and_keeps_what_is_under_way", await until(() =>
        other.evaluate(() => document.body.dataset.newer === "yes" && document.body.dataset.typed === "half a message")));
    const before = readdirSync(server.before).filter((n) => /^(main|worker)-.*\.js$/.test(n));
    const got = await other.evaluate((names) => Promise.all(names.map((n) => fetch(n, { cache: "no-store" }).then((r) => r.ok))), before);
    check("and_has_all_of_its_files_yet", got.length === 2 && got.every(Boolean), got);
    await other.reload();
    check("until_it_is_loaded_anew", await says(other, "second"));
    check("an_index_is_never_the_one_before", await page.evaluate(() => fetch("index.html").then((r) => r.text())).then((t) => t.includes("second")));
    // A third: of the first nothing is kept then.
    await server.stop();
    server.pages = third;
    await server.start();
    await page.reload();
    await until(() => page.evaluate(() => document.body.dataset.newer === "yes"));
    await page.evaluate(() => dispatchEvent(new Event("use")));
    await says(page, "third");
    check("only_one_before_is_kept", await until(async () => (await kept(page)).caches.length === 2
        && (await kept(page)).paths.every((p) => [pages, third].some((f) => existsSync(join(f, p))))), await kept(page));
    await context.close();
}

// A server that gives out something else than its own index says.
async function tampered(server, pages) {
    const script = readdirSync(pages).find((n) => /^main-.*\.js$/.test(n));
    for (const name of readdirSync(pages).filter((n) => n.startsWith(script) || n.startsWith("index.html.")))
        if (name !== script)
            rmSync(join(pages, name));
    writeFileSync(join(pages, script), readFileSync(join(pages, script), "utf8") + "\n");
    const index = readFileSync(join(pages, "index.html"), "utf8");
    writeFileSync(join(pages, "index.html"), index.replace("</body>",
        "<script>document.title = 'inline'</script><img src='icon.svg' onload=\"document.title = 'handler'\"></body>"));
    await server.stop();
    server.pages = pages;
    await server.start();
    const context = await browse("another"), page = await context.newPage();
    await page.goto(server.url);
    await page.waitForTimeout(500);
    check("a_script_with_another_byte_does_not_run", await page.evaluate(() => !document.querySelector("p")));
    check("nothing_inline_runs", (await page.title()) === "second", await page.title());
    await context.close();
}

const server = new Server("");
try {
    server.pages = build("first");
    const second = build("second"), third = build("third");
    await server.start();
    await newer(server, await first(server, server.pages), second, third);
    await tampered(server, second);
    console.log(`1..${count}`);
} finally {
    if (server.process)
        await server.stop();
    rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
