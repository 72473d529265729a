// Runs the examples of a package's README, so that what a reader copies is known to work.
//
//   // test/readme.node.test.ts
//   import { readmeExamples } from '../../tooling/src/readme.mjs';
//   describe('README', () => {
//     for (const example of readmeExamples(import.meta.dirname + '/..')) test(example.name, () => example.run());
//   });
//
// Every `ts` fence is type-checked under the repository's own settings and then run as a module; what it logs must equal
// the `text` fence that directly follows it, if there is one.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { format } from 'node:util';
import ts from 'typescript';

const FENCE = /^```ts\n(?<code>[\s\S]*?)^```\n(?:\s*```text\n(?<output>[\s\S]*?)^```)?/gm;

/**
 * @param {string} packageDir folder with README.md and tsconfig.json
 * @param {string} [file]
 * @returns {{ name: string, code: string, output: string | undefined, run: () => Promise<string> }[]} throws if the README
 * has no example
 */
export function readmeExamples(packageDir, file = 'README.md') {
  const dir = resolve(packageDir);
  const text = readFileSync(join(dir, file), 'utf8');
  const examples = [...text.matchAll(FENCE)].map((match, index) => {
    const line = text.slice(0, match.index).split('\n').length;
    const { code = '', output } = match.groups ?? {};
    const name = `${file}:${String(line)} runs as printed`;
    return {
      name,
      code,
      output,
      run: () => runExample(dir, join(basename(file, '.md'), `example-${String(index + 1)}.ts`), code, output),
    };
  });
  assert.ok(examples.length > 0, `${join(packageDir, file)} has no example in a \`\`\`ts fence`);
  return examples;
}

async function runExample(dir, name, code, expected) {
  // Inside the package, so that its own name and its dependencies resolve as they do for a reader.
  const path = join(dir, '.results/readme', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code);
  typecheck(dir, path);
  const logged = [];
  const original = console.log;
  console.log = (...values) => logged.push(format(...values));
  try {
    await import(/* @vite-ignore */ path);
  } finally {
    console.log = original;
  }
  const output = logged.join('\n');
  if (expected !== undefined) assert.equal(output.trimEnd(), expected.trimEnd());
  return output;
}

function typecheck(dir, path) {
  const base = ts.readConfigFile(join(dir, '../../tsconfig.base.json'), (name) => readFileSync(name, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(base.config, ts.sys, dir);
  const program = ts.createProgram([path], { ...options, noEmit: true });
  const diagnostics = ts.getPreEmitDiagnostics(program).filter((d) => d.file?.fileName === path);
  assert.equal(
    ts.formatDiagnostics(diagnostics, {
      getCurrentDirectory: () => dir,
      getCanonicalFileName: (f) => f,
      getNewLine: () => '\n',
    }),
    '',
  );
}
