/** What the metrics read of recordings where none ever was. */
import type { RecordingStanding } from '../../src/app/recording-metrics.ts';

export const nothingRecorded: RecordingStanding = {
  segments: { begun: 0, ended: 0 },
  mediaBytes: 0,
  givenBytes: 0,
  logins: {
    ...{ waiting: 0, tokens: 0, tokensHeld: 0, failing: 0, locked: 0 },
    results: { token: 0, refused: 0, 'password-expired': 0, busy: 0 },
  },
};
