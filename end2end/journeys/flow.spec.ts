import type { Locator, Page } from '@playwright/test';
import { ADA } from '../data/accounts.ts';
import { AFTERWARDS, BOXES, EXCHANGES, LEGEND } from '../data/diagram.ts';
import { collisions, crowded } from '../fixtures/drawing.ts';
import { expect, test } from '../fixtures/journey.ts';
import { signIn } from '../pages/sign-in.ts';

const normal = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

test('the diagram and its twin in words say everything word for word', async ({ application }) => {
  await application.open('/flow');
  await application.shows('OAuth 2 Flow');
  const drawing = application.page.locator('svg.flow');
  await expect(application.page.getByRole('img', { name: 'OAuth 2 Flow' })).toBeVisible();
  const drawn = normal((await drawing.textContent()) ?? '');
  for (const [name, role] of BOXES) {
    expect(drawn).toContain(name);
    expect(drawn).toContain(role);
    await expect(application.page.getByRole('listitem').filter({ hasText: name }).filter({ hasText: role })).toHaveCount(1);
  }
  for (const [at, [from, to, label]] of EXCHANGES.entries()) {
    const arrow = drawing.locator(`[data-exchange="${at + 1}"]`);
    const told = await arrow.locator('.label').allTextContents();
    expect(told.map(normal).join('; '), `the label of arrow ${at + 1}`).toBe(label);
    await expect(arrow.locator('.number')).toHaveText(String(at + 1));

    const line = application.page.locator(`#exchange-${at + 1}`);
    expect(normal((await line.locator('.label').textContent()) ?? ''), `exchange ${at + 1} in words`).toBe(label);
    const ends = normal((await line.locator('.ends').textContent()) ?? '');
    expect(ends.startsWith(from), `${from} in ${ends}`).toBe(true);
    expect(ends.slice(from.length), `${to} in ${ends}`).toContain(to);
  }
  for (const label of AFTERWARDS) await expect(drawing.getByText(label, { exact: true })).toHaveCount(1);
  for (const step of LEGEND) expect(drawn).toContain(step);
  await expect(application.page.locator('ol.legend > li')).toHaveText(LEGEND);
});

/** What people see of the flow, by the width of their window: the drawing, or on a narrow one its twin in words. */
const WINDOWS = [
  { window: '1280 pixels wide', width: 1280, drawn: true },
  { window: '1024 pixels wide', width: 1024, drawn: true },
  { window: 'as narrow as the drawing is shown in', width: 832, drawn: true },
  { window: '1280 pixels wide at 200 %, which leaves 640', width: 640, drawn: false },
  { window: 'of a phone, 390 pixels wide', width: 390, drawn: false },
];

test('no word of the flow lies over anything else, in windows from wide to phone and at 200 %', async ({ application }) => {
  const { page } = application;
  await application.open('/flow');
  const drawing = page.locator('svg.flow');
  for (const { window, width, drawn } of WINDOWS) {
    await page.setViewportSize({ width, height: 1100 });
    await application.fitsTheWindow();
    if (drawn) {
      expect(await collisions(drawing), `in a window ${window}`).toEqual([]);
    } else {
      await expect(drawing).toBeHidden();
      await expect(page.locator('ol.legend')).toBeVisible();
    }
    const lines = page.locator('.exchange, .room');
    expect(await lines.count()).toBeGreaterThanOrEqual(EXCHANGES.length + AFTERWARDS.length + BOXES.length);
    expect(await crowded(lines), `the words in a window ${window}`).toEqual([]);
  }
});

test('a label that is moved over something is found there', async ({ application }) => {
  await application.open('/flow');
  const drawing = application.page.locator('svg.flow');
  const label = drawing.locator('[data-exchange="3"] .label');
  await expect(label).toHaveText('POST /par');
  const moved = async (x: number, y: number): Promise<string[]> => {
    await label.evaluate((text, by) => text.setAttribute('transform', `translate(${by.join(' ')})`), [x, y]);
    return collisions(drawing);
  };
  expect(await moved(-60, 25), 'onto its own arrow').toContain('“POST /par” lies over the arrow of 3');
  expect(await moved(0, 58), 'onto the next label').toContain('“POST /par” lies over “POST /token”');
  expect(await moved(110, 0), 'half into a box').toContain('“POST /par” lies over the box of Authorization Server');
  expect(await moved(0, 22), 'onto its number').toContain('“POST /par” lies over the number of 3');
  expect(await moved(400, 0), 'off the sheet').toContain('“POST /par” leaves the sheet');
  expect(await moved(0, 0)).toEqual([]);
});

test('on a phone the flow is read without scrolling sideways', async ({ application }) => {
  await application.page.setViewportSize({ width: 390, height: 844 });
  await application.open('/flow');
  await application.shows('OAuth 2 Flow');
  await application.fitsTheWindow();
  await expect(application.page.locator('#exchange-13')).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('each attack of "Try to break it" is made and stopped, and the page says where', async ({ application, watch }) => {
    // Codes are carried elsewhere on purpose, by nobody's browser.
    watch.travel = { redirects: 0, callbacks: 0 };
    const { page } = application;
    await application.open('/flow');
    const buttons = page.getByRole('button', { name: /^Make the attack: / });
    const names = await buttons.evaluateAll((all) => all.map((button) => button.id));
    expect(names).toHaveLength(7);
    for (const name of names) {
      await page.locator(`#${name}`).click();
      const report = page.locator('section#attack');
      await expect(report).toContainText(/Stopped at exchange \d+/);
      expect(await report.getByRole('listitem').count()).toBeGreaterThan(0);
      await application.fitsTheWindow();
    }
    await application.shows('OAuth 2 Flow');
  });
});

/** The arrows that the drawing shows as happened. */
const lit = (page: Page): Locator => page.locator('svg.flow .arrow.lit');

test('a second window follows the sign-in of the first, and nobody else does', async ({
  application,
  provider,
  anotherTab,
  anotherBrowser,
}) => {
  const [second, stranger] = [await anotherTab(), await anotherBrowser()];
  for (const { application } of [second, stranger]) {
    await application.open('/flow');
    await application.shows('OAuth 2 Flow');
    await expect(application.page.locator('#told')).toContainText('Sample');
    await expect(lit(application.page)).toHaveCount(0);
  }
  await application.open('/');
  await application.beginSignIn();
  await provider.asksForPassword();
  await expect(lit(second.page).filter({ hasText: 'POST /par' })).toHaveCount(1);
  await expect(second.page.locator('#told')).toContainText('Under way');
  await provider.logIn(ADA);
  await provider.allow();
  await application.greets(ADA);
  await expect(lit(second.page)).toHaveCount(13);
  await expect(second.page.locator('#told')).toContainText('Complete in');
  await expect(second.page.locator('svg.flow .time')).toHaveCount(13);
  await expect(second.page.getByRole('status')).toContainText('Complete in');
  await expect(lit(stranger.page)).toHaveCount(0);
  await expect(stranger.page.locator('#told')).toContainText('Sample');
});

test('a sign-in is stepped through, played again and taken along', async ({ application, provider }) => {
  const { page } = application;
  await signIn({ application, provider }, ADA);
  await application.open('/flow');
  await expect(lit(page)).toHaveCount(13);
  await application.shows('OAuth 2 Flow');

  await page.locator('#exchange-9').getByRole('link').click();
  await expect(page.getByRole('heading', { level: 2, name: 'Exchange 9: POST /token' })).toBeVisible();
  await expect(page.locator('#exchange-9 a')).toHaveAttribute('aria-current', 'true');
  await application.shows('OAuth 2 Flow');
  await page.getByRole('link', { name: 'Next', exact: true }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Exchange 10: Access token + Refresh token' })).toBeVisible();
  await page.getByText('id token: header and claims').first().click();
  await expect(page.locator('details.token[open] code')).toContainText('"auth_time"');
  await page.getByRole('link', { name: 'Back', exact: true }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Exchange 9: POST /token' })).toBeVisible();
  await page.locator('svg.flow [data-exchange="13"] .number').click();
  await expect(page.getByRole('heading', { level: 2, name: /^Exchange 13:/ })).toBeVisible();

  const replay = page.getByRole('group', { name: 'Replay' });
  await replay.getByRole('button', { name: 'Play' }).click();
  const shown = page.locator('svg.flow .arrow.shown');
  await expect(shown).toHaveCount(2);
  await replay.getByRole('button', { name: 'Pause' }).click();
  await expect(replay.getByRole('button', { name: 'Play' })).toBeVisible();
  const held = await shown.count();
  expect(held).toBeLessThan(13);
  await replay.getByRole('button', { name: 'Step', exact: true }).click();
  await expect(shown).toHaveCount(held + 1);
  await expect(page.getByRole('status').filter({ hasText: `Exchange ${held + 1}:` })).toHaveCount(1);
  await replay.getByRole('button', { name: 'Step back' }).click();
  await expect(shown).toHaveCount(held);
  await replay.getByRole('combobox', { name: 'Speed' }).selectOption('4×');
  await replay.getByRole('button', { name: 'Play' }).click();
  await expect(shown).toHaveCount(13);
  await expect(replay.getByRole('button', { name: 'Play' })).toBeVisible();

  for (const [name, file] of [
    ['JSON', 'flow.json'],
    ['SVG', 'flow.svg'],
    ['PNG', 'flow.png'],
  ] as const) {
    const coming = page.waitForEvent('download');
    await page.locator('.flow-state .ways').getByText(name, { exact: true }).click();
    expect((await coming).suggestedFilename()).toBe(file);
  }
});

test('who wants no motion steps instead', async ({ application, provider }) => {
  await application.page.emulateMedia({ reducedMotion: 'reduce' });
  await signIn({ application, provider }, ADA);
  await application.open('/flow');
  const replay = application.page.getByRole('group', { name: 'Replay' });
  await expect(replay.getByRole('button', { name: 'Step', exact: true })).toBeVisible();
  await expect(replay.getByRole('button', { name: 'Play' })).toHaveCount(0);
});

test('no time of a recorded flow lies over anything else, whether an exchange is open or not', async ({
  application,
  provider,
}) => {
  const { page } = application;
  await signIn({ application, provider }, ADA);
  for (const path of ['/flow', '/flow?exchange=9']) {
    await application.open(path);
    await expect(lit(page)).toHaveCount(13);
    const drawing = page.locator('svg.flow');
    await expect(drawing.locator('.time')).toHaveCount(13);
    for (const { window, width, drawn } of WINDOWS) {
      await page.setViewportSize({ width, height: 1100 });
      await application.fitsTheWindow();
      if (drawn) expect(await collisions(drawing), `${path} in a window ${window}`).toEqual([]);
      expect(await crowded(page.locator('.exchange')), `${path}: the words in a window ${window}`).toEqual([]);
    }
  }
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('a sign-in is shown and stepped through by links', async ({ application, provider }) => {
    const { page } = application;
    await application.open('/flow');
    await expect(page.locator('#told')).toContainText('Sample');
    await page.locator('.flow-state').getByRole('link', { name: 'Sign in', exact: true }).click();
    await provider.logIn(ADA);
    await provider.allow();
    await expect(page).toHaveURL(/\/flow$/);
    await page.reload();
    await expect(lit(page)).toHaveCount(13);
    await page.locator('#exchange-1').getByRole('link').click();
    for (let number = 2; number <= 13; number += 1) {
      await page.getByRole('link', { name: 'Next', exact: true }).click();
      await expect(page.getByRole('heading', { level: 2, name: new RegExp(`^Exchange ${number}:`) })).toBeVisible();
    }
    await expect(page.getByRole('link', { name: 'Next', exact: true })).toHaveCount(0);
    await page.getByRole('link', { name: 'Close' }).click();
    await expect(page).toHaveURL(/\/flow$/);
  });
});
