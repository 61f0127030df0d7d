import { describe, expect, it } from 'vitest';
import { Hosts } from '../../src/webhook/hosts.ts';
import { Outlet } from '../../src/webhook/outlet.ts';
import { destinationOf } from '../support/deliveries.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

function outletTo(...urls: string[]): Outlet {
  const table = { id: 'x', dialect: 'standard', urls, standard: { secrets: [secret] } };
  return new Outlet(destinationOf(table), { status: 'pending', reason: null, paused: false });
}

describe('hosts', () => {
  it('take so many requests and no more, each host for itself', () => {
    const hosts = new Hosts({ perHost: 2, inAll: 9 });
    const [one, other] = [outletTo('http://one.example/a'), outletTo('http://other.example/')];
    for (let n = 0; n < 2; n += 1) hosts.begin('http://one.example/a?x=1');
    expect(hosts.hasRoom(one, one.destination.urls[0])).toBe(false);
    expect(hosts.hasRoom(other, other.destination.urls[0])).toBe(true);
    expect(hosts.end('one.example')).toEqual([one]);
    expect(hosts.hasRoom(one, one.destination.urls[0])).toBe(true);
  });

  it('tell ports apart, but not the case of names', () => {
    const hosts = new Hosts({ perHost: 1, inAll: 9 });
    expect(hosts.begin('http://ONE.example:81/')).toBe('one.example:81');
    expect(hosts.hasRoom(outletTo('http://one.example:82/'), 'http://one.example:82/')).toBe(true);
    expect(hosts.hasRoom(outletTo('http://one.example:81/'), 'http://one.example:81/')).toBe(false);
  });

  it('hand room on that was not used, so that nobody waits beside a free place', () => {
    const hosts = new Hosts({ perHost: 1, inAll: 9 });
    const [first, second] = [outletTo('http://one.example/1'), outletTo('http://one.example/2')];
    const host = hosts.begin('http://one.example/');
    expect([
      hosts.hasRoom(first, first.destination.urls[0]),
      hosts.hasRoom(second, second.destination.urls[0]),
    ]).toEqual([false, false]);
    expect(hosts.end(host)).toEqual([first]);
    expect(hosts.passOn(first)).toEqual([second]);
  });

  it('have a bound in all', () => {
    const hosts = new Hosts({ perHost: 9, inAll: 1 });
    const waiting = outletTo('http://two.example/');
    const host = hosts.begin('http://one.example/');
    expect(hosts.hasRoom(waiting, waiting.destination.urls[0])).toBe(false);
    expect(hosts.end(host)).toEqual([waiting]);
    expect(hosts.underWay).toBe(0);
  });

  it('keep half of all places for those that have nothing under way', () => {
    const hosts = new Hosts({ perHost: 9, inAll: 4 });
    const [greedy, modest] = [outletTo('http://one.example/'), outletTo('http://two.example/')];
    const begin = (outlet: Outlet): string => {
      outlet.underWay += 1;
      return hosts.begin(outlet.destination.urls[0]);
    };
    expect(hosts.hasRoom(greedy, greedy.destination.urls[0])).toBe(true);
    begin(greedy);
    expect(hosts.hasRoom(greedy, greedy.destination.urls[0])).toBe(true);
    const host = begin(greedy);
    expect(hosts.hasRoom(greedy, greedy.destination.urls[0])).toBe(false);
    expect(hosts.hasRoom(modest, modest.destination.urls[0])).toBe(true);
    const other = begin(modest);
    // Half are taken still: the room is not for who has some already.
    expect(hosts.end(other)).toEqual([]);
    expect(hosts.passOn(modest)).toEqual([]);
    expect(hosts.end(host)).toEqual([greedy]);
    expect(hosts.hasRoom(greedy, greedy.destination.urls[0])).toBe(true);
  });

  it('ask for room at the receiver that is meant, not at the others', () => {
    const hosts = new Hosts({ perHost: 1, inAll: 9 });
    const double = outletTo('http://one.example/', 'http://two.example/');
    const other = outletTo('http://one.example/other');
    const host = hosts.begin('http://one.example/');
    expect(hosts.hasRoom(double, 'http://two.example/')).toBe(true);
    expect(hosts.hasRoom(double, 'http://one.example/')).toBe(false);
    expect(hosts.hasRoom(other, 'http://one.example/other')).toBe(false);
    expect(hosts.end(host)).toEqual([double]);
    // By now it turns to the other one, which is busy: the room is for whoever comes next.
    hosts.begin('http://two.example/');
    expect(hosts.hasRoom(double, 'http://two.example/')).toBe(false);
    expect(hosts.passOn(double)).toEqual([other]);
    expect(hosts.passOn(double)).toEqual([]);
  });

  it('forget who is gone', () => {
    const hosts = new Hosts({ perHost: 1, inAll: 1 });
    const waiting = outletTo('http://one.example/');
    const host = hosts.begin('http://one.example/');
    hosts.hasRoom(waiting, waiting.destination.urls[0]);
    hosts.forget(waiting);
    expect(hosts.end(host)).toEqual([]);
  });
});
