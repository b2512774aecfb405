// A peer that is a process: a JSON object a line, as docs/MLS-PEER.md has it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What a library says to a message that it does not take. Anything else that goes wrong, as a
 * request that makes no sense or a process that ended, is another Error, and fails a test. */
export class Refused extends Error {}

/** True if the call was refused, false if it went well. */
export async function refused(call) {
  try {
    await call;
    return false;
  } catch (e) {
    if (e instanceof Refused) return true;
    throw e;
  }
}

// A process that has not answered by then is ended, and its test has failed.
const LIMIT = 120_000;

// Errors that no message may lead to.
const FAULTS = ["BUG", "NO_MEMORY", "IO"];

export class ProcessPeer {
  constructor(name, command, lacks = []) {
    this.name = name;
    this.lacks = new Set(lacks);
    this.waiting = [];
    this.child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.waiting.shift().resolve(JSON.parse(line));
    });
    this.child.stdin.on("error", () => {});
    this.child.on("error", (e) => this.fail(e));
    this.child.on("close", (code, signal) =>
      this.fail(new Error(`${name} ended: ${signal ?? code}`)),
    );
  }

  fail(error) {
    this.dead = error;
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  async call(request) {
    if (this.dead) throw this.dead;
    const timer = setTimeout(() => this.child.kill("SIGKILL"), LIMIT);
    const answer = await new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify(request)}\n`);
    }).finally(() => clearTimeout(timer));
    if (answer.ok === true) return answer;
    const { error, field, text } = answer;
    const Kind = field === undefined && !FAULTS.includes(error) ? Refused : Error;
    throw new Kind(`${this.name} ${request.cmd}: ${error} ${field ?? ""} (${text})`);
  }

  close() {
    this.child.stdin.end();
  }
}
