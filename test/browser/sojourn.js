// The built binary, started as a user starts it.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** How long something that must happen may take on a busy machine. */
export const patience = 60_000; // ms

const binary = path.resolve(process.env.SOJOURN_BIN ?? path.join(import.meta.dirname, "../../bin/sojourn"));

/** Runs a sub-command to its end and returns what it printed. */
export async function run(...args) {
  if (!existsSync(binary)) throw new Error(`there is no ${binary}: run make build, or set SOJOURN_BIN`);
  const { stdout } = await promisify(execFile)(binary, args);
  return stdout;
}

/** A running `sojourn serve`. */
export class Server {
  #process;
  #exited;

  /** Starts it and waits until it says where it is. */
  static async start({ data, upstream, proxy = "127.0.0.1:0", console = "127.0.0.1:0" }) {
    const server = new Server();
    const args = ["serve", "--data", data, "--upstream", upstream, "--proxy", proxy, "--console", console];
    const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
    server.#process = child;
    server.#exited = new Promise((resolve) => child.once("exit", resolve));
    const said = [];
    const line = (word) => said.map((text) => new RegExp(`^\\s*${word}\\s+(http\\S+)`).exec(text)?.[1]).find(Boolean);
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`sojourn serve did not start:\n${said.join("\n")}`)), patience);
      child.once("exit", (code) => reject(new Error(`sojourn serve ended with ${code}:\n${said.join("\n")}`)));
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (text) => {
          said.push(text);
          if (!line("sign in")) return;
          clearTimeout(late);
          resolve();
        });
      }
    });
    server.proxy = line("proxy");
    server.console = line("console");
    server.signIn = line("sign in");
    return server;
  }

  /** Stops it and waits until it has ended. */
  async stop() {
    this.#process.kill("SIGTERM");
    await this.#exited;
  }
}
