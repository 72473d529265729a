import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../src/bootstrap.mjs';
import { publishedPackages } from '../src/release.mjs';
import { kibibytes, readmeTable, recordedSizes } from '../src/sizes.mjs';

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
      expect(cells).toContain(manifest.description);
      expect(cells).toContain(version);
    }
  });

  test('says what bench/sizes.json says', () => {
    const rows = tableRows();
    for (const [name, { gzip }] of Object.entries(recordedSizes())) {
      expect(rows.get(name.slice('@millrace/'.length)), name).toContain(kibibytes(gzip[name] ?? 0));
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
