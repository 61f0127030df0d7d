/**
 * What a server says to the person who started it: where it listens, and what to try next.
 */
import type { RunningServer } from '../app/server.ts';
import type { HostPort } from './arguments.ts';
import type { Surface } from './surface.ts';

export type Listening = Pick<RunningServer, 'feedAddress' | 'httpAddress'>;

/** What whoever connects must bring or speak. */
export interface Asked {
  readonly token: boolean;
  readonly feedTls: boolean;
  readonly httpTls: boolean;
}

const usualFeed = 7400;
const usualHttp = 7480;

export class Greeting {
  readonly #surface: Pick<Surface, 'paint' | 'invocation' | 'version'>;

  constructor(surface: Pick<Surface, 'paint' | 'invocation' | 'version'>) {
    this.#surface = surface;
  }

  /** Several lines, without the last line break. */
  text(listening: Listening, about: string, asked: Asked): string {
    const { paint, version } = this.#surface;
    const { feedAddress, httpAddress } = listening;
    const lines = [paint('bold', `offhook ${version} is listening`)];
    const [tcp, s] = [asked.feedTls ? 'tls://' : '', asked.httpTls ? 's' : ''];
    lines.push(`  feed, TCP        ${tcp}${addressText(feedAddress)}`);
    if (httpAddress !== undefined) {
      const address = addressText(httpAddress);
      lines.push(`  feed, WebSocket  ws${s}://${address}/feed`);
      lines.push(`  HTTP             http${s}://${address}`);
    }
    lines.push(about, '', 'Try next, in another terminal:');
    for (const line of this.#examples(listening, asked)) {
      lines.push(`  ${paint('cyan', line)}`);
    }
    lines.push('', 'Ctrl-C stops it.');
    return lines.join('\n');
  }

  #examples({ feedAddress, httpAddress }: Listening, asked: Asked): readonly string[] {
    const { invocation } = this.#surface;
    const token = asked.token ? ' --token <token>' : '';
    const feed = near(feedAddress);
    // The address is in hardly any certificate; a name is.
    const byName = `tls://<name>:${feedAddress.port}`;
    const usual = feed === `127.0.0.1:${usualFeed}` ? '' : ` --server ${feed}`;
    const server = asked.feedTls ? ` --server ${byName}` : usual;
    const lines = [`${invocation} tail --extension 1001${server}${token}`];
    if (httpAddress !== undefined) {
      const web = near(httpAddress);
      const byName = `https://<name>:${httpAddress.port}`;
      const usual = web === `127.0.0.1:${usualHttp}` ? '' : ` --http ${web}`;
      const http = asked.httpTls ? ` --http ${byName}` : usual;
      lines.push(`${invocation} calls${http}${token}`);
    }
    return lines;
  }
}

function addressText({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The address as somebody on this machine reaches it. */
function near({ host, port }: HostPort): string {
  return addressText({ host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port });
}
