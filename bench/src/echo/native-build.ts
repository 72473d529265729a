import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Sources of other languages lie beside the TypeScript ones, wherever that is compiled to. */
const SOURCES = fileURLToPath(new URL('../../src/echo/', import.meta.url));

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/millrace-bench/', import.meta.url));

/** The absolute path of a source, given from this folder. */
export function sourcePath(path: string): string {
  return join(SOURCES, path);
}

/** Compiles a program, unless that was done for the same sources before. */
export async function buildOnce(name: string, sources: readonly string[], compile: Compile): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) hash.update(await readFile(source));
  const output = join(CACHE, `${name}-${hash.digest('hex').slice(0, 16)}`);
  try {
    await access(output);
    return output;
  } catch {
    await mkdir(CACHE, { recursive: true });
  }
  const unfinished = `${output}.${process.pid}`;
  const [program = '', ...args] = await compile(unfinished);
  await run(program, args);
  await rename(unfinished, output);
  return output;
}

/** The command that makes `output`. */
export type Compile = (output: string) => readonly string[] | Promise<readonly string[]>;

/**
 * Builds the load generator.
 *
 * @throws {Error} Where there is no C compiler, or no epoll, which only Linux has.
 */
export async function buildLoad(): Promise<string> {
  const names = await readdir(sourcePath('load'));
  const paths = names.filter((name) => /\.[ch]$/.test(name)).map((name) => sourcePath(`load/${name}`));
  const units = paths.filter((path) => path.endsWith('.c'));
  try {
    return await buildOnce('load', paths, (output) => ['cc', '-O2', '-pthread', ...units, '-o', output]);
  } catch (cause) {
    throw new Error('expected Linux and a C compiler, cc, to build the load generator with', { cause });
  }
}

export async function buildLibuvServer(): Promise<string> {
  const source = sourcePath('peers/echo-libuv.c');
  return buildOnce('echo-libuv', [source], async (output) => {
    const { stdout } = await run('pkg-config', ['--cflags', '--libs', 'libuv']);
    return ['cc', '-O2', source, '-o', output, ...stdout.trim().split(/\s+/)];
  });
}

export async function buildGoServer(): Promise<string> {
  const source = sourcePath('peers/echo.go');
  return buildOnce('echo-go', [source], (output) => ['go', 'build', '-o', output, source]);
}
