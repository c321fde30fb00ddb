// Runs the GitHub service of `emulate` on a free loopback port, steered by lines on standard input.
// Usage: node emulate_runner.mjs BASE_URL SEED_JSON
// Prints {"port": N} when it listens. "reset" on a line starts it anew, on the same port, without
// anything that was written (the emulator's own reset would keep its rate limit); it prints {"port": N}
// again. The end of standard input ends the process.
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { createEmulator } from "emulate";

const [baseUrl, seed] = process.argv.slice(2);

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const port = await freePort();
const start = () => createEmulator({ service: "github", port, baseUrl, seed: JSON.parse(seed) });

let emulator = await start();
console.log(JSON.stringify({ port }));

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === "reset") {
    await emulator.close();
    emulator = await start();
    console.log(JSON.stringify({ port }));
  }
}
await emulator.close();
