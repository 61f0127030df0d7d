/** Searching recordings on a real database: every criterion alone and with others, in order, page by page. */
import { describe, expect, it } from 'vitest';
import type { RecordingCriteria } from '../../src/store/recording-messages.ts';
import {
  firstRecordingMs,
  importedRecording,
  fedRecording,
  fedSegment,
} from '../support/recordings.ts';
import { newRecordings } from './recording-bed.ts';

const minute = 60_000;
const at = (id: number): number => firstRecordingMs + (id - 1) * minute;

/** Six recordings, of which most have what the others have too; number 6 goes on. */
async function archive() {
  const bed = await newRecordings();
  bed.import(
    importedRecording({ recording: { id: 1 } }),
    importedRecording({ recording: { id: 2, ani: '1002', account: 2, agentId: 'Ben' } }),
    importedRecording({
      recording: { id: 3, dnis: '1003', agentTerminal: 'desk-3', thirdpartyId: 'crm-3' },
      segments: [{ filename: 'a.wav' }, { id: 31, filename: 'b.wav', callId: 'call-later' }],
      customData: [
        { segment: null, field: 7, value: 'gold' },
        { segment: 31, field: 8, value: 'red' },
      ],
    }),
    importedRecording({
      recording: { id: 4, ani: '1002', source: 'other', rss: 2 },
      aors: ['sip:1002', 'sip:zoe@example.org'],
      customData: [{ segment: null, field: 7, value: 'gold' }],
    }),
    importedRecording({ recording: { id: 5, endMs: at(5) + 10 * minute } }),
  );
  bed.feed({
    recordings: [fedRecording({ id: 60, startMs: at(6), agentId: 'Anna' })],
    segments: [fedSegment({ id: 60, recording: 60, startMs: at(6) })],
  });
  bed.write.addSupplement({ recording: 2, kind: 'other', file: '/x/2.bin', filename: '2.bin' });
  bed.write.addSupplement({ recording: 3, kind: 'video', file: '/x/3.mp4', filename: '3.mp4' });
  return bed;
}

const cases: readonly (readonly [RecordingCriteria, readonly number[]])[] = [
  [{}, [60, 5, 4, 3, 2, 1]],
  [{ recording: 3 }, [3]],
  [{ recording: 31 }, []],
  [{ segment: 31 }, [3]],
  [{ callId: 'call-3' }, [3]],
  [{ callId: 'call-later' }, [3]],
  [{ source: 'other' }, [4]],
  [{ rss: 2 }, [4]],
  [{ isrUcid: 'ucid-2' }, [2]],
  [{ ingressCallId: 'in-2' }, [2]],
  [{ egressCallId: 'out-2' }, [2]],
  [{ thirdpartyId: 'crm-3' }, [3]],
  [{ ani: '1002' }, [4, 2]],
  [{ dnis: '1003' }, [3]],
  [{ ani: '1002', dnis: '1001' }, [4, 2]],
  [{ ani: '1002', dnis: '1003' }, []],
  [{ aor: 'sip:zoe@example.org' }, [4]],
  [{ agentId: 'Ben' }, [2]],
  [{ agentId: 'Anna' }, [60]],
  [{ agentTerminal: 'desk-3' }, [3]],
  [{ filename: 'b.wav' }, [3]],
  [{ filename: 'B.wav' }, []],
  [{ account: 2 }, [2]],
  [{ account: 1, ani: '1002' }, [4]],
  [{ account: 2, filename: 'a.wav' }, []],
  [{ start: { from: at(2), through: at(4) } }, [4, 3, 2]],
  [{ start: { from: at(2) + 1, through: at(4) - 1 } }, [3]],
  [{ start: { from: at(5) } }, [60, 5]],
  [{ start: { through: at(2) } }, [2, 1]],
  [{ start: { from: at(4), through: at(2) } }, []],
  [{ end: { from: at(2) + minute / 2, through: at(3) + minute / 2 } }, [3, 2]],
  [{ end: { from: at(5) } }, [5]],
  [{ end: {} }, [5, 4, 3, 2, 1]],
  [{ end: { through: at(3) } }, [2, 1]],
  [{ inProgress: true }, [60]],
  [{ inProgress: false }, [5, 4, 3, 2, 1]],
  [{ inProgress: true, end: {} }, []],
  [{ hasSupplements: true }, [3, 2]],
  [{ hasSupplements: false }, [60, 5, 4, 1]],
  [{ hasVideo: true }, [3]],
  [{ hasVideo: false, account: 2 }, [2]],
  [{ customData: [{ field: 7, value: 'gold' }] }, [4, 3]],
  [
    {
      customData: [
        { field: 7, value: 'gold' },
        { field: 8, value: 'red' },
      ],
    },
    [3],
  ],
  [{ customData: [{ field: 8, value: 'gold' }] }, []],
  [{ customData: [{ field: 7, value: 'gold' }], ani: '1002' }, [4]],
  [{ ani: '+4930123', dnis: '1001', start: { from: at(2) }, inProgress: false }, [5]],
];

describe('a search of recordings', () => {
  it.each(cases)('by %j finds %j', async (criteria, ids) => {
    const bed = await archive();
    expect(bed.search(criteria)).toMatchObject({ isComplete: true, lookedThrough: null });
    expect(bed.found(criteria)).toEqual(ids);
  });
});
