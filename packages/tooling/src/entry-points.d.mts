import type { Manifest } from './release.mjs';
export interface EntryPoint {
  readonly path: string;
  readonly specifier: string;
  readonly target: string;
}
export function entryPoints(manifest: Manifest): EntryPoint[];
