import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const PACKAGE = join(import.meta.dirname, '..');

/** Compiles `src` into a fresh folder that a child process can import, without waiting for a build; returns its index. */
export function compileForNode(): string {
  const results = join(PACKAGE, '.results');
  mkdirSync(results, { recursive: true });
  const target = mkdtempSync(join(results, 'compiled-'));
  for (const file of readdirSync(join(PACKAGE, 'src'))) {
    const source = readFileSync(join(PACKAGE, 'src', file), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    writeFileSync(join(target, file.replace(/\.ts$/, '.js')), outputText);
  }
  return join(target, 'index.js');
}
