export interface Runtime {
  readonly title: string;
  readonly version: string;
}
export interface Host {
  readonly os: string;
  readonly arch: string;
  readonly isGlibc: boolean;
}
export const runtimes: Readonly<Record<'node22' | 'node24' | 'node26' | 'bun' | 'deno', Runtime>>;
export function runtimeTitle(runtime: Runtime): string;
export function thisHost(): Host;
export function runtimePackage(runtime: Runtime, host?: Host): string;
export function fetchRuntime(name: keyof typeof runtimes): Promise<string>;
export function runtimeEnvironment(): NodeJS.ProcessEnv;
