export function gzippedBytes(entry: string, external: readonly string[]): Promise<number>;
export function bundleForBrowser(entry: string): Promise<{ readonly imports: string[]; readonly code: string }>;
export function bundleSource(entry: string, outfile: string): Promise<void>;
export function withoutTypes(code: string): Promise<string>;
