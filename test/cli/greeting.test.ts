import { describe, expect, it } from 'vitest';
import { Greeting } from '../../src/cli/greeting.ts';
import type { Listening } from '../../src/cli/greeting.ts';
import { invocationOf } from '../../src/cli/surface.ts';
import { noPaint } from '../../src/cli/terminal.ts';

function greeting(listening: Listening, token = false, tls = false): string {
  const surface = { paint: noPaint, invocation: 'offhook', version: '1.2.3' };
  return new Greeting(surface).text(listening, 'Sources: pbx (ami)', {
    token,
    feedTls: tls,
    httpTls: tls,
  });
}

describe('the greeting of a server', () => {
  it('says where it listens and what to try next', () => {
    const feedAddress = { host: '127.0.0.1', port: 7400 };
    const httpAddress = { host: '127.0.0.1', port: 7480 };
    expect(greeting({ feedAddress, httpAddress }).split('\n')).toEqual([
      'offhook 1.2.3 is listening',
      '  feed, TCP        127.0.0.1:7400',
      '  feed, WebSocket  ws://127.0.0.1:7480/feed',
      '  HTTP             http://127.0.0.1:7480',
      'Sources: pbx (ami)',
      '',
      'Try next, in another terminal:',
      '  offhook tail --extension 1001',
      '  offhook calls',
      '',
      'Ctrl-C stops it.',
    ]);
  });

  it('names unusual addresses in what to try, as one reaches them from here', () => {
    const feedAddress = { host: '0.0.0.0', port: 7500 };
    const httpAddress = { host: '::1', port: 7480 };
    const text = greeting({ feedAddress, httpAddress }, true);
    expect(text).toContain('  feed, TCP        0.0.0.0:7500\n');
    expect(text).toContain('  HTTP             http://[::1]:7480\n');
    expect(text).toContain('tail --extension 1001 --server 127.0.0.1:7500 --token <token>\n');
    expect(text).toContain('calls --http [::1]:7480 --token <token>\n');
  });

  it('names TLS where it is spoken, and lets people put the name of the certificate in', () => {
    const feedAddress = { host: '0.0.0.0', port: 7400 };
    const httpAddress = { host: '0.0.0.0', port: 7480 };
    const text = greeting({ feedAddress, httpAddress }, false, true);
    expect(text).toContain('  feed, TCP        tls://0.0.0.0:7400\n');
    expect(text).toContain('  feed, WebSocket  wss://0.0.0.0:7480/feed\n');
    expect(text).toContain('  HTTP             https://0.0.0.0:7480\n');
    expect(text).toContain('tail --extension 1001 --server tls://<name>:7400\n');
    expect(text).toContain('calls --http https://<name>:7480\n');
  });

  it('says nothing of HTTP where it is off', () => {
    const text = greeting({ feedAddress: { host: '127.0.0.1', port: 7400 } });
    expect(text).not.toMatch(/HTTP|WebSocket|calls/);
  });
});

describe('the words that start the program again', () => {
  it.each([
    ['/home/me/offhook/dist/cli/main.js', '/home/me/offhook', 'node dist/cli/main.js'],
    ['/home/me/offhook/dist/cli/main.js', '/tmp', 'node /home/me/offhook/dist/cli/main.js'],
    ['/usr/local/bin/offhook', '/tmp', 'offhook'],
    ['/home/me/app/node_modules/.bin/offhook', '/home/me/app', 'npx offhook'],
  ])('for %s in %s are %s', (script, folder, words) => {
    expect(invocationOf(script, folder)).toBe(words);
  });
});
