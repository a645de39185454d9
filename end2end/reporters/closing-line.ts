import type { FullConfig, Reporter, Suite } from '@playwright/test/reporter';

/** Closes a run with one line of its own: `N passed, N failed`. */
export default class ClosingLine implements Reporter {
  private suite: Suite | undefined;

  onBegin(_config: FullConfig, suite: Suite): void {
    this.suite = suite;
  }

  /** After every other reporter has had its say. */
  async onExit(): Promise<void> {
    const count = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };
    for (const test of this.suite?.allTests() ?? []) {
      count[test.outcome()] += 1;
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    process.stdout.write(`\n${count.expected + count.flaky} passed, ${count.unexpected} failed${skipped}\n`);
  }

  printsToStdio(): boolean {
    return false;
  }
}
