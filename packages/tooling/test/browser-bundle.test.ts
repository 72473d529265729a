import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { layers } from '../../../layers.mjs';
import { bundleForBrowser } from '../src/bundle.mjs';
import { root } from '../src/bootstrap.mjs';
import { entryPoints } from '../src/entry-points.mjs';
import { publishedPackages } from '../src/release.mjs';

const pure = publishedPackages().filter(({ name }) => layers[name.slice('@millrace/'.length)]?.pure === true);
const entries = pure.flatMap(({ dir, manifest }) =>
  entryPoints(manifest)
    .filter(({ path }) => path !== './testing') // kits assert with node:assert
    .map(({ specifier, target }) => ({ specifier, file: join(dir, target) })),
);

/** What browsers have, and Node too, besides the language. */
const browserGlobals = { TextEncoder, TextDecoder };

describe.each(entries)('$specifier, bundled for a browser', ({ specifier, file }) => {
  let bundle: Awaited<ReturnType<typeof bundleForBrowser>>;
  beforeAll(async () => {
    bundle = await bundleForBrowser(file);
  });

  test('imports nothing', () => {
    expect(bundle.imports).toEqual([]);
  });

  test('loads where there is no Buffer and no process', () => {
    const context = createContext({ ...browserGlobals });
    runInContext(bundle.code, context);
    const names = runInContext('Object.keys(bundle)', context) as string[];
    expect(names.length, specifier).toBeGreaterThan(0);
  });
});

describe('bundleForBrowser', () => {
  test('names what only a host like Node has', async () => {
    const { imports } = await bundleForBrowser(join(root, 'packages/tooling/src/report.mjs'));
    expect(imports).toEqual(['node:fs']);
  });
});
