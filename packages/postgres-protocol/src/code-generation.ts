let isAllowed: boolean | undefined;

/** Whether the host compiles source at run time; a content security policy may forbid it. Asked once per process. */
export function canGenerate(): boolean {
  if (isAllowed === undefined) {
    try {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the question is whether it throws
      new Function('');
      isAllowed = true;
    } catch {
      isAllowed = false;
    }
  }
  return isAllowed;
}
