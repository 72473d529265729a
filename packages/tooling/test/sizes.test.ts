import { describe, expect, test } from 'vitest';
import { entryPoints } from '../src/entry-points.mjs';
import { publishedPackages } from '../src/release.mjs';
import { measureSize, recordedSizes, sizeLimits, type PackageSizes } from '../src/sizes.mjs';

const packages = publishedPackages().map((workspacePackage) => ({
  ...workspacePackage,
  limits: limitsOf(workspacePackage),
}));

function limitsOf({ name }: { readonly name: string }): [string, number][] {
  return Object.entries(sizeLimits).filter(([specifier]) => `${specifier}/`.startsWith(`${name}/`));
}

describe.each(packages)('the size of $name', (workspacePackage) => {
  let measured: Promise<PackageSizes> | undefined;
  const sizes = (): Promise<PackageSizes> => (measured ??= measureSize(workspacePackage));

  test('is in bench/sizes.json, within 5 %', async () => {
    const flat = (of: PackageSizes | undefined): Record<string, number> => ({ ...of?.gzip, bundled: of?.bundled ?? 0 });
    const recorded = flat(recordedSizes()[workspacePackage.name]);
    const actual = flat(await sizes());
    expect(Object.keys(recorded).sort(), 'run `pnpm sizes`').toEqual(Object.keys(actual).sort());
    for (const [entry, bytes] of Object.entries(actual)) {
      expect(Math.abs((recorded[entry] ?? 0) - bytes) / bytes, `${entry}: run \`pnpm sizes\``).toBeLessThan(0.05);
    }
  });

  test.each(workspacePackage.limits)('keeps %s within %d bytes', async (specifier, limit) => {
    const bytes = (await sizes()).gzip[specifier];
    expect(bytes, `no entry point ${specifier}`).toBeDefined();
    expect(bytes).toBeLessThanOrEqual(limit);
  });
});

test('every limit of a size is the limit of some package', () => {
  expect(packages.flatMap(({ limits }) => limits)).toHaveLength(Object.keys(sizeLimits).length);
});

describe('entryPoints', () => {
  test('lists code, the main entry first, and takes what no special condition asks for', () => {
    const exports = {
      '.': {
        'millrace-debug': { '@millrace/source': './src/debug.ts', default: './dist/debug.js' },
        '@millrace/source': './src/index.ts',
        types: './dist/index.d.ts',
        default: './dist/index.js',
      },
      './testing': { types: './dist/testing.d.ts', import: './dist/testing.js', default: { default: './dist/kit.js' } },
      './types': { types: './dist/types.d.ts' },
      './package.json': './package.json',
    };
    expect(entryPoints({ name: '@millrace/x', version: '1.0.0', exports })).toEqual([
      { path: '.', specifier: '@millrace/x', target: './dist/index.js' },
      { path: './testing', specifier: '@millrace/x/testing', target: './dist/kit.js' },
    ]);
  });

  test.each(publishedPackages().map(({ name, manifest }) => [name, manifest] as const))(
    'of %s lose nothing but the sources when they are published',
    (_name, manifest) => {
      const withoutSources = (target: unknown): unknown =>
        typeof target !== 'object' || target === null
          ? target
          : Object.fromEntries(
              Object.entries(target)
                .filter(([condition]) => condition !== '@millrace/source')
                .map(([condition, value]) => [condition, withoutSources(value)]),
            );
      const published = withoutSources(manifest.exports);
      // The order of conditions decides which one wins.
      expect(JSON.stringify(manifest.publishConfig?.exports)).toBe(JSON.stringify(published));
    },
  );
});
