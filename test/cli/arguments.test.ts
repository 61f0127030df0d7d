import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  decimal,
  feedAddress,
  hostPort,
  httpAddress,
  notificationNames,
  wholeNumber,
} from '../../src/cli/arguments.ts';

const address = hostPort({ host: '127.0.0.1', port: 7400 });

describe('an address', () => {
  it.each([
    ['pbx.example:7500', 'pbx.example', 7500],
    ['pbx.example', 'pbx.example', 7400],
    [':7500', '127.0.0.1', 7500],
    ['[::1]:7500', '::1', 7500],
    ['[fe80::1%eth0]', 'fe80::1%eth0', 7400],
  ])('is read from %s', (text, host, port) => {
    expect(address(text)).toEqual({ host, port });
  });

  it.each(['', 'a:b', 'a:0', 'a:65536', '::1', 'http://a:1', 'a b:1', 'a:1:2'])(
    'is not read from %j',
    (text) => {
      expect(() => address(text)).toThrow(InvalidArgumentError);
    },
  );

  it.each([
    ['feed.example', 'tcp://feed.example:7400', 'feed.example:7400'],
    ['[::1]:7500', 'tcp://[::1]:7500', '[::1]:7500'],
    ['tls://feed.example:7400', 'tls://feed.example:7400', 'tls://feed.example:7400'],
    ['wss://feed.example/feed', 'wss://feed.example/feed', 'wss://feed.example/feed'],
  ])('of a feed is read from %s', (text, url, shown) => {
    expect(feedAddress({ host: '127.0.0.1', port: 7400 })(text)).toEqual({ url, shown });
  });

  it.each(['http://a:1', 'tls://', 'a:b'])('of a feed is not read from %j', (text) => {
    expect(() => feedAddress({ host: '127.0.0.1', port: 7400 })(text)).toThrow(
      InvalidArgumentError,
    );
  });

  it.each([
    ['127.0.0.1:7480', 'http://127.0.0.1:7480'],
    ['https://feed.example/', 'https://feed.example'],
    ['http://feed.example/offhook/', 'http://feed.example/offhook'],
    ['localhost', 'http://localhost'],
    [':7580', 'http://127.0.0.1:7580'],
  ])('of HTTP is read from %s', (text, url) => {
    expect(httpAddress(text)).toBe(url);
  });

  it('of HTTP is not read from what is no URL', () => {
    expect(() => httpAddress('http://')).toThrow(InvalidArgumentError);
  });
});

describe('a number', () => {
  it('is read within its range', () => {
    expect(wholeNumber(0, 65_535)('7400')).toBe(7400);
    expect(decimal(0.5, 10)('2.5')).toBe(2.5);
  });

  it.each(['', '-1', '65536', '1e3', '0x10', '7400x', ' 7', 'NaN'])('is not %j', (text) => {
    expect(() => wholeNumber(0, 65_535)(text)).toThrow('a whole number from 0 to 65535');
  });

  it.each(['', '-1', '0.4', '11', '1e1', '.5', 'Infinity'])('with a fraction is not %j', (text) => {
    expect(() => decimal(0.5, 10)(text)).toThrow('a number from 0.5 to 10');
  });
});

describe('events', () => {
  it('are named in any case, with commas or spaces, each once', () => {
    expect(notificationNames('callstart, CallEnd CALLSTART')).toEqual(['CallStart', 'CallEnd']);
  });

  it.each(['', 'CallStop', 'CallStart,Goodbye'])('are not %j', (text) => {
    expect(() => notificationNames(text)).toThrow(InvalidArgumentError);
  });
});
