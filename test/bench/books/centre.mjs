/**
 * A centre of two years, recording by recording, the same in every run: twenty accounts, few of them large; hotlines
 * that everybody calls and callers who call once; numbers that are withheld; agents, custom data, splits and videos.
 */
import { createHash } from 'node:crypto';

export const firstMs = Date.UTC(2024, 0, 1);
export const days = 730;
const dayMs = 86_400_000;
/** Opened from eight to six. */
const opensMs = 8 * 3_600_000;
const openMs = 10 * 3_600_000;

const accounts = 20;
const hotlines = 20;
const extensions = 2_000;
const agents = 800;
const outside = 2_000_000;

/** A number from 0 to below 1, of recording `n`, the `k`th that is drawn for it. */
export function draw(n, k) {
  let h = (Math.imul(n, 0x9e3779b1) ^ Math.imul(k + 1, 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d) >>> 0;
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b) >>> 0;
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** Of `count` the first ones most often; the larger `skew`, the more so. */
const skewed = (u, count, skew) => Math.floor(count * u ** skew);

export function recordingOf(n, rows) {
  const place = ((n - 1) / rows) * days;
  const day = Math.floor(place);
  const startMs = firstMs + day * dayMs + opensMs + Math.floor((place - day) * openMs);
  const incoming = draw(n, 1) < 0.6;
  const caller = draw(n, 2);
  const far = caller < 0.05 ? 'anonymous' : `+49${30_000_000 + skewed(draw(n, 3), outside, 3)}`;
  const own = String(10_000 + skewed(draw(n, 4), extensions, 2));
  const hotline = `+4989${7_000 + skewed(draw(n, 5), hotlines, 3)}`;
  const agent = draw(n, 6) < 0.5 ? `agent-${skewed(draw(n, 7), agents, 1.5)}` : null;
  const hex = createHash('md5').update(String(n)).digest('hex');
  const seconds = Math.floor(startMs / 1_000);
  const ani = incoming ? far : own;
  const dnis = incoming ? (draw(n, 8) < 0.7 ? hotline : own) : far;
  const party = (id, number, name, isCalling) => ({
    ...{ id, aor: `sip:${number}`, name, isCalling },
    ...{ startMs, endMs: startMs + 30_000 },
  });
  const ids = { caller: `${seconds}.${2 * n}`, called: `${seconds}.${2 * n + 1}` };
  return {
    ...{ id: n, n, startMs, lastsMs: 5_000 + Math.floor(600_000 * draw(n, 9) ** 4) },
    callId: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`,
    ...{ source: `pbx${skewed(draw(n, 10), 3, 2)}`, account: 1 + skewed(draw(n, 11), accounts, 3) },
    ...{ ani, dnis, isrUcid: ids.caller, ingressCallId: ids.caller, egressCallId: ids.called },
    ...{ agentId: agent, hasVideo: draw(n, 12) < 0.005, goesOn: n > rows - 100 },
    participants: JSON.stringify([
      party(ids.caller, ani, null, true),
      party(ids.called, incoming ? own : dnis, agent, false),
    ]),
    extensions: JSON.stringify([...new Set([ani, dnis, own])]),
    ...{ aors: [`sip:${ani}`, `sip:${incoming ? own : dnis}`] },
  };
}

export const endMs = ({ startMs, lastsMs, goesOn }) => (goesOn ? null : startMs + lastsMs);
export const aorsOf = ({ aors }) => aors;
/** Named by the dial plan, or by whoever ordered the recording. */
export const filenameOf = ({ n, ani, dnis, startMs, egressCallId }, part) =>
  n % 2 === 0
    ? `${new Date(startMs).toISOString().slice(0, 10)}-${ani}-${dnis}-${n}.${part}.wav`
    : `${egressCallId}.${part}.wav`;

/** Every tenth is split once. The numbers of the second ones come after all others. */
export function segmentsOf(recording) {
  const { n, startMs, lastsMs } = recording;
  const folder = `/var/spool/monitor/${new Date(startMs).toISOString().slice(0, 10)}`;
  const isSplit = n % 10 === 0;
  const half = Math.floor(lastsMs / 2);
  const segment = (id, sequence, fromMs, throughMs, goesOn) => {
    const filename = filenameOf(recording, sequence);
    const file = `${folder}/${filename}`;
    return {
      id,
      sequence,
      leg: recording.egressCallId,
      startMs: fromMs,
      endMs: throughMs,
      goesOn,
      filename,
      file,
    };
  };
  if (!isSplit) return [segment(n, 1, startMs, endMs(recording), 0)];
  return [
    segment(n, 1, startMs, startMs + half, 1),
    segment(1_000_000_000 + n, 2, startMs + half, endMs(recording), 0),
  ];
}

/** Of every tenth: an order that no other has, and one of five classes. */
export function customOf({ n }) {
  if (n % 10 !== 5) return [];
  return [
    [1, orderOf(n)],
    [2, classOf(n)],
  ];
}
export const orderOf = (n) => `A-${String(n).padStart(9, '0')}`;
export const classOf = (n) => ['gold', 'silver', 'bronze', 'tin', 'lead'][Math.floor(n / 10) % 5];
