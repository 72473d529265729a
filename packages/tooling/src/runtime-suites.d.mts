import type { Totals } from './report.mjs';
export const portablePackages: readonly string[];
export function judge(totals: Totals | undefined, code: number): Totals;
export const onNodeOnly: Readonly<Record<string, Readonly<Record<string, string>>>>;
export function exclusions(folder: string, runtime: { readonly title: string }): string[];
