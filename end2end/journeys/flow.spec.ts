import type { Locator } from '@playwright/test';
import { AFTERWARDS, BOXES, EXCHANGES, LEGEND } from '../data/diagram.ts';
import { expect, test } from '../fixtures/journey.ts';

interface Rectangle {
  what: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

async function rectangles(of: Locator): Promise<Rectangle[]> {
  return of.evaluateAll((elements) =>
    elements.map((element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const number = element.closest('[data-exchange]')?.getAttribute('data-exchange');
      const what = element.textContent?.trim() || `${element.getAttribute('class')} ${number ?? ''}`.trim();
      return { what, left, right, top, bottom };
    }),
  );
}

/** Pairs that share more than the hairline that rounding makes. */
function overlaps(some: Rectangle[], others: Rectangle[]): string[] {
  const found: string[] = [];
  for (const one of some) {
    for (const other of others) {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (one !== other && across > 0.5 && down > -0.01) found.push(`${one.what} / ${other.what}`);
    }
  }
  return found;
}

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

for (const width of [1280, 1024]) {
  test(`nothing in the diagram lies over anything else at ${width} pixels`, async ({ application }) => {
    await application.page.setViewportSize({ width, height: 1100 });
    await application.open('/flow');
    const drawing = application.page.locator('svg.flow');
    const labels = await rectangles(drawing.locator('.label'));
    expect(labels.length).toBeGreaterThanOrEqual(EXCHANGES.length + AFTERWARDS.length);
    const names = await rectangles(drawing.locator('.name, .role'));
    const frames = await rectangles(drawing.locator('.box > rect'));
    const discs = await rectangles(drawing.locator('.number-disc'));
    const badges = await rectangles(drawing.locator('.badge-frame'));
    const shafts = await rectangles(drawing.locator('.shaft'));
    const steps = await rectangles(drawing.locator('.step-words'));
    expect(overlaps(labels, [...labels, ...names, ...frames, ...discs, ...badges, ...steps])).toEqual([]);
    expect(overlaps(labels, shafts), 'arrows that cross a label').toEqual([]);
    expect(overlaps(frames, [...frames, ...discs, ...badges, ...steps])).toEqual([]);
    expect(overlaps(steps, steps)).toEqual([]);
    expect(overlaps(discs, badges)).toEqual([]);

    const [sheet] = await rectangles(drawing);
    if (sheet === undefined) throw new Error('there is no drawing');
    for (const one of [...labels, ...names, ...steps]) {
      expect(one.left, `${one.what} sticks out at the left`).toBeGreaterThanOrEqual(sheet.left);
      expect(one.right, `${one.what} sticks out at the right`).toBeLessThanOrEqual(sheet.right);
    }
    await application.fitsTheWindow();
  });
}

test('on a phone the flow is read without scrolling sideways', async ({ application }) => {
  await application.page.setViewportSize({ width: 390, height: 844 });
  await application.open('/flow');
  await application.shows('OAuth 2 Flow');
  await application.fitsTheWindow();
  await expect(application.page.locator('#exchange-13')).toBeVisible();
});
