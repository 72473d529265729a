// Loaded by vitest before each test file of `pnpm test:runtimes`: whoever started it, the tests must run where we say.
const { bun, deno, node } = process.versions;
const actual = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
if (actual !== process.env.MILLRACE_RUNTIME) {
  throw new Error(`expected to run on ${String(process.env.MILLRACE_RUNTIME)}, this is ${actual}`);
}
