/**
 * Options that several commands share: the same names, environment variables and words everywhere.
 */
import { Option } from 'commander';
import { feedAddress, httpAddress, several } from './arguments.ts';
import { defaultHttp } from './http.ts';

export function httpOption(): Option {
  return new Option('--http <url>', 'HTTP address of the server')
    .env('OFFHOOK_HTTP')
    .default(defaultHttp)
    .argParser(httpAddress);
}

export function serverOption(): Option {
  const local = { host: '127.0.0.1', port: 7400 };
  const address = feedAddress(local)('127.0.0.1');
  const ways = 'host:port, or a URL with tcp, tls, ws or wss';
  return new Option('--server <address>', `feed address of the server: ${ways}`)
    .env('OFFHOOK_SERVER')
    .default(address, address.shown)
    .argParser(feedAddress(local));
}

/** For a server on `tls://` or `wss://`. */
export function tlsOptions(): readonly Option[] {
  return [
    new Option('--ca <file>', 'certificates of the authorities to trust, PEM').env('OFFHOOK_CA'),
    new Option('--cert <file>', 'certificate to show, PEM').env('OFFHOOK_CERT'),
    new Option('--key <file>', 'key of that certificate, PEM').env('OFFHOOK_KEY'),
    new Option('--servername <name>', "name that the server's certificate must have"),
  ];
}

export function tokenOption(): Option {
  return new Option('--token <token>', 'token that the server asks for').env('OFFHOOK_TOKEN');
}

export function configOption(): Option {
  return new Option('--config <file>', 'configuration file')
    .env('OFFHOOK_CONFIG')
    .default('offhook.toml');
}

export function jsonOption(): Option {
  return new Option('--json', 'output for programs');
}

export function extensionOption(): Option {
  return new Option('--extension <number>', 'only calls of this extension (may be repeated)')
    .default([], 'all calls')
    .argParser(several);
}
