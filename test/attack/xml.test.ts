/**
 * XML that is made to break its reader, over TCP and WebSocket: what its sender is told, and that nobody
 * else notices.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frame, opcodes, Raw, RawWebSocket } from './support/raw.ts';
import { Victim } from './support/victim.ts';
import { harmless, xmlAttacks, type XmlAttack } from './support/xml-attacks.ts';

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start();
}, 60_000);
afterAll(() => victim?.stop());

const summary = '<VerbaApi><Request type="GetManagementSummary" id="alive"/></VerbaApi>';
/** The one answer to a document that cannot be read. */
const failure = (text: string): string | undefined =>
  /^<\?xml [^>]*\?><VerbaApi><Response code="2"><ErrorMessage description="Invalid Request">([^<]*)<\/ErrorMessage><\/Response><\/VerbaApi>\n$/.exec(
    text,
  )?.[1];
const unescaped = (text = ''): string =>
  text.replace(/&(lt|gt|quot|amp);/g, (_, name: string) => named[name] ?? '');
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };

/** @returns what the attacker is told, as text */
async function overTcp({ bytes }: XmlAttack): Promise<string> {
  const raw = await Raw.connect(victim.feed);
  void raw.send(bytes);
  await raw.over();
  return raw.text;
}

async function overWebSocket({ bytes }: XmlAttack): Promise<{ code: number; texts: string[] }> {
  const webSocket = await RawWebSocket.open(victim.http);
  void webSocket.raw.send(frame({ opcode: opcodes.text, payload: bytes }));
  const code = await webSocket.closed();
  const { texts } = webSocket;
  webSocket.raw.cut();
  return { code, texts };
}

describe('over TCP', () => {
  it.each(xmlAttacks)('$name is refused', async (attack) => {
    expect(unescaped(failure(await overTcp(attack)))).toMatch(attack.says);
  });

  it.each(harmless)('$name is a request like any other', async ({ text, says }) => {
    const raw = await Raw.connect(victim.feed);
    await raw.send(text + summary);
    await raw.until(() => raw.text.includes('id="alive"'));
    expect(raw.text.split('\n')[0]).toMatch(says);
    raw.cut();
  });

  it.each(['garbage', '\u0007', '<a/', '\u00ef\u00bb<'])(
    '%j after a message is refused',
    async (text) => {
      const raw = await Raw.connect(victim.feed);
      await raw.send(Buffer.from(`${summary}${text}${summary}`, 'latin1'));
      await raw.over();
      const [first = '', second = ''] = raw.text.split('\n');
      expect(first).toContain('id="alive"');
      expect(failure(`${second}\n`)).toBeDefined();
    },
  );

  it('two roots are two messages', async () => {
    const raw = await Raw.connect(victim.feed);
    await raw.send(`<a/><b/>${summary}`);
    await raw.until(() => raw.text.includes('id="alive"'));
    expect(raw.text.match(/The root is/g)).toHaveLength(2);
    raw.cut();
  });
});

describe('over WebSocket', () => {
  it.each(xmlAttacks)('$name is refused', async (attack) => {
    const { code, texts } = await overWebSocket(attack);
    expect(code).toBe(attack.code ?? 4002);
    if (attack.code === undefined) expect(unescaped(failure(texts.join('')))).toMatch(attack.says);
    else expect(texts).toEqual([]);
  });

  it.each(harmless)('$name is a request like any other', async ({ text, says }) => {
    const webSocket = await RawWebSocket.open(victim.http);
    for (const payload of [text, summary]) await webSocket.send({ opcode: opcodes.text, payload });
    await webSocket.raw.until(() => webSocket.texts.length === 2);
    expect(webSocket.texts[0]).toMatch(says);
    expect(webSocket.texts[1]).toContain('id="alive"');
    webSocket.raw.cut();
  });

  it.each([
    ['two roots', '<a/><b/>', /something after the end of the document/],
    ['a comment without an end', '<a><!-- </a>', /no complete document/],
    ['a CDATA section without an end', '<a><![CDATA[</a>', /no complete document/],
    ['an instruction without an end', '<a><?b </a>', /no complete document/],
    ['a value without an end', '<a b="></a>', /"<" .*where the end of the attribute value/],
    ['garbage after the document', '<a/>b', /Between messages: "b"/],
  ])('%s is refused', async (_, text, says) => {
    const told = await overWebSocket({ name: '', bytes: Buffer.from(text), says });
    expect(told.code).toBe(4002);
    expect(unescaped(failure(told.texts.join('')))).toMatch(says);
  });
});

it('costs the neighbour nothing, and leaves nothing behind', async () => {
  const most = 8;
  await victim.attacked(async () => {
    const endMs = performance.now() + 3_000;
    const attackers = Array.from({ length: most }, async (_, nth) => {
      for (let n = nth; performance.now() < endMs; n += most) {
        const attack = xmlAttacks[n % xmlAttacks.length];
        if (attack === undefined) return;
        if (n % 2 === 0) await overTcp(attack);
        else await overWebSocket(attack);
      }
    });
    await Promise.all(attackers);
  });
}, 40_000);
