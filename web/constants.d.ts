// What the build puts in: the names and hashes of what it made. Empty while there is no such file.
declare const WORKER_URL: string;
declare const CORE_URL: string;
declare const CORE_INTEGRITY: string;
/** Of the service worker alone: every file of the page, with its integrity. */
declare const FILES: Record<string, string>;
