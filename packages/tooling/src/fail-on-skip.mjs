/** A vitest reporter: a skipped test is a failure, so that nothing is passed over unseen. */
export default class FailOnSkip {
  onTestRunEnd(modules) {
    const skipped = [];
    for (const module of modules) {
      for (const test of module.children.allTests('skipped'))
        skipped.push(`${module.relativeModuleId} > ${test.fullName}`);
    }
    if (skipped.length === 0) return;
    console.error(
      `\n${String(skipped.length)} skipped, which counts as failed:\n${skipped.map((name) => `  ${name}`).join('\n')}`,
    );
    process.exitCode = 1;
  }
}
