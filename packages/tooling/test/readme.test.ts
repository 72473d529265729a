import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../src/bootstrap.mjs';
import { publishedPackages } from '../src/release.mjs';
import { measureSizes, readmeTable, recordedSizes } from '../src/sizes.mjs';

/** Cells of the README's table, by package folder. */
function tableRows(): Map<string, string[]> {
  const rows = (readmeTable() ?? '').split('\n').filter((line) => line.startsWith('| ['));
  return new Map(
    rows.map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      return [/\[(.*?)\]/.exec(cells[1] ?? '')?.[1] ?? '', cells];
    }),
  );
}

describe('the table of packages in the README', () => {
  test('has every package with its description and version', () => {
    const rows = tableRows();
    const packages = publishedPackages();
    expect([...rows.keys()].sort()).toEqual(packages.map(({ name }) => name.slice('@millrace/'.length)).sort());
    for (const { name, version, manifest } of packages) {
      const cells = rows.get(name.slice('@millrace/'.length));
      expect(cells).toContain((manifest as unknown as { description: string }).description);
      expect(cells).toContain(version);
    }
  });

  test('and bench/sizes.json say what the packages weigh, within 5 %', async () => {
    const recorded = recordedSizes();
    const rows = tableRows();
    for (const [name, bytes] of Object.entries(await measureSizes())) {
      expect(Math.abs((recorded[name] ?? 0) - bytes) / bytes, `${name}: run \`pnpm sizes\``).toBeLessThan(0.05);
      expect(rows.get(name.slice('@millrace/'.length))).toContain(`${((recorded[name] ?? 0) / 1024).toFixed(1)} KiB`);
    }
  });
});

describe('links between the documents', () => {
  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    'docs/architecture.md',
    'docs/status.md',
    'docs/versioning.md',
  ].concat(publishedPackages().map(({ dir }) => join(dir, 'README.md').slice(root.length + 1)));
  test.each(documents)('of %s lead somewhere', (file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const targets = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map((match) => match[1] ?? '');
    for (const target of targets) expect(existsSync(join(root, dirname(file), target)), target).toBe(true);
  });
});
