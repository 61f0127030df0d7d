/**
 * Options that several commands share: the same names, environment variables and words everywhere.
 */
import { Option } from 'commander';
import { hostPort, httpAddress, several } from './arguments.ts';
import { defaultHttp } from './http.ts';

export function httpOption(): Option {
  return new Option('--http <url>', 'HTTP address of the server')
    .env('OFFHOOK_HTTP')
    .default(defaultHttp)
    .argParser(httpAddress);
}

export function serverOption(): Option {
  const address = { host: '127.0.0.1', port: 7400 };
  return new Option('--server <host:port>', 'feed address of the server')
    .env('OFFHOOK_SERVER')
    .default(address, `${address.host}:${address.port}`)
    .argParser(hostPort(address));
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
