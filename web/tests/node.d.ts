// What the tests take of node, without its types.
declare module "node:assert/strict";
declare module "node:test";
declare function setImmediate(work: (value?: unknown) => void): void;
