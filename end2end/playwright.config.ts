import { defineConfig } from '@playwright/test';
import type { Settings } from './fixtures/journey.ts';

/** A system browser: nothing is downloaded. */
const chromium = process.env.CLOAKROOM_CHROMIUM ?? '/usr/bin/chromium';

export default defineConfig<Settings>({
  testDir: '.',
  testMatch: ['journeys/**/*.spec.ts', 'clients/**/*.spec.ts'],
  outputDir: 'artifacts/results',
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  workers: 2,
  timeout: 90_000,
  expect: {
    timeout: 15_000,
    // All that a page says and nothing else.
    toMatchAriaSnapshot: { children: 'deep-equal', pathTemplate: '{testDir}/spoken/{arg}{ext}' },
  },
  updateSnapshots: process.env.CI ? 'none' : 'missing',
  reporter: [[process.env.CI ? 'dot' : 'line'], ['./reporters/closing-line.ts']],
  use: {
    viewport: { width: 1280, height: 900 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'embedded', use: { engines: 'embedded' } },
    {
      name: 'postgres-redis',
      use: { engines: 'postgres-redis' },
      // How pages look, what they load and where Tab leads is the same on all engines.
      testIgnore: /(pictures|keyboard|weight)\.spec\.ts$/,
    },
  ],
});
