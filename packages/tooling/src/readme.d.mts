export interface ReadmeExample {
  readonly name: string;
  readonly code: string;
  /** What it must log, where the README says so. */
  readonly output: string | undefined;
  /** Type-checks and runs the example; resolves with what it logged. */
  run(): Promise<string>;
}
export function readmeExamples(packageDir: string, file?: string): ReadmeExample[];
