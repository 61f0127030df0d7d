import { expect, it } from 'vitest';
import { nextSegmentFile, nextTakeFile } from '../../src/source/segment-file.ts';

it.each([
  ['talk.wav', 'talk.seg1.wav'],
  ['talk.seg1.wav', 'talk.seg2.wav'],
  ['/spool/a.b/talk.seg9.wav', '/spool/a.b/talk.seg10.wav'],
  ['1772442000.17.wav', '1772442000.17.seg1.wav'],
  ['/spool/talk', '/spool/talk.seg1'],
  ['a\nb.wav', 'a\nb.seg1.wav'],
  ['.seg1.wav', '.seg1.seg1.wav'],
  ['a.seg99999999999999999999.wav', 'a.seg99999999999999999999.seg1.wav'],
])('after %s comes %s', (file, next) => {
  expect(nextSegmentFile(file)).toBe(next);
});

it('a file that is there already is not overwritten', () => {
  expect(nextSegmentFile('a.wav', ['a.wav', 'a.seg1.wav', 'a.seg2.wav'])).toBe('a.seg3.wav');
  expect(nextTakeFile('/x/a.seg4.wav', ['/x/a.wav'])).toBe('/x/a-2.wav');
  expect(nextTakeFile('/x/a.wav', ['/x/a.wav', '/x/a-2.mp3'], 'mp3')).toBe('/x/a-3.mp3');
});
