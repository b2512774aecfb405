// The one policy of Trusted Types that the server's headers allow: a script's address is one of our build's.

interface Policy {
    createScriptURL(url: string): string;
}
interface TrustedTypes {
    createPolicy(name: string, rules: Policy): Policy;
}

const OURS = [WORKER_URL, "sw.js"];

function check(url: string): string {
    if (!OURS.includes(url))
        throw new TypeError("not a script of this page: " + url);
    return url;
}

const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
const policy = types?.createPolicy("sotto", { createScriptURL: check });

/** For `new Worker()` and for registering a service worker. What it gives is a TrustedScriptURL, where there are such. */
export function scriptUrl(url: string): string {
    return policy ? policy.createScriptURL(url) : check(url);
}
