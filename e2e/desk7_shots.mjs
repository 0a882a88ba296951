import { join } from './lib/participants.mjs';
import { Server } from './lib/server.mjs';
import { launchChromium } from './lib/browsers.mjs';
import { addSites, sit } from './lib/crowd.mjs';
import { until } from './lib/until.mjs';
const out = '/tmp/desk7-shots';
const server = await Server.start();
const chromium = await launchChromium();
const commanders = [];
try {
  await addSites(server, 186);
  const size = { width: 320, height: 180 };
  const chair = await join(chromium, server, 'chair', { ...size, people: 1, context: { viewport: { width: 1366, height: 768 } } });
  await join(chromium, server, 'hall', { ...size, people: 7 });
  const site = await join(chromium, server, 'ha-giang', { ...size, people: 5 });
  const other = await join(chromium, server, 'cao-bang', { ...size, people: 4 });
  const delegate = await join(chromium, server, 'delegate-1', { ...size, people: 1 });
  for (let n = 1; n <= 5; n += 1) commanders.push(await sit(server, n));
  await chair.press('Close the microphone of Hội trường');
  await other.press('Turn camera off');
  for (const [person, kind] of [[delegate, 'point of order'], [site, 'contribution']]) { await person.press('Raise hand'); await person.press(kind); }
  await chair.page.locator('[data-hand=ha-giang]').waitFor();
  await chair.press('Put Hà Giang on stage');
  await chair.sees('ha-giang', { use: 'stage', hue: null });
  const shot = async (name, person = chair) => person.page.screenshot({ path: `${out}/${name}.png` });
  for (const scheme of ['light', 'dark']) {
    await chair.page.emulateMedia({ colorScheme: scheme });
    await chair.page.setViewportSize({ width: 1366, height: 768 });
    await shot(`desk-1366-${scheme}`);
    await chair.page.setViewportSize({ width: 1920, height: 1080 });
    await new Promise((d) => setTimeout(d, 600));
    await shot(`desk-1920-${scheme}`);
    await chair.page.setViewportSize({ width: 360, height: 740 });
    await chair.openPanel('people');
    await shot(`desk-360-${scheme}`);
    await chair.page.keyboard.press('Escape');
  }
  await chair.page.setViewportSize({ width: 1366, height: 768 });
  await chair.press('Remove Hà Giang'); await shot('desk-remove'); await chair.page.keyboard.press('Escape');
  await chair.page.keyboard.press('?'); await chair.page.getByRole('dialog').waitFor(); await shot('desk-help'); await chair.page.keyboard.press('Escape');
  await chair.page.emulateMedia({ colorScheme: 'light' });
  await chair.press('Chat'); await shot('desk-chat'); await chair.press('Chat');
  await delegate.page.setViewportSize({ width: 1280, height: 720 });
  for (const [layout, name] of [['Side by side', 'side'], ['Mosaic', 'mosaic'], ['Speaker and others', 'speaker']]) {
    await chair.press(layout);
    await until('layout', async () => (await delegate.page.locator('[data-layout]').getAttribute('data-layout')) === name.replace('side', 'side_by_side'));
    await new Promise((d) => setTimeout(d, 2500));
    await shot(`layout-${name}`, delegate);
  }
  await site.press('Share screen').catch(() => {});
  await chair.press('Slides and speaker');
  await new Promise((d) => setTimeout(d, 3000));
  await shot('layout-slides', delegate);
  await delegate.press('My view'); await shot('menu', delegate);
  await delegate.page.setViewportSize({ width: 360, height: 740 }); await shot('menu-360', delegate);
  await delegate.page.keyboard.press('Escape');
  await chair.press('Side by side'); await new Promise((d) => setTimeout(d, 1500)); await shot('side-360', delegate);
  await delegate.openPanel('people'); await shot('people-360', delegate);
  for (const l of ['de', 'fr', 'vi']) { await chair.page.locator('header select').selectOption(l); await new Promise((d) => setTimeout(d, 500)); await shot(`desk-${l}`); }
  await chair.page.keyboard.press('?'); await chair.page.getByRole('dialog').waitFor(); await shot('help-vi');
} finally {
  for (const c of commanders) await c.leave();
  await chromium.close();
  await server.remove();
}
