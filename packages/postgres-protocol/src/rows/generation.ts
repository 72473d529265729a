let generationAllowed: boolean | undefined;

/** Whether the host compiles source at run time; a content security policy may forbid it. It is asked once. */
export function canGenerate(): boolean {
  if (generationAllowed === undefined) {
    try {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the question is whether it throws
      new Function('');
      generationAllowed = true;
    } catch {
      generationAllowed = false;
    }
  }
  return generationAllowed;
}

/** A string as a literal of source that is generated: all that comes from outside gets into source only through this. */
export function literal(text: string): string {
  // JSON leaves these two as they are; older engines end a line at them.
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
