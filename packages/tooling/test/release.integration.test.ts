import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  copyWorkspace,
  publishedPackages,
  releaseProblems,
  temporaryFolder,
  versionPackages,
} from '../src/release.mjs';

const folders: { readonly dir: string; remove(): void }[] = [];
afterAll(() => {
  for (const folder of folders) folder.remove();
});

/** A copy of the workspace in which the changesets, and one more, were applied. */
function versioned(changeset?: string): { readonly dir: string; readonly before: Map<string, string> } {
  const folder = temporaryFolder('versioned');
  folders.push(folder);
  const { dir } = folder;
  copyWorkspace(dir);
  const before = new Map(publishedPackages(dir).map(({ name, version }) => [name, version]));
  if (changeset !== undefined) writeFileSync(join(dir, '.changeset/one-more.md'), changeset);
  versionPackages(dir);
  return { dir, before };
}

describe('the next release', () => {
  let next: ReturnType<typeof versioned>;
  beforeAll(() => {
    next = versioned();
  });

  test('has nothing against it', () => {
    expect(releaseProblems(next.dir, next.before)).toEqual([]);
  });

  test('stays below 1.0.0, and has a changelog for every package that it touches', () => {
    const touched = publishedPackages(next.dir).filter(({ name, version }) => version !== next.before.get(name));
    for (const { name, version, dir } of touched) {
      expect(version, name).toMatch(/^0\.\d+\.\d+$/);
      expect(readFileSync(join(dir, 'CHANGELOG.md'), 'utf8')).toContain(`## ${version}`);
    }
  });

  test('a feature of a peer does not push its dependents out of 0.x', () => {
    const { dir, before } = versioned("---\n'@millrace/timeouts': minor\n---\n\nA feature.\n");
    expect(releaseProblems(dir, before)).toEqual([]);
  });

  test('is refused when a package would leave 0.x', () => {
    const { dir, before } = versioned("---\n'@millrace/read-buffer': major\n---\n\nToo early.\n");
    expect(releaseProblems(dir, before).join('\n')).toMatch(/@millrace\/read-buffer would leave 0\.x: 1\.0\.0/);
  });
});
