import { expect, test } from '../fixtures/journey.ts';

for (const path of ['/nowhere', '/flow/nowhere', '/problem/nowhere', '/api-docs']) {
  test(`${path} is no page, and says so with a way on`, async ({ application, watch }) => {
    watch.console.expectStatus(404);
    const response = await application.open(path);
    expect(response.status()).toBe(404);
    await application.shows('There is no such page');
    await application.page.getByRole('link', { name: 'Home' }).click();
    await application.shows('Hand in your tokens, carry a ticket.');
  });
}

test('a path that the provider does not have is a page there too', async ({ page, cloakroom, watch }) => {
  watch.console.expectStatus(404);
  const response = await page.goto(`${cloakroom.origins.provider}/nowhere`);
  expect(response?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
});
