import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileForNode } from './compiled.js';

let folder = '';
beforeAll(() => {
  folder = dirname(compileForNode());
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What a process of its own, whose global object is nobody else's, says at the end of `script`. */
function run(script: string): unknown {
  const code = `
    const KEY = Symbol.for('millrace.timers');
    const clock = { isSimulated: true, now: () => 0, callLater() {} };
    const load = (copy) => import(${JSON.stringify(pathToFileURL(join(folder, 'default-timers.js')).href)} + '?' + copy);
    const { hostTimers } = await import(${JSON.stringify(pathToFileURL(join(folder, 'host-timer-source.js')).href)});
    const seen = [];
    const see = ({ defaultTimers }) => {
      const timers = defaultTimers();
      seen.push(timers === hostTimers ? 'host' : timers === clock ? 'clock' : 'another');
    };
    ${script}
    console.log(JSON.stringify(seen));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }));
}

describe('the default clock', () => {
  test('is the one that was installed before the package was loaded, or is later, in every copy of it', () => {
    const seen = run(`
      globalThis[KEY] = clock;
      const copies = [await load(1), await load(2)];
      copies.forEach(see);
      delete globalThis[KEY];
      copies.push(await load(3));
      copies.forEach(see);
      globalThis[KEY] = clock;
      copies.forEach(see);
      globalThis[KEY] = undefined;
      copies.forEach(see);`);
    const all = (what: string): string[] => [what, what, what];
    expect(seen).toEqual(['clock', 'clock', ...all('host'), ...all('clock'), ...all('host')]);
  });

  test('is nothing that a walk through the global object meets', () => {
    const seen = run(`
      await load(1);
      seen.push(KEY in { ...globalThis });`);
    expect(seen).toEqual([false]);
  });

  test('is what an accessor says each time, also one without a setter', () => {
    const seen = run(`
      let now;
      Object.defineProperty(globalThis, KEY, { get: () => now, configurable: true });
      const copy = await load(1);
      see(copy);
      now = clock;
      see(copy);`);
    expect(seen).toEqual(['host', 'clock']);
  });

  test("is the host's where the slot cannot be written", () => {
    expect(run(`Object.defineProperty(globalThis, KEY, { value: undefined }); see(await load(1));`)).toEqual(['host']);
  });

  test.each(['preventExtensions', 'seal', 'freeze'])("is the host's where the global object is kept by %s", (keep) => {
    expect(run(`Object.${keep}(globalThis); see(await load(1));`)).toEqual(['host']);
  });

  test.each(['preventExtensions', 'seal', 'freeze'])('is the one that was installed before %s', (keep) => {
    expect(run(`globalThis[KEY] = clock; Object.${keep}(globalThis); see(await load(1));`)).toEqual(['clock']);
  });
});
