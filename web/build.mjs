// Builds the page: node web/build.mjs [OUT [CORE]]. OUT (build/web) is made anew: what a server gives out at
// its HTTP port, as docs/decisions/0080-a-page-from-memory.md says. CORE is the core as WebAssembly; while it is
// not there the page is built without it. The same sources give the same bytes, whatever the folder.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { icon } from "./icon.mjs";

const web = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(web, "../build/web");
const core = process.argv[3] ?? join(web, "../build/wasm/src/web/sotto-core.wasm");
const files = new Map(); // name: bytes

const sha256 = (bytes, how) => createHash("sha256").update(bytes).digest(how);
const integrity = (name) => "sha256-" + sha256(files.get(name), "base64");

// A name that says its content, so that it may be kept for ever.
function put(name, bytes) {
    const end = extname(name);
    const hashed = `${name.slice(0, -end.length)}-${sha256(bytes, "hex").slice(0, 10)}${end}`;
    files.set(hashed, bytes);
    return hashed;
}

function bundle(entry, ...more) {
    return execFileSync("esbuild", [
        entry, "--bundle", "--minify", "--target=es2022", "--charset=utf8", "--legal-comments=none",
        "--log-level=warning", "--jsx=automatic", "--jsx-import-source=preact", ...more,
    ], { cwd: web, maxBuffer: 1 << 26 });
}

const define = (constants) => Object.entries(constants).map(([name, value]) =>
    `--define:${name}=${JSON.stringify(value)}`);

function without(part, what) {
    console.error(`build: the page comes without ${part}: ${what} is not there`);
    return "";
}

// The page, with what it names replaced by what was made of it.
function index(script, style) {
    const made = new Map([["main.tsx", script], ["style.css", style]]);
    return readFileSync(join(web, "index.html"), "utf8").replace(/\b(href|src)="([^"#:]+)"/g, (_, attribute, name) => {
        const target = made.get(name);
        if (target)
            return `${attribute}="${target}" integrity="${integrity(target)}"`;
        if (!files.has(name))
            throw new Error(`index.html names ${name}, which is not there`);
        return `${attribute}="${name}"`;
    });
}

// For tools, and for people who build it themselves: what every byte of the page is made of.
function manifest() {
    const lines = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, bytes]) => `${sha256(bytes, "hex")} ${name}\n`);
    return "sotto web v1\n" + lines.join("");
}

const coreUrl = existsSync(core) ? put("core.wasm", readFileSync(core)) : without("the core", "sotto-core.wasm");
const constantsOfCore = { CORE_URL: coreUrl, CORE_INTEGRITY: coreUrl && integrity(coreUrl) };
const workerUrl = existsSync(join(web, "core/worker.ts"))
    ? put("worker.js", bundle("core/worker.ts", "--format=esm", ...define(constantsOfCore)))
    : without("its worker", "core/worker.ts");
for (const name of ["app.webmanifest", "icon.svg"])
    files.set(name, readFileSync(join(web, name)));
for (const size of [192, 512])
    files.set(`icon-${size}.png`, icon(size));
files.set("licences.txt", Buffer.concat(["preact", "uqr"].map((name) => readFileSync(join(web, "node_modules", name, "LICENSE")))));
const script = put("main.js", bundle("main.tsx", "--format=esm", ...define({ WORKER_URL: workerUrl, ...constantsOfCore })));
const style = put("style.css", bundle("style.css"));
files.set("index.html", Buffer.from(index(script, style)));
// The one that can't have a hash in its name; a newer page is another text of it.
const kept = Object.fromEntries([...files.keys()].sort().map((name) => [name, integrity(name)]));
files.set("sw.js", bundle("sw.ts", "--format=iife", ...define({ FILES: kept })));
files.set("manifest.txt", Buffer.from(manifest()));

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const [name, bytes] of files) {
    writeFileSync(join(out, name), bytes);
    const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
    const packed = { gz: gzipSync(bytes, { level: 9 }), br: brotliCompressSync(bytes, brotli) };
    for (const [end, smaller] of Object.entries(packed))
        if (smaller.length < bytes.length * 0.9)
            writeFileSync(join(out, `${name}.${end}`), smaller);
}
