// Builds the page over the core that stands in, and serves it on loopback with the headers that count. For tests and pictures alone.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");

export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; " +
  "img-src 'self' blob:; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; " +
  "require-trusted-types-for 'script'; trusted-types sotto";

const types = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };

export function bundle(entry, ...more) {
  return execFileSync(
    "esbuild",
    [entry, "--bundle", "--target=es2022", "--format=esm", "--jsx=automatic", "--jsx-import-source=preact", "--log-level=warning", "--charset=utf8", ...more],
    { cwd: web, maxBuffer: 1 << 26 },
  );
}

function build() {
  const index = readFileSync(join(web, "index.html"), "utf8").replace(/"main\.tsx"/, '"main.js"');
  return new Map([
    ["/", Buffer.from(index)],
    ["/main.js", bundle("tests/main.tsx")],
    ["/style.css", bundle("style.css")],
    ["/icon.svg", readFileSync(join(web, "icon.svg"))],
  ]);
}

// { url, close }
export function serve() {
  const files = build();
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://127.0.0.1").pathname;
    const body = files.get(path);
    if (body === undefined) return response.writeHead(404).end();
    const end = path === "/" ? "html" : path.split(".").pop();
    response.writeHead(200, {
      "Content-Type": types[end],
      "Content-Security-Policy": POLICY,
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-cache",
    });
    response.end(body);
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve({ url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }),
    ),
  );
}

// A place for a browser's profile, gone with `remove`.
export function place() {
  const folder = mkdtempSync(join(tmpdir(), "sotto-page-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function write(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}
