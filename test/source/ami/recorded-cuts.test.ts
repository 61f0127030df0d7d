/**
 * How TCP cuts a recording into pieces must not matter: the same events, to the letter, at every cut.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { listenTo } from '../../support/ami-listener.ts';
import type { Cut } from '../../support/scripted-pbx.ts';
import { hear, readRecording, toldBy } from './recorded.ts';

const folder = fileURLToPath(new URL('../../fixtures/ami/', import.meta.url));
const recordings = readdirSync(folder)
  .filter((file) => file.endsWith('.txt'))
  .map((file) => file.replace('.txt', ''));
/** A turn of the event loop for each byte: only the small ones. */
const small = recordings.filter((name) => readRecording(name).length < 25_000);

const cuts: readonly Cut[] = [
  { kind: 'lines' },
  { kind: 'random', seed: 1, longest: 40 },
  { kind: 'random', seed: 2, longest: 700 },
  { kind: 'random', seed: 3, longest: 5_000 },
];

describe('however a recording is cut', () => {
  it('has all twenty-two of them', () => {
    expect(recordings).toHaveLength(22);
  });

  it.each(recordings)('%s tells the same', async (name) => {
    const whole = toldBy(await hear(name));
    expect(whole.length).toBeGreaterThan(3);
    for (const cut of cuts) expect(toldBy(await hear(name, cut))).toEqual(whole);
  });

  it.each(small)('%s tells the same byte by byte', async (name) => {
    expect(toldBy(await hear(name, { kind: 'bytes' }))).toEqual(toldBy(await hear(name)));
  });

  it('tells the same when it comes slowly', async () => {
    const name = 'ami-sip-hold-unhold';
    const cut: Cut = { kind: 'random', seed: 4, longest: 900 };
    const slow = await listenTo({ say: readRecording(name), cut, paceMs: 2 });
    expect(toldBy(slow)).toEqual(toldBy(await hear(name)));
  });

  it.each(recordings)('%s starts and ends each call once', async (name) => {
    const { ofCalls, calls } = await hear(name);
    const started = ofCalls.filter((event) => event.kind === 'call.started');
    const ended = ofCalls.filter((event) => event.kind === 'call.ended');
    const answered = ofCalls.filter((event) => event.kind === 'call.answered');
    expect(started).toHaveLength(1);
    expect(ended).toHaveLength(name === 'ami-server-stop-now-midcall' ? 0 : 1);
    expect(answered).toHaveLength(calls[0]?.answeredAtMs === undefined ? 0 : 1);
    const ids = ofCalls.map((event) => event.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
