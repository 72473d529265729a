import type { Totals } from './report.mjs';
export const portablePackages: readonly string[];
export function judge(totals: Totals | undefined, code: number): Totals;
