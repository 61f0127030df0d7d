import { describe, expect, it } from 'vitest';
import { simulatedConfig } from '../../src/cli/simulate.ts';
import { bareMachine } from '../support/surroundings.ts';

const here = { ...bareMachine, folder: '/here' };
const usual = { rate: 1, seed: 1, agents: 20 };

describe('a simulation', () => {
  it('needs no configuration and keeps the terminal quiet', () => {
    const config = simulatedConfig(usual, here);
    expect(config.sources).toMatchObject([
      { type: 'simulator', rate: 1, seed: 1, agents: 20 },
      { type: 'ingest' },
    ]);
    expect(config.data.dir).toBe('/here/offhook-data');
    expect(config.log.level).toBe('warn');
  });

  it('is changed by the environment, and options win over it', () => {
    const env = {
      OFFHOOK_FEED_PORT: '7500',
      OFFHOOK_HTTP_PORT: '7580',
      OFFHOOK_LOG_LEVEL: 'debug',
      OFFHOOK_DATA_DIR: '/elsewhere',
    };
    const options = { ...usual, feedPort: 0, data: 'mine' };
    const config = simulatedConfig(options, { ...here, env });
    expect(config.feed.port).toBe(0);
    expect(config.http.port).toBe(7580);
    expect(config.log.level).toBe('debug');
    expect(config.data.dir).toBe('/here/mine');
  });
});
