/**
 * The instruments of recordings: orders for recorders, searches, media files, the FACE interface and its users. They
 * are part of the table in `instruments.ts`.
 */
import type { Instrument } from './instruments.ts';

export const recordingInstruments = {
  // Recordings: of those that were in progress at the start and begun, each has ended or is in progress.
  offhook_recordings_in_progress: {
    type: 'gauge',
    help: 'Recordings that go on, the paused ones included.',
    labels: [],
  },
  offhook_recording_segments_begun_total: {
    type: 'counter',
    help: 'Segments that began; a recording that is split has several.',
    labels: [],
  },
  offhook_recording_segments_ended_total: {
    type: 'counter',
    help: 'Segments that ended, each with a media file of its own.',
    labels: [],
  },

  // Orders for recorders: taken = what came of them + under way.
  offhook_recorder_orders_taken_total: {
    type: 'counter',
    help: 'Orders for recorders, from whatever interface.',
    labels: ['command'],
  },
  offhook_recorder_orders_total: {
    type: 'counter',
    help: 'Orders for recorders by what came of them: done, wrong-state, refused (by the recorder, or not possible), unavailable, unknown (no such call or recording).',
    labels: ['command', 'result'],
  },
  offhook_recorder_orders_under_way: {
    type: 'gauge',
    help: 'Orders for recorders that wait or are carried out.',
    labels: [],
  },
  offhook_recorder_order_duration_seconds: {
    type: 'histogram',
    help: 'From taking an order until what came of it was known, the wait for those before it included.',
    labels: [],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
  },

  // Searches: asked = what came of them + under way.
  offhook_searches_asked_total: {
    type: 'counter',
    help: 'Searches of recordings and of segments, each page one.',
    labels: [],
  },
  offhook_searches_total: {
    type: 'counter',
    help: 'Searches by what came of them: complete, cut-short (ended early, having looked at too much), failed, busy (not begun, as too many wait).',
    labels: ['result'],
  },
  offhook_searches_under_way: {
    type: 'gauge',
    help: 'Searches that wait or go on.',
    labels: [],
  },
  offhook_search_duration_seconds: {
    type: 'histogram',
    help: 'From asking until the answer, of searches that were not turned away; the wait for others included.',
    labels: [],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30],
  },

  // Media files.
  offhook_media_known_bytes: {
    type: 'gauge',
    help: 'Bytes of media files that the books know to be there, as of the scrape before.',
    labels: [],
  },
  offhook_media_answers_total: {
    type: 'counter',
    help: 'Requests for media files by how they were answered: a status of HTTP (200, 206, 304, 416), missing, busy.',
    labels: ['answer'],
  },
  offhook_media_given_bytes_total: {
    type: 'counter',
    help: 'Bytes of media files that were read for those who fetch them.',
    labels: [],
  },
  offhook_media_files_surveyed_total: {
    type: 'counter',
    help: 'Media files of ended segments that were looked for, by what was found: present, missing. Each once.',
    labels: ['state'],
  },
  offhook_recordings_reaped_total: {
    type: 'counter',
    help: 'Recordings that were removed, too old, too many or marked.',
    labels: [],
  },
  offhook_media_files_removed_total: {
    type: 'counter',
    help: 'Media files that were removed with their recordings.',
    labels: [],
  },
  offhook_recordings_kept: {
    type: 'gauge',
    help: 'Recordings that were to be removed in the last round and are still there, as a file of theirs could not be.',
    labels: [],
  },
  offhook_reaping_failures_total: {
    type: 'counter',
    help: 'Rounds of removing recordings that failed; it goes on at the next interval.',
    labels: [],
  },

  // FACE and its users.
  offhook_face_answers_total: {
    type: 'counter',
    help: 'Answers of the FACE interface by command (none: there is no such command) and return code (none: a file, a redirection or a document without one).',
    labels: ['command', 'code'],
  },
  offhook_logins_total: {
    type: 'counter',
    help: 'Logins by what came of them: token, refused, password-expired, busy.',
    labels: ['result'],
  },
  offhook_logins_waiting: {
    type: 'gauge',
    help: 'Logins that wait for a password to be checked.',
    labels: [],
  },
  offhook_users_locked: {
    type: 'gauge',
    help: 'Users who are locked after failed logins.',
    labels: [],
  },
  offhook_face_tokens: {
    type: 'gauge',
    help: 'Tokens of logins that hold.',
    labels: [],
  },
  offhook_policy_steps_total: {
    type: 'counter',
    help: 'What policies and screen capture commands wanted, by whether it was done: done, undone.',
    labels: ['result'],
  },
  offhook_policy_steps_under_way: {
    type: 'gauge',
    help: 'Screen captures and webhooks of policies that wait or are under way.',
    labels: [],
  },
} as const satisfies Readonly<Record<`offhook_${string}`, Instrument>>;
