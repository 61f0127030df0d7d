/**
 * A client of the FACE interface: logs in, gives commands, and reads answers in the vendor's XML, each of which
 * must be well-formed in the eyes of xmllint.
 */
import { spawnSync } from 'node:child_process';
import { XMLParser } from 'fast-xml-parser';
import { Agent, fetch, type Response } from 'undici';
import { expect } from 'vitest';

type Values = Readonly<Record<string, string | number | boolean>>;

/** Of a custom data set. */
export interface CustomDatum {
  readonly name: string;
  readonly value: string;
}

/** All values as they are written. */
export interface FaceSegment {
  readonly segmentId?: string;
  readonly tmpSegmentId?: string;
  readonly sequence: string;
  readonly filename: string;
  readonly directory: string;
  readonly fileStatus: string;
  readonly start: string;
  readonly end: string;
  readonly pauseLength: string;
  readonly pausedWithSilence: string;
}

export interface FaceRecording {
  readonly recordingId?: string;
  readonly tmpRecordingId?: string;
  readonly ani: string;
  readonly dnis: string;
  readonly account: string;
  readonly duration: string;
  readonly startTime: string;
  readonly agentId: string;
  readonly isrUcid: string;
  readonly customData: readonly CustomDatum[];
  readonly segments: readonly FaceSegment[];
}

export interface FaceMatch {
  readonly recordingId?: string;
  readonly tmpRecordingId?: string;
  readonly isrUcid: string;
  readonly from: string;
  readonly to: string;
}

export interface FaceAnswer {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly token?: string;
  readonly recording?: FaceRecording;
  readonly matches: readonly FaceMatch[];
}

const repeated = new Set(['segment', 'customData', 'match', 'siprecData', 'extensionData']);
const parser = new XMLParser({
  parseTagValue: false,
  isArray: (name) => repeated.has(name),
});

export class FaceClient {
  readonly #base: string;
  readonly #agent: Agent | undefined;
  #token: string | undefined;

  /** @param ca of a server that is spoken to over TLS */
  constructor(port: number | undefined, ca?: string, token?: string) {
    this.#base = `${ca === undefined ? 'http' : 'https'}://127.0.0.1:${port}/Face/`;
    this.#agent = ca === undefined ? undefined : new Agent({ connect: { ca } });
    this.#token = token;
  }

  get token(): string {
    return this.#token ?? '';
  }

  /** The same user at a server on another port. */
  at(port: number | undefined): FaceClient {
    return new FaceClient(port, undefined, this.#token);
  }

  /** @returns the answer; from here on its token goes along */
  async login(userEmail: string, password: string): Promise<FaceAnswer> {
    const answer = await this.post('login', {}, { userEmail, password });
    this.#token = answer.token;
    return answer;
  }

  async get(command: string, parameters: Values = {}): Promise<FaceAnswer> {
    return this.#read(await this.fetch(command, parameters));
  }

  async post(command: string, parameters: Values = {}, form: Values = {}): Promise<FaceAnswer> {
    const body = paramsOf(form);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#read(await this.fetch(command, parameters, { method: 'POST', headers, body }));
  }

  fetch(
    command: string,
    parameters: Values = {},
    more: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Response> {
    const token: Values = this.#token === undefined ? {} : { token: this.#token };
    const url = `${this.#base}${command}?${paramsOf({ ...token, ...parameters })}`;
    return fetch(url, { ...more, ...(this.#agent && { dispatcher: this.#agent }) });
  }

  async close(): Promise<void> {
    await this.#agent?.close();
  }

  async #read(response: Response): Promise<FaceAnswer> {
    const text = await response.text();
    expect(response.headers.get('content-type'), text).toMatch(/^application\/xml/);
    const lint = spawnSync('xmllint', ['--noout', '-'], { input: text, encoding: 'utf8' });
    expect(lint, text).toMatchObject({ status: 0, stderr: '' });
    // Parse door: what a command answers, in the shape that the golden tests hold it to.
    const { result } = parser.parse(text) as { result: Written };
    const { recording, matches } = result;
    return {
      status: response.status,
      code: Number(result.code),
      message: result.message,
      ...(result.token !== undefined && { token: result.token }),
      ...(recording !== undefined && {
        recording: {
          ...recording,
          customData: (recording.customDataSets || {}).customData ?? [],
          segments: (recording.segments || {}).segment ?? [],
        },
      }),
      matches: (matches || {}).match ?? [],
    };
  }
}

/** As the parser gives it: an empty element is an empty text. */
interface Written {
  readonly code: string;
  readonly message: string;
  readonly token?: string;
  readonly recording?: Omit<FaceRecording, 'customData' | 'segments'> & {
    readonly customDataSets: '' | { readonly customData?: readonly CustomDatum[] };
    readonly segments: '' | { readonly segment?: readonly FaceSegment[] };
  };
  readonly matches?: '' | { readonly match?: readonly FaceMatch[] };
}

function paramsOf(values: Values): string {
  return new URLSearchParams(
    Object.entries(values).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
}
