import type { WorkspacePackage } from './release.mjs';
export interface PackageSizes {
  /** By specifier: `@millrace/codecs/testing`. */
  readonly gzip: Readonly<Record<string, number>>;
  readonly bundled: number;
}
export const sizeLimits: Readonly<Record<string, number>>;
export function measureSize(workspacePackage: WorkspacePackage): Promise<PackageSizes>;
export function measureSizes(): Promise<Record<string, PackageSizes>>;
export function recordedSizes(): Record<string, PackageSizes>;
export function kibibytes(bytes: number): string;
export function packageTable(sizes: Readonly<Record<string, PackageSizes>>): string;
export function readmeTable(): string | undefined;
