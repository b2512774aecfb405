// The service worker: keeps the files of this page, all of them and nothing else, and answers with them. What a
// person reads and writes never comes by here. A newer page is another service worker with a cache of its own: it
// waits until nobody uses this one, or until it is told to begin. The files of the page before are kept for the tabs that
// still show that one; what was kept before those goes.

// A module, so that what it declares is its own.
export {};
declare const self: ServiceWorkerGlobalScope;

const OURS = "sotto-";
const names = Object.keys(FILES);
const SAYS_ITS_CONTENT = /-[0-9a-f]{10}\.[a-z]+$/;

/** All or nothing: the bytes are those that this build is made of, or the page before stays. */
async function keep(): Promise<void> {
    const cache = await caches.open(await cacheName());
    await cache.addAll(names.map((name) => new Request(name, { integrity: FILES[name]!, cache: "no-cache" })));
}

async function cacheName(): Promise<string> {
    const text = new TextEncoder().encode(JSON.stringify(FILES));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
    return OURS + Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function dropOlder(): Promise<void> {
    const own = await cacheName();
    const others = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== own); // the oldest first
    for (const name of others.slice(0, -1))
        await caches.delete(name);
    await self.clients.claim();
}

async function answer(request: Request, name: string): Promise<Response> {
    const cache = await caches.open(await cacheName());
    const before = SAYS_ITS_CONTENT.test(name) ? () => caches.match(name) : () => undefined;
    return (await cache.match(name)) ?? (await before()) ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(dropOlder()));
self.addEventListener("message", (event) => {
    if (event.data === "use")
        void self.skipWaiting();
});
// To the tab that is open, or a new one.
async function come(): Promise<void> {
    const [tab] = await self.clients.matchAll({ type: "window" });
    await (tab === undefined ? self.clients.openWindow("./") : tab.focus());
}
self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(come());
});
self.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    const name = url.pathname.slice(1) || "index.html";
    if (event.request.method === "GET" && url.origin === self.location.origin && (names.includes(name) || SAYS_ITS_CONTENT.test(name)))
        event.respondWith(answer(event.request, name));
});
