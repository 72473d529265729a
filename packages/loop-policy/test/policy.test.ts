import { afterEach, describe, expect, test } from 'vitest';
import { getLoop, nodePolicy, setLoopPolicy, type LoopPolicy } from '../src/index.js';

afterEach(() => {
  setLoopPolicy(null);
});

describe('the loop policy', () => {
  test('is the node loop, one for the process, unless somebody sets another', () => {
    expect(getLoop()).toBe(nodePolicy.getLoop());
    expect(getLoop().name).toBe('node');
    expect(nodePolicy.newLoop()).not.toBe(nodePolicy.newLoop());
  });

  test('is switched by one line, and null restores the default', () => {
    const mine = nodePolicy.newLoop();
    const policy: LoopPolicy = { name: 'mine', getLoop: () => mine, newLoop: () => nodePolicy.newLoop() };
    setLoopPolicy(policy);
    expect(getLoop()).toBe(mine);
    setLoopPolicy(null);
    expect(getLoop()).toBe(nodePolicy.getLoop());
  });

  test('is shared by two copies of this module', async () => {
    const path = '../src/policy.js?copy';
    const copy = (await import(path)) as typeof import('../src/policy.js');
    expect(copy.getLoop).not.toBe(getLoop);
    const mine = nodePolicy.newLoop();
    copy.setLoopPolicy({ name: 'mine', getLoop: () => mine, newLoop: () => mine });
    expect(getLoop()).toBe(mine);
  });

  test('refuses what is no policy, and stays as it was', () => {
    expect(() => {
      setLoopPolicy({ name: 'half', getLoop } as unknown as LoopPolicy);
    }).toThrow(TypeError);
    expect(getLoop()).toBe(nodePolicy.getLoop());
  });

  test('makes a new default loop after the old one was closed', async () => {
    const old = getLoop();
    await old.close();
    expect(getLoop()).not.toBe(old);
  });
});
