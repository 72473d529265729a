export interface ReadmeExample {
  readonly name: string;
  readonly code: string;
  /** Type-checks and runs the example; resolves with what it logged. */
  run(): Promise<string>;
}
export function readmeExamples(packageDir: string, file?: string): ReadmeExample[];
