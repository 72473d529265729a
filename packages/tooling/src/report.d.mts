export interface Totals {
  readonly passed: number;
  readonly failed: number;
}
export function readReport(file: string, isMine?: (testFile: string) => boolean): Totals | undefined;
