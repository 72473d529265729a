export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly sideEffects?: boolean;
  readonly description?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> };
}
export interface WorkspacePackage {
  readonly name: string;
  readonly version: string;
  readonly dir: string;
  readonly manifest: Manifest;
}
export interface Tarball {
  readonly name: string;
  readonly version: string;
  readonly tarball: string;
}
export function readManifest(dir: string): Manifest;
export function publishedPackages(workspace?: string): WorkspacePackage[];
export function temporaryFolder(purpose: string): { readonly dir: string; remove(): void };
export function copyWorkspace(target: string): void;
export function versionPackages(workspace: string): void;
export function packPackages(workspace: string, target: string): Tarball[];
export function releaseProblems(workspace: string, before: ReadonlyMap<string, string>): string[];
