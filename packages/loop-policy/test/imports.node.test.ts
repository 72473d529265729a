import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const NETWORK = ['net', 'tls', 'dgram', 'dns', 'crypto', 'http'];

/** Which of the host's modules a program has loaded, when it is through with `body`. */
function loadedBy(body: string): string[] {
  // Where the test runs from sources, Node could not load them by itself: the build is what users import.
  const script = `
    const before = new Set(process.moduleLoadList);
    const { getLoop } = await import('@millrace/loop-policy');
    ${body}
    const names = ${JSON.stringify(NETWORK)}.filter((name) => {
      const entry = 'NativeModule ' + name;
      return !before.has(entry) && process.moduleLoadList.includes(entry);
    });
    console.log(JSON.stringify(names));
    process.exit();
  `;
  const args = ['--input-type=module', '--eval', script];
  const printed = execFileSync(process.execPath, args, { encoding: 'utf8', cwd: join(import.meta.dirname) });
  return JSON.parse(printed) as string[];
}

test('importing the package loads nothing of the host’s network', () => {
  expect(loadedBy('')).toEqual([]);
});

test('making a loop, timing and scheduling load nothing of it either', () => {
  const body = `
    const loop = getLoop();
    loop.callLater(60_000, () => {}).cancel();
    await new Promise((resolve) => loop.callSoon(resolve));
    loop.metrics();
  `;
  expect(loadedBy(body)).toEqual([]);
});

test('listening loads the module for it, and no TLS or cryptography', () => {
  const loaded = loadedBy(`await getLoop().listen(() => ({}), 'tcp://127.0.0.1:0');`);
  expect(loaded).toContain('net');
  for (const name of ['tls', 'crypto', 'http']) expect(loaded).not.toContain(name);
});
