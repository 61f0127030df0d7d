/** How late a source is heard: real AMI connections and an ingest source, by a clock that the test holds. */
import { expect, it, onTestFinished } from 'vitest';
import type { SourceSettings } from '../../src/config/settings.ts';
import { Sources } from '../../src/app/sources.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { Asterisk, startMs } from '../support/asterisk.ts';
import { eventually } from '../support/house.ts';
import { liveAsterisk, ScriptedPbx } from '../support/scripted-pbx.ts';

let nowMs: number;

function sourcesOf(settings: SourceSettings): Sources {
  nowMs = startMs;
  const sources = new Sources(
    () => undefined,
    () => ({
      accept: (signals) => Promise.resolve(signals.map(() => ({ kind: 'noted' as const }))),
      seenSignalIds: () => Promise.resolve(new Set()),
      authorize: () => true,
    }),
    { now: () => nowMs },
    silentLog,
  );
  sources.add(settings);
  sources.start();
  onTestFinished(() => sources.stop());
  return sources;
}

async function ofPbx(): Promise<{ sources: Sources; pbx: ScriptedPbx }> {
  const pbx = await ScriptedPbx.listen(liveAsterisk());
  const sources = sourcesOf({
    type: 'ami',
    name: 'pbx',
    enabled: true,
    giveUpAfterMs: 60_000,
    host: '127.0.0.1',
    port: pbx.port,
    username: 'offhook',
    secret: 'a secret',
    login: 'plain',
    tls: false,
    tlsRejectUnauthorized: true,
    pingIntervalMs: 15_000,
    reconnectMinMs: 60_000,
    reconnectMaxMs: 60_000,
    recordingFormat: 'wav',
  });
  // After the sources: they stop first.
  onTestFinished(() => pbx.close());
  await eventually(() => sources.reports()[0]?.state === 'up');
  return { sources, pbx };
}

const lagOf = (sources: Sources): number | undefined => sources.reports()[0]?.lagMs;

/** What a PBX says of a channel that came up at `startMs`. */
function ofChannel(isStamped: boolean): string {
  const words = new Asterisk(isStamped);
  words.channel('PJSIP/1001-00000001', { number: '1001', exten: '1002' });
  return words.text.slice(words.text.indexOf('Event: '));
}

it('a PBX that stamps its events is as late as we took the last signal', async () => {
  const { sources, pbx } = await ofPbx();
  expect(lagOf(sources)).toBeUndefined();
  nowMs = startMs + 250;
  pbx.say(ofChannel(true));
  await eventually(() => lagOf(sources) === 250);
  // What is no signal changes nothing, however late it is.
  nowMs = startMs + 9_000;
  pbx.say(`Event: Reload\r\nTimestamp: ${startMs / 1_000}\r\n\r\n`);
  await eventually(() => sources.reports()[0]?.heardAtMs === nowMs);
  expect(lagOf(sources)).toBe(250);
});

it('a PBX whose clock is ahead of ours is not early', async () => {
  const { sources, pbx } = await ofPbx();
  nowMs = startMs - 30_000;
  pbx.say(ofChannel(true));
  await eventually(() => lagOf(sources) === 0);
});

it('a PBX that does not stamp its events has no lag', async () => {
  const { sources, pbx } = await ofPbx();
  nowMs = startMs + 250;
  pbx.say(ofChannel(false));
  await eventually(() => sources.reports()[0]?.heardAtMs === nowMs);
  expect(lagOf(sources)).toBeUndefined();
});

it('an ingest source is as late as the last signal of its batch', async () => {
  const sources = sourcesOf({
    type: 'ingest',
    name: 'dialler',
    enabled: true,
    giveUpAfterMs: 60_000,
  });
  const row = { kind: 'leg.offered', leg: 'a', facts: { call: 'c', number: '1001' } };
  nowMs = startMs + 1_500;
  const received = await sources.ingest()?.receive([
    { ...row, atMs: startMs },
    { ...row, leg: 'b', atMs: startMs + 1_000 },
  ]);
  expect([received?.kind, lagOf(sources)]).toEqual(['taken', 500]);
  await sources.ingest()?.receive([{ kind: 'leg.sung' }]);
  expect(lagOf(sources)).toBe(500);
});
