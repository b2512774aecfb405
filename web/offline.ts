import { scriptUrl } from "./trusted";

/**
 * Has the browser keep the page for when there is no network. When the server has a newer one, `newer` is told, with
 * what begins to use it: the page is loaded again then. In other tabs something may be under way, so those are told
 * anew. Without that it is used once all tabs were closed.
 */
export function keepOffline(newer: (use: () => void) => void): void {
    const workers = navigator.serviceWorker;
    if (!workers)
        return;
    let isKept = workers.controller !== null, isAsked = false;
    const tell = (waiting: ServiceWorker) => newer(() => (isAsked = true, waiting.postMessage("use")));
    workers.addEventListener("controllerchange", () => {
        if (isAsked)
            location.reload();
        else if (isKept)
            newer(() => location.reload());
        isKept = true;
    });
    workers.register(scriptUrl("sw.js"), { updateViaCache: "none" }).then((registration) => {
        if (registration.waiting && workers.controller)
            tell(registration.waiting);
        registration.addEventListener("updatefound", () => {
            const coming = registration.installing;
            coming?.addEventListener("statechange", () => {
                if (coming.state === "installed" && workers.controller)
                    tell(coming);
            });
        });
    }, () => {}); // without it the page works as long as there is a network
}
