import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { FullConfig, Reporter, Suite, TestCase, TestError } from '@playwright/test/reporter';

/** Lines of a message that tell what was wrong; the whole stands further up. */
const LINES = 6;

/** Closes a run with what failed, in short, and one line of its own: `N passed, N failed`. */
export default class ClosingLine implements Reporter {
  private suite: Suite | undefined;

  onBegin(_config: FullConfig, suite: Suite): void {
    this.suite = suite;
  }

  /** After every other reporter has had its say: who sees the end of a log alone sees what failed, and where. */
  async onExit(): Promise<void> {
    const count = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };
    for (const test of this.suite?.allTests() ?? []) {
      count[test.outcome()] += 1;
      if (test.outcome() === 'unexpected') process.stdout.write(`\n${told(test)}\n`);
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    process.stdout.write(`\n${count.expected + count.flaky} passed, ${count.unexpected} failed${skipped}\n`);
  }

  printsToStdio(): boolean {
    return false;
  }
}

function told(test: TestCase): string {
  const errors = test.results.flatMap((result) => result.errors);
  const seconds = Math.round((test.results.at(-1)?.duration ?? 0) / 1000);
  return [`failed after ${seconds} s: ${test.titlePath().filter(Boolean).join(' › ')}`, ...errors.map(inShort)].join('\n');
}

function inShort({ message, value, location }: TestError): string {
  const lines = stripVTControlCharacters(message ?? value ?? 'no message')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, LINES);
  const place = location === undefined ? '' : `${relative('.', location.file)}:${location.line}: `;
  return `  ${place}${lines.join('\n    ')}`;
}
