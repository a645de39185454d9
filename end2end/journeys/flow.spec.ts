import { AFTERWARDS, BOXES, EXCHANGES, LEGEND } from '../data/diagram.ts';
import { collisions, crowded } from '../fixtures/drawing.ts';
import { expect, test } from '../fixtures/journey.ts';

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
