// A peer that is a process: a JSON object a line, as docs/MLS-PEER.md has it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class Refused extends Error {}

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
    const answer = await new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify(request)}\n`);
    });
    if (answer.ok !== true)
      throw new Refused(
        `${this.name} ${request.cmd}: ${answer.error} ${answer.field ?? ""} (${answer.text})`,
      );
    return answer;
  }

  close() {
    this.child.stdin.end();
  }
}
