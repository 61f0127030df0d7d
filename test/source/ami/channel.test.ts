import { describe, expect, it } from 'vitest';
import { deviceOfInterface, parseChannel } from '../../../src/source/ami/channel.ts';

describe('the name of a channel', () => {
  it.each([
    ['PJSIP/1001-0000000a', '1001'],
    ['SIP/1001-0000000a', '1001'],
    ['IAX2/berlin-4711', 'berlin'],
    ['PJSIP/trunk-berlin-0000000a', 'trunk-berlin'],
    ['PJSIP/anna.berg-0000002f', 'anna.berg'],
    ['PJSIP/1001-0000000a<ZOMBIE>', '1001'],
    ['PJSIP/1001-0000000a<MASQ>', '1001'],
    ['DAHDI/1-1', '1'],
    ['DAHDI/i1/5551212-3', 'i1/5551212'],
    ['Local/2001@agents-00000009;1', '2001'],
    ['Local/2001@agents-00000009;2', '2001'],
    ['Local/5551001@callers-0000000e;1', '5551001'],
    ['noslash', 'noslash'],
    ['', ''],
  ])('%s is over the line %s', (name, device) => {
    expect(parseChannel(name).device).toBe(device);
  });

  it('tells the halves of a Local pair, which name each other', () => {
    const near = parseChannel('Local/2001@agents-00000009;1').loop;
    const far = parseChannel('Local/2001@agents-00000009;2').loop;
    expect(near).toEqual({ pair: 'Local/2001@agents-00000009', half: 'near' });
    expect(far).toEqual({ pair: 'Local/2001@agents-00000009', half: 'far' });
  });

  it.each([['PJSIP/1001-0000000a'], ['PJSIP/odd;1'], ['Local/2001@agents-00000009']])(
    '%s is no half',
    (name) => expect(parseChannel(name).loop).toBeUndefined(),
  );

  it.each([
    ['CBAnn/8000-00000001;1'],
    ['CBRec/8000-00000001;2'],
    ['Announcer/ARI-00000001;1'],
    ['Recorder/ARI-00000002;2'],
    ['Snoop/1795176672.136-00000001'],
    ['Message/ast_msg_queue'],
    ['AsyncGoto/PJSIP/1001-0000000a'],
    ['Surrogate/PJSIP/1001-0000000a'],
  ])('%s is nobody’s', (name) => expect(parseChannel(name).isMachinery).toBe(true));

  it.each([['PJSIP/1001-0000000a'], ['Local/2001@agents-00000009;1'], ['SIP/announcer-00000001']])(
    '%s may be somebody’s',
    (name) => expect(parseChannel(name).isMachinery).toBe(false),
  );
});

describe('the interface of a queue member', () => {
  it.each([
    ['PJSIP/1002', '1002'],
    ['Local/2001@agents/n', '2001'],
    ['Local/2001@agents', '2001'],
    ['SIP/1002', '1002'],
    ['Agent/1002', '1002'],
    ['1002', '1002'],
  ])('%s is the line %s', (name, device) => expect(deviceOfInterface(name)).toBe(device));
});
