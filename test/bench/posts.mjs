/**
 * The other side of the comparison: a bare `undici` loop that makes the same request again and again, in a
 * process of its own. So many lanes at a time, each waiting for its answer before it goes on.
 */
import { Agent } from 'undici';
import { answerer } from './ask.mjs';

const ofTheConnection = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);

async function post({ urls, headers, body, count, concurrency, connections }) {
  const agent = new Agent({ connections, pipelining: 1 });
  const own = Object.fromEntries(
    Object.entries(headers).filter(([name]) => !ofTheConnection.has(name)),
  );
  const bytes = Buffer.from(body, 'latin1').toString('utf8');
  let begun = 0;
  let failed = 0;
  const lane = async () => {
    while (begun < count) {
      const url = urls[begun % urls.length];
      begun += 1;
      const { origin, pathname: path } = url;
      const options = { origin, path, method: 'POST', headers: own, body: bytes };
      const { statusCode, body: answer } = await agent.request(options);
      await answer.dump();
      if (statusCode !== 200) failed += 1;
    }
  };
  const before = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  const tookMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before);
  await agent.close();
  return { tookMs, failed, cpuS: (user + system) / 1e6 };
}

answerer({
  post: ({ urls, ...about }) => post({ ...about, urls: urls.map((url) => new URL(url)) }),
});
