import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';
import { layers } from '../../../layers.mjs';
import { root } from '../src/bootstrap.mjs';
import { publishedPackages } from '../src/release.mjs';

const eslint = new ESLint({ cwd: root });

/** Lints `code` as if it were the content of `file`, and returns what the rules of the layers say. */
async function lint(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: join(root, file) });
  return (result?.messages ?? []).filter((m) => (m.ruleId ?? 'parse').includes('restricted')).map((m) => m.message);
}

describe('the layers', () => {
  test.each([
    [
      'a pure package importing node:net',
      'read-buffer',
      `import { connect } from 'node:net';\nexport const c: unknown = connect;\n`,
    ],
    ['a pure package reading a clock', 'write-buffer', `export const n: number = Date.now();\n`],
    ['a pure package using randomness', 'postgres-protocol', `export const n: number = Math.random();\n`],
    ['a pure package using Promise', 'postgres-protocol', `export const p: unknown = Promise.resolve();\n`],
    ['a pure package with an async function', 'read-buffer', `export async function f(): Promise<void> {}\n`],
    ['a pure package using Buffer', 'read-buffer', `export const b: unknown = Buffer.alloc(1);\n`],
    [
      'a lower layer importing a higher one',
      'timeouts',
      `import type { Loop } from '@millrace/loop-policy';\nexport type L = Loop;\n`,
    ],
    [
      'a neighbour in the same row',
      'read-buffer',
      `import type { WriteBuffer } from '@millrace/write-buffer';\nexport type W = WriteBuffer;\n`,
    ],
    [
      'a sub-path of a higher layer',
      'postgres-protocol',
      `import * as t from '@millrace/loop-policy/testing';\nexport const x: unknown = t;\n`,
    ],
    [
      'a relative way out of the package',
      'postgres',
      `import * as t from '../../timeouts/src/index.js';\nexport const x: unknown = t;\n`,
    ],
    [
      'a timer outside of the host source and the loops',
      'postgres',
      `export const t: unknown = setTimeout(() => undefined, 1);\n`,
    ],
  ])('refuse %s', async (_what, folder, code) => {
    const messages = await lint(`packages/${folder}/src/index.ts`, code);
    expect(messages).toHaveLength(1);
  });

  test('allow what the table allows', async () => {
    const code = `import type { ReadBuffer } from '@millrace/read-buffer';\nexport type R = ReadBuffer;\n`;
    expect(await lint('packages/postgres-protocol/src/index.ts', code)).toEqual([]);
  });

  test('allow Buffer where a fast path may detect it', async () => {
    expect(
      await lint('packages/read-buffer/src/host-strings.ts', `export const b: unknown = globalThis.Buffer;\n`),
    ).toEqual([]);
  });

  test('are what the packages depend on', () => {
    for (const { name, manifest } of publishedPackages()) {
      const row = layers[name.slice('@millrace/'.length)];
      const depends = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
      expect(depends.sort(), name).toEqual(
        (row?.imports ?? ['missing from layers.mjs']).map((other) => `@millrace/${other}`).sort(),
      );
    }
  });

  test('are drawn in docs/architecture.md', () => {
    const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    for (const name of Object.keys(layers)) expect(text).toContain(name);
  });
});
