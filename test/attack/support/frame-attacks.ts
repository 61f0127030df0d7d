/**
 * What a peer may send on an open WebSocket, right and wrong, with what RFC 6455 has come of it: the suite
 * that holds our side of the protocol, whoever reads the frames.
 */
import { type FrameParts, frame, opcodes } from './raw.ts';

export interface FrameCase {
  readonly name: string;
  readonly sent: readonly (FrameParts | Buffer)[];
  /** The close code that ends it; or it is served on, after so many pongs and texts. */
  readonly comes:
    | { readonly code: number; readonly texts?: number }
    | { readonly pongs: number; readonly texts: number };
}

const { continuation, text, binary, close, ping, pong } = opcodes;
/** A request that is refused in words, so that an answer comes. */
const request = '<VerbaApi><Request type="No"/></VerbaApi>';
const served = { pongs: 0, texts: 1 };

const named: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};
const known = [continuation, text, binary, close, ping, pong];

const reserved = known.flatMap((opcode) =>
  [1, 2, 3, 4, 5, 6, 7].map((bits): FrameCase => {
    // A continuation needs something to continue, so that the bits are all that is wrong.
    const before = opcode === continuation ? [{ opcode: text, payload: '<', fin: false }] : [];
    return {
      name: `a ${named[opcode]} with the reserved bits ${bits.toString(2).padStart(3, '0')}`,
      sent: [...before, { opcode, reserved: bits, payload: opcode === close ? '' : 'a' }],
      comes: { code: 1002 },
    };
  }),
);

const unknown = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) =>
  [true, false].flatMap((fin) =>
    ['', 'a'].map((payload): FrameCase => ({
      name: `the opcode ${opcode}${fin ? '' : ' without FIN'}${payload === '' ? ', empty' : ''}`,
      sent: [{ opcode, fin, payload }],
      comes: { code: 1002 },
    })),
  ),
);

const unmasked = known.flatMap((opcode) =>
  ['', 'abc'].map((payload): FrameCase => ({
    name: `a ${named[opcode]} without a mask${payload === '' ? ', empty' : ''}`,
    sent: [
      ...(opcode === continuation ? [{ opcode: text, payload: '<', fin: false }] : []),
      {
        opcode,
        masked: false,
        payload: opcode === close && payload !== '' ? closing(1000) : payload,
      },
    ],
    comes: { code: 1002 },
  })),
);

const control: FrameCase[] = [close, ping, pong].flatMap((opcode) => [
  {
    name: `a ${named[opcode]} in fragments`,
    sent: [{ opcode, fin: false, payload: opcode === close ? closing(1000) : 'a' }],
    comes: { code: 1002 },
  },
  {
    name: `an empty ${named[opcode]} in fragments`,
    sent: [{ opcode, fin: false }],
    comes: { code: 1002 },
  },
  ...[126, 127, 65_535, 65_536].map((bytes): FrameCase => ({
    name: `a ${named[opcode]} of ${bytes} bytes`,
    sent: [{ opcode, payload: Buffer.alloc(bytes, 'a') }],
    comes: { code: 1002 },
  })),
  ...([2, 8] as const).map((lengthBytes): FrameCase => ({
    name: `a ${named[opcode]} of 4 bytes with a length of ${lengthBytes} more bytes`,
    sent: [{ opcode, payload: opcode === close ? closing(1000, 'ab') : 'abcd', lengthBytes }],
    comes: { code: 4002, texts: 1 },
  })),
]);

const order: FrameCase[] = [
  ...[true, false].flatMap((fin) =>
    ['', 'abc'].map((payload): FrameCase => ({
      name: `a continuation of nothing${fin ? '' : ' without FIN'}${payload === '' ? ', empty' : ''}`,
      sent: [{ opcode: continuation, fin, payload }],
      comes: { code: 1002 },
    })),
  ),
  {
    name: 'a continuation after a whole message',
    sent: [
      { opcode: text, payload: request },
      { opcode: continuation, payload: 'a' },
    ],
    comes: { code: 1002, texts: 1 },
  },
  ...[text, binary].flatMap((first) =>
    [text, binary].flatMap((second) =>
      [true, false].map((fin): FrameCase => ({
        name: `a ${named[second]}${fin ? '' : ' without FIN'} within a ${named[first]}`,
        sent: [
          { opcode: first, fin: false, payload: '<a' },
          { opcode: second, fin, payload: '/>' },
        ],
        comes: { code: 1002 },
      })),
    ),
  ),
  {
    name: 'a text in two fragments',
    sent: [
      { opcode: text, fin: false, payload: request.slice(0, 9) },
      { opcode: continuation, payload: request.slice(9) },
    ],
    comes: served,
  },
  {
    name: 'a text in fragments, empty at both ends',
    sent: [
      { opcode: text, fin: false },
      { opcode: continuation, fin: false, payload: request },
      { opcode: continuation },
    ],
    comes: served,
  },
  {
    name: 'pings and a pong between the fragments of a text',
    sent: [
      { opcode: text, fin: false, payload: request.slice(0, 9) },
      { opcode: ping, payload: 'a' },
      { opcode: pong },
      { opcode: ping },
      { opcode: continuation, payload: request.slice(9) },
    ],
    comes: { pongs: 2, texts: 1 },
  },
  {
    name: 'a text of one fragment a byte',
    sent: [...request].map((payload, at) => ({
      opcode: at === 0 ? text : continuation,
      fin: at === request.length - 1,
      payload,
    })),
    comes: served,
  },
  {
    name: 'two texts in one segment',
    sent: [
      Buffer.concat([
        frame({ opcode: text, payload: request }),
        frame({ opcode: text, payload: request }),
      ]),
    ],
    comes: { pongs: 0, texts: 2 },
  },
];

const lengths: FrameCase[] = [
  ...[0, 1, 125].flatMap((bytes): FrameCase[] => [
    {
      name: `a ping of ${bytes} bytes`,
      sent: [{ opcode: ping, payload: Buffer.alloc(bytes, 'a') }],
      comes: { pongs: 1, texts: 0 },
    },
  ]),
  ...[125, 126, 127, 65_535, 65_536].map((bytes): FrameCase => ({
    name: `a text of ${bytes} bytes`,
    sent: [{ opcode: text, payload: request + ' '.repeat(bytes - request.length) }],
    comes: served,
  })),
  ...(
    [
      [2, 41],
      [2, 125],
      [8, 41],
      [8, 125],
      [8, 126],
      [8, 65_535],
    ] as const
  ).map(([lengthBytes, bytes]): FrameCase => ({
    name: `a text of ${bytes} bytes with a length of ${lengthBytes} more bytes, longer than need be`,
    sent: [{ opcode: text, payload: request.padEnd(bytes), lengthBytes }],
    comes: { code: 4002, texts: 1 },
  })),
  ...[
    65_537n,
    1n << 20n,
    (1n << 31n) - 1n,
    1n << 31n,
    (1n << 32n) - 1n,
    1n << 32n,
    (1n << 53n) - 1n,
  ].flatMap((announced) =>
    [text, binary].map((opcode): FrameCase => ({
      name: `a ${named[opcode]} that announces ${announced} bytes`,
      sent: [{ opcode, announced, lengthBytes: 8, payload: '<' }],
      comes: { code: 1009 },
    })),
  ),
  ...[1n << 53n, 1n << 62n, 1n << 63n, (1n << 64n) - 1n].map((announced): FrameCase => ({
    name: `a text that announces ${announced} bytes`,
    sent: [{ opcode: text, announced, lengthBytes: 8 }],
    comes: { code: 1009 },
  })),
  {
    name: 'fragments that are too large together',
    sent: [
      { opcode: text, fin: false, payload: Buffer.alloc(60_000, ' ') },
      { opcode: continuation, fin: false, payload: Buffer.alloc(5_537, ' ') },
    ],
    comes: { code: 1009 },
  },
];

const badUtf8: readonly (readonly [string, readonly number[]])[] = [
  ['an overlong form of two', [0xc0, 0xaf]],
  ['an overlong form of three', [0xe0, 0x80, 0xaf]],
  ['an overlong form of four', [0xf0, 0x80, 0x80, 0xaf]],
  ['half a character of two', [0xc3]],
  ['half a character of three', [0xe2, 0x82]],
  ['half a character of four', [0xf0, 0x9f, 0x98]],
  ['a continuation of nothing', [0xbf]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a character beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['0xFF', [0xff]],
];

/** The payload in two fragments, cut at each of its bytes. */
function cuts(payload: Buffer): (readonly [number, readonly FrameParts[]])[] {
  return Array.from({ length: payload.length + 1 }, (_, at) => [
    at,
    [
      { opcode: text, fin: false, payload: payload.subarray(0, at) },
      { opcode: continuation, payload: payload.subarray(at) },
    ],
  ]);
}

const utf8: FrameCase[] = [
  ...badUtf8.flatMap(([what, bytes]) => {
    const payload = Buffer.concat([Buffer.from('<a>'), Buffer.from(bytes), Buffer.from('</a>')]);
    return [
      { name: `${what} in a text`, sent: [{ opcode: text, payload }], comes: { code: 1007 } },
      ...cuts(payload).map(([at, sent]): FrameCase => ({
        name: `${what} in a text cut at byte ${at}`,
        sent,
        comes: { code: 1007 },
      })),
      {
        name: `${what} at the end of a text`,
        sent: [{ opcode: text, payload: Buffer.from([0x3c, ...bytes]) }],
        comes: { code: 1007 },
      },
    ];
  }),
  ...cuts(Buffer.from('<a b="é€😀"/>')).map(([at, sent]): FrameCase => ({
    name: `characters of two, three and four bytes cut at byte ${at}`,
    sent,
    comes: served,
  })),
];

/** The payload of a close frame. */
function closing(code: number, reason: string | Buffer = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

const closes: FrameCase[] = [
  { name: 'a close of nothing', sent: [{ opcode: close }], comes: { code: 1005 } },
  { name: 'a close of one byte', sent: [{ opcode: close, payload: 'a' }], comes: { code: 1002 } },
  ...[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ].map((code): FrameCase => ({
    name: `a close with ${code}`,
    sent: [{ opcode: close, payload: closing(code) }],
    comes: { code },
  })),
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): FrameCase => ({
      name: `a close with ${code}, which is nobody's to send`,
      sent: [{ opcode: close, payload: closing(code) }],
      comes: { code: 1002 },
    }),
  ),
  ...[0, 1, 123].map((bytes): FrameCase => ({
    name: `a close with a reason of ${bytes} bytes`,
    sent: [{ opcode: close, payload: closing(1000, 'a'.repeat(bytes)) }],
    comes: { code: 1000 },
  })),
  ...badUtf8.map(([what, bytes]): FrameCase => ({
    name: `a close with ${what} in its reason`,
    sent: [{ opcode: close, payload: closing(1000, Buffer.from(bytes)) }],
    comes: { code: 1007 },
  })),
  ...(
    [
      ['a text', { opcode: text, payload: request }],
      ['a ping', { opcode: ping, payload: 'a' }],
      ['another close', { opcode: close, payload: closing(1001) }],
      ['a reserved opcode', { opcode: 3 }],
      ['garbage', Buffer.alloc(4_000, 0xee)],
      ['half a frame', frame({ opcode: text, payload: request }).subarray(0, 9)],
    ] as const
  ).flatMap(([what, after]): FrameCase[] => [
    {
      name: `${what} after a close`,
      sent: [{ opcode: close, payload: closing(1000) }, after],
      comes: { code: 1000, texts: 0 },
    },
    {
      name: `${what} after a close, in another segment`,
      sent: [{ opcode: close, payload: closing(1000) }, Buffer.alloc(0), after],
      comes: { code: 1000, texts: 0 },
    },
  ]),
  {
    name: 'a close between the fragments of a text',
    sent: [
      { opcode: text, fin: false, payload: '<' },
      { opcode: close, payload: closing(1001) },
    ],
    comes: { code: 1001 },
  },
];

const many = (count: number, parts: FrameParts): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => frame(parts)));
const opened = frame({ opcode: text, fin: false, payload: request });

const floods: FrameCase[] = [
  {
    name: 'a binary message',
    sent: [{ opcode: binary, payload: request }],
    comes: { code: 4002, texts: 1 },
  },
  {
    name: 'a binary message in fragments',
    sent: [
      { opcode: binary, fin: false, payload: '<' },
      { opcode: continuation, payload: 'a/>' },
    ],
    comes: { code: 4002, texts: 1 },
  },
  { name: 'an empty text', sent: [{ opcode: text }], comes: { code: 4002, texts: 1 } },
  {
    name: 'an empty text in empty fragments',
    sent: [{ opcode: text, fin: false }, { opcode: continuation }],
    comes: { code: 4002, texts: 1 },
  },
  {
    name: '150 pings at once',
    sent: [many(150, { opcode: ping, payload: 'a' })],
    comes: { pongs: 150, texts: 0 },
  },
  {
    name: '100 pongs that nobody asked for',
    sent: [many(100, { opcode: pong })],
    comes: { pongs: 0, texts: 0 },
  },
  {
    name: '5,000 pings at once',
    sent: [many(5_000, { opcode: ping })],
    comes: { code: 4002, texts: 1 },
  },
  {
    name: '5,000 pings of 125 bytes',
    sent: [many(5_000, { opcode: ping, payload: 'a'.repeat(125) })],
    comes: { code: 4002, texts: 1 },
  },
  {
    name: '5,000 pongs at once',
    sent: [many(5_000, { opcode: pong })],
    comes: { code: 4002, texts: 1 },
  },
  {
    name: '5,000 pings within a text',
    sent: [opened, many(5_000, { opcode: ping })],
    comes: { code: 4002, texts: 1 },
  },
  {
    name: 'a text of 1,000 fragments',
    sent: [
      opened,
      many(998, { opcode: continuation, fin: false, payload: ' ' }),
      { opcode: continuation },
    ],
    comes: served,
  },
  {
    name: 'a text of 5,000 fragments',
    sent: [opened, many(5_000, { opcode: continuation, fin: false, payload: ' ' })],
    comes: { code: 1008 },
  },
  {
    name: 'a text of 5,000 empty fragments',
    sent: [opened, many(5_000, { opcode: continuation, fin: false })],
    comes: { code: 1008 },
  },
  {
    name: 'a text of empty fragments only, 5,000 of them',
    sent: [{ opcode: text, fin: false }, many(5_000, { opcode: continuation, fin: false })],
    comes: { code: 1008 },
  },
];

export const frameCases: readonly FrameCase[] = [
  ...reserved,
  ...unknown,
  ...unmasked,
  ...control,
  ...order,
  ...lengths,
  ...utf8,
  ...closes,
  ...floods,
];
