// A real client of a third make: GStreamer's webrtcbin publishes by WHIP and views by WHEP.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Aiortc, Gstreamer, withoutGstreamer } from '../lib/clients.mjs';
import { publish, seesMotion, watch } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { hearsTone } from '../lib/tone.mjs';
import { until } from '../lib/until.mjs';

const tone = 880;
const chromiumBeep = 400; // of Chromium's fake microphone
const aiortcTone = 440;

describe('GStreamer', { skip: withoutGstreamer }, () => {
  const world = suite();
  const publishing = (t, name) => new Gstreamer(t, 'publish', `${world.server.origin}/whip/demo/${name}`, '--token', world.moderator, '--tone', `${tone}`);
  const viewing = (t, name) => new Gstreamer(t, 'view', `${world.server.origin}/whep/demo/${name}`, '--token', world.moderator);
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });

  it('publishes; Chromium sees the ball move and hears the tone', async (t) => {
    await publishing(t, 'for-chromium').connected(noting(t));
    const viewer = await watch(world.chromium, world.server, world.moderator, { name: 'for-chromium' });
    t.after(() => viewer.context().close());
    await seesMotion(viewer, 'Chromium', noting(t));
    t.diagnostic(JSON.stringify(await hearsTone(viewer, 'Chromium', tone, noting(t))));
  });

  it('sees and hears what Chromium publishes', async (t) => {
    const publisher = await publish(world.chromium, world.server, world.moderator, { name: 'from-chromium' });
    t.after(() => publisher.context().close());
    const viewer = viewing(t, 'from-chromium');
    t.diagnostic(JSON.stringify(await viewer.seesMotion('GStreamer', noting(t))));
    t.diagnostic(JSON.stringify(await viewer.hearsTone('GStreamer', chromiumBeep, noting(t))));
  });

  it('sees and hears itself', async (t) => {
    await publishing(t, 'itself').connected(noting(t));
    const viewer = viewing(t, 'itself');
    await viewer.seesMotion('GStreamer', noting(t));
    await viewer.hearsTone('GStreamer', tone, noting(t));
  });

  it('publishes; aiortc sees and hears', async (t) => {
    await publishing(t, 'for-aiortc').connected(noting(t));
    const seen = await new Aiortc(t, 'view', `${world.server.origin}/whep/demo/for-aiortc`, '--token', world.moderator).seen();
    t.diagnostic(JSON.stringify(seen));
    assert.ok(Math.abs(seen.frequency - tone) <= 50, JSON.stringify(seen));
  });

  it('sees and hears what aiortc publishes', async (t) => {
    await new Aiortc(t, 'publish', `${world.server.origin}/whip/demo/from-aiortc`, '--token', world.moderator).connected(noting(t));
    const viewer = viewing(t, 'from-aiortc');
    await viewer.seesMotion('GStreamer', noting(t));
    await viewer.hearsTone('GStreamer', aiortcTone, noting(t));
  });

  it('asks again, as it is told to, until somebody publishes', async (t) => {
    const viewer = viewing(t, 'later');
    await until('the viewer is told to wait', () => (viewer.check(), viewer.events('waiting').length > 0), noting(t));
    assert.deepEqual(viewer.events('waiting')[0], { event: 'waiting', status: 409, seconds: 2 });
    await publishing(t, 'later').connected(noting(t));
    await viewer.seesMotion('GStreamer', noting(t));
  });

  it('leaves with a DELETE: its name is free at once', async (t) => {
    const live = async () => {
      const { publications } = await (await world.server.api('/api/conferences/demo/publications', world.moderator)).json();
      return publications.some((publication) => publication.name === 'leaving' && publication.live);
    };
    const publisher = publishing(t, 'leaving');
    await publisher.connected(noting(t));
    assert.equal(await live(), true);
    assert.equal(await publisher.end('SIGTERM'), 0, publisher.errors);
    assert.equal(await live(), false);
  });
});
